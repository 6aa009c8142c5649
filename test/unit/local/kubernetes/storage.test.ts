import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../../../src/local/kubernetes/storage/journal.ts';
import type { ObjectStore } from '../../../../src/local/kubernetes/storage/object-store.ts';
import { createObjectStore } from '../../../../src/local/kubernetes/storage/object-store.ts';

let dir = '';
let file = '';
const open = (): ObjectStore => createObjectStore(openJournal(file));
const map = (name: string, value = '') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n' },
  data: { value },
});
const names = (store: ObjectStore) => store.list('/configmaps').map(({ metadata }) => metadata.name);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'towline-store-'));
  file = join(dir, 'objects.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the object store', () => {
  test('is as it was after a kill: nothing is only in memory', () => {
    const store = open();
    store.put('/configmaps', map('b'));
    store.put('/configmaps', map('a'));
    store.put('/configmaps', map('a', 'new'));
    store.remove('/configmaps', store.get('/configmaps', 'n', 'b') ?? map('b'));
    // Not closed, as by kill -9.
    const again = open();
    expect(again.list('/configmaps')).toEqual(store.list('/configmaps'));
    expect(names(again)).toEqual(['a']);
    expect(again.revision()).toBe(4);
  });

  test('drops a torn last line and goes on', () => {
    open().put('/configmaps', map('a'));
    appendFileSync(file, '{"r":"/configmaps","k":"n\\u0000b","v":2,"o":{"apiVer');
    const store = open();
    expect(names(store)).toEqual(['a']);
    store.put('/configmaps', map('c'));
    expect(names(open())).toEqual(['a', 'c']);
  });

  test('compacts a long journal without losing objects or going back in revisions', () => {
    const store = open();
    for (let index = 0; index < 2_500; index += 1) store.put('/configmaps', map(`m${index % 5}`, String(index)));
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(1_500);
    const again = open();
    expect(again.list('/configmaps')).toEqual(store.list('/configmaps'));
    expect(again.revision()).toBe(2_500);
  });

  test('keeps the revision of a last object that was deleted', () => {
    const store = open();
    for (let index = 0; index < 2_100; index += 1) store.put('/configmaps', map('a', String(index)));
    store.remove('/configmaps', store.get('/configmaps', 'n', 'a') ?? map('a'));
    expect(open().revision()).toBe(store.revision());
  });

  test('tells events since a revision, or that they are gone', () => {
    const store = open();
    store.put('/configmaps', map('a'));
    store.put('/configmaps', map('b'));
    expect(store.since(1)?.map(({ type, revision }) => [type, revision])).toEqual([['ADDED', 2]]);
    expect(open().since(1)).toBeUndefined();
    expect(open().since(2)).toEqual([]);
  });

  test('finds what an owner controls after a restart too', () => {
    const controller = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u1', controller: true };
    const owned = { ...map('p'), metadata: { name: 'p', namespace: 'n', ownerReferences: [controller] } };
    open().put('/pods', owned);
    const store = open();
    expect(store.controlledBy('/pods', 'u1').map(({ metadata }) => metadata.name)).toEqual(['p']);
    store.remove('/pods', owned);
    expect(store.controlledBy('/pods', 'u1')).toEqual([]);
  });
});
