import { describe, expect, it } from 'vitest';
import type { Results, Row, Store } from '../../src/ports/store.ts';

export interface Sample extends Row {
  text: string;
}

const sample = (id: string, more: Partial<Sample> = {}): Sample => ({ id, version: 0, text: 'one', ...more });

/** What every `Store` promises; run on the fake and on the real one. */
export const describeStore = (name: string, open: () => Store<Sample>): void => {
  describe(`Store: ${name}`, () => {
    it('answers undefined for a row that is not there', async () => {
      expect(await open().get('absent')).toBeUndefined();
    });

    it('stores a new row as version 1 and reads it back', async () => {
      const store = open();
      const saved = await store.save(sample('new'));
      expect(saved).toEqual({ id: 'new', version: 1, text: 'one' });
      expect(await store.get('new')).toEqual(saved);
    });

    it('lets only one of two writers of the same version win', async () => {
      const store = open();
      const row = (await store.save(sample('race'))) ?? sample('never');
      const both = await Promise.all([store.save({ ...row, text: 'a' }), store.save({ ...row, text: 'b' })]);
      expect(both.filter((one) => one !== undefined)).toHaveLength(1);
      expect((await store.get('race'))?.version).toBe(2);
    });

    it('refuses to create a row that is there', async () => {
      const store = open();
      await store.save(sample('twice'));
      expect(await store.save(sample('twice', { text: 'other' }))).toBeUndefined();
      expect((await store.get('twice'))?.text).toBe('one');
    });

    it('removes a row only at its version', async () => {
      const store = open();
      const row = (await store.save(sample('gone'))) ?? sample('never');
      expect(await store.remove({ id: 'gone', version: row.version + 1 })).toBe(false);
      expect(await store.remove(row)).toBe(true);
      expect(await store.get('gone')).toBeUndefined();
    });

    it('reads many rows, each once, and leaves out what is not there', async () => {
      const store = open();
      const ids = Array.from({ length: 230 }, (_, i) => `many-${i}`);
      for (const id of ids) await store.save(sample(id));
      const rows = await store.getMany([...ids, 'many-0', 'absent']);
      expect(rows.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    });

    it('lists what is due, oldest first, and nothing at rest', async () => {
      const store = open();
      await store.save(sample('due-b', { due: 20 }));
      await store.save(sample('due-a', { due: 10 }));
      await store.save(sample('due-later', { due: 31 }));
      const resting = await store.save(sample('due-rested', { due: 5 }));
      const { due: _due, ...rest } = resting ?? sample('never');
      await store.save(rest);
      const due = (await store.due(30, 100)).filter((id) => id.startsWith('due-'));
      expect(due).toEqual(['due-a', 'due-b']);
      expect(await store.due(30, 1)).toEqual(['due-a']);
    });

    it('keeps a row of a megabyte of repetitive text', async () => {
      const store = open();
      const text = 'apiVersion: v1\n'.repeat(70_000);
      await store.save(sample('large', { text }));
      expect((await store.get('large'))?.text).toBe(text);
    });
  });
};

/** What `Results` promises besides. */
export const describeResults = (name: string, open: () => Results<Sample>): void => {
  describe(`Results: ${name}`, () => {
    it('writes many at once, whatever stands there, and the last one of an id', async () => {
      const results = open();
      await results.save(sample('put-7', { text: 'before' }));
      const ids = Array.from({ length: 60 }, (_, i) => `put-${i}`);
      const rows = [...ids.map((id) => sample(id)), sample('put-8', { text: 'two' })];
      await Promise.all(rows.map((row) => results.put(row)));
      const found = new Map((await results.getMany(ids)).map((row) => [row.id, row]));
      expect(ids.map((id) => found.get(id))).toEqual(
        ids.map((id) => ({ id, version: 1, text: id === 'put-8' ? 'two' : 'one' })),
      );
    });

    it('writes a row that others write on condition afterwards', async () => {
      const results = open();
      await results.put(sample('put-alone'));
      expect(await results.save(sample('put-alone', { version: 1, text: 'two' }))).toMatchObject({ version: 2 });
    });
  });
};
