import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readPack, writePack } from '../../../src/domain/pack.ts';

it('reads back every document of a pack under its key', () => {
  const key = fc.stringMatching(/^[0-9a-f]{1,64}$/);
  fc.assert(
    fc.property(fc.dictionary(key, fc.jsonValue()), (documents) => {
      const read = readPack(writePack(new Map(Object.entries(documents))));
      const parsed = Object.fromEntries([...read].map(([name, json]) => [name, JSON.parse(json) as unknown]));
      expect(parsed).toEqual(JSON.parse(JSON.stringify(documents)));
    }),
  );
});

it('finds nothing in no bytes', () => {
  expect(readPack(new Uint8Array())).toEqual(new Map());
});
