import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastAppliedOf, withLastApplied } from '../../../../src/domain/diff/last-applied.ts';
import { LAST_APPLIED } from '../../../../src/domain/diff/normalize.ts';
import type { Patch, PatchType } from '../../../../src/domain/diff/three-way-patch.ts';
import { threeWayPatch } from '../../../../src/domain/diff/three-way-patch.ts';
import { mergePatch } from '../../../../src/local/kubernetes/patch/merge-patch.ts';

const plain = { field: () => undefined, item: () => undefined, merges: false, retainsKeys: false };
const fields = (inner: Record<string, PatchType>, more: Partial<PatchType> = {}): PatchType => ({
  ...plain,
  field: (name) => inner[name],
  ...more,
});
const list = (item: PatchType, more: Partial<PatchType> = {}): PatchType => ({
  ...plain,
  item: () => item,
  merges: true,
  mergeKey: 'name',
  ...more,
});
const containers = list(fields({ env: list(plain) }));
const pod = fields({
  containers,
  strategy: { ...plain, retainsKeys: true },
  finalizers: { ...plain, merges: true },
  volumes: list({ ...plain, retainsKeys: true }),
});

type Case = [name: string, applied: Patch, desired: Patch, live: Patch, patch: Patch | undefined];

describe('threeWayPatch with a type', () => {
  it.each<Case>([
    ['nothing to do', { a: 1 }, { a: 1 }, { a: 1, defaulted: true }, undefined],
    ['a change', { a: 1 }, { a: 2 }, { a: 1 }, { a: 2 }],
    ['what was applied goes', { a: 1, b: 1 }, { a: 1 }, { a: 1, b: 2, c: 3 }, { b: null }],
    ['what is gone already', { a: 1, b: 1 }, { a: 1 }, { a: 1 }, undefined],
    ['an explicit null', {}, { a: null }, { a: 1 }, { a: null }],
    ['a null of what is not there', {}, { a: null }, {}, undefined],
    ['a whole without its nulls', {}, { a: { b: null, c: 1 } }, {}, { a: { c: 1 } }],
    ['empty labels were nobody’s', { labels: {} }, {}, { labels: { theirs: '1' } }, undefined],
    ['an atomic list', { args: ['a'] }, { args: ['b'] }, { args: ['a', 'x'] }, { args: ['b'] }],
    [
      'an item changes, another goes, a third stays',
      { containers: [{ name: 'a', image: '1' }, { name: 'gone' }] },
      { containers: [{ name: 'a', image: '2' }] },
      { containers: [{ name: 'a', image: '1', extra: 1 }, { name: 'gone' }, { name: 'injected' }] },
      {
        '$setElementOrder/containers': [{ name: 'a' }],
        containers: [
          { name: 'a', image: '2' },
          { name: 'gone', $patch: 'delete' },
        ],
      },
    ],
    [
      'items in another order',
      {},
      { containers: [{ name: 'b' }, { name: 'a' }] },
      { containers: [{ name: 'a' }, { name: 'x' }, { name: 'b' }] },
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
    ],
    [
      'two items of one key: the list as a whole',
      {},
      {
        containers: [
          { name: 'a', v: 1 },
          { name: 'a', v: 2 },
        ],
      },
      {
        containers: [
          { name: 'a', v: 1 },
          { name: 'a', v: 1 },
        ],
      },
      { containers: [{ name: 'a', v: 1 }, { name: 'a', v: 2 }, { $patch: 'replace' }] },
    ],
    [
      'two items of one key that are there',
      {},
      {
        containers: [
          { name: 'a', v: 1 },
          { name: 'a', v: 2 },
        ],
      },
      {
        containers: [
          { name: 'a', v: 1, d: 1 },
          { name: 'a', v: 2 },
        ],
      },
      undefined,
    ],
    [
      'fields that exclude each other',
      { strategy: { type: 'RollingUpdate' } },
      { strategy: { type: 'Recreate' } },
      { strategy: { type: 'RollingUpdate', rollingUpdate: {} } },
      { strategy: { type: 'Recreate', $retainKeys: ['type'] } },
    ],
    [
      'scalars',
      { finalizers: ['a', 'b'] },
      { finalizers: ['b', 'c'] },
      { finalizers: ['a', 'b', 'x'] },
      {
        '$setElementOrder/finalizers': ['b', 'c'],
        finalizers: ['c'],
        '$deleteFromPrimitiveList/finalizers': ['a'],
      },
    ],
  ])('%s', (_, applied, desired, live, patch) => {
    expect(threeWayPatch({ applied, desired, live }, pod)).toEqual(patch);
  });
});

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b', 1, true),
    fc.array(fc.constantFrom('x', 'y')),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('p', 'q', 'r', 's'), tie('value'), { maxKeys: 4 }),
})).object;
const tree = value.map((object) => object as Patch);

/** Whether every field of `part` is in `whole` with its value. */
const covers = (whole: unknown, part: unknown): boolean => {
  if (Array.isArray(part) || typeof part !== 'object' || part === null)
    return JSON.stringify(whole) === JSON.stringify(part);
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([name, inner]) => covers((whole as Patch)[name], inner));
};

describe('threeWayPatch without a type', () => {
  it('gives what is desired, keeps what nobody applied, and has nothing to do the second time', () => {
    fc.assert(
      fc.property(tree, tree, tree, (applied, desired, live) => {
        const patch = threeWayPatch({ applied, desired, live });
        const after = mergePatch(live, patch ?? {}) as Patch;
        expect(covers(after, desired)).toBe(true);
        for (const name of Object.keys(live))
          if (!(name in applied) && !(name in desired)) expect(after[name]).toEqual(live[name]);
        for (const name of Object.keys(applied)) if (!(name in desired)) expect(after).not.toHaveProperty(name);
        expect(threeWayPatch({ applied: desired, desired, live: after })).toBeUndefined();
      }),
    );
  });
});

describe('what was applied last', () => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n' }, data: { x: '1' } };

  it('is in the annotation, without what makes the object this one', () => {
    const stored = withLastApplied(withLastApplied(map));
    expect(stored.metadata.annotations?.[LAST_APPLIED]).not.toContain('\\"annotations\\":{\\"kubectl');
    expect(lastAppliedOf(stored, 'us')).toEqual({ ...map, metadata: { annotations: {} } });
  });

  it('is what our manager owns where there is no annotation, or one that says nothing', () => {
    const managedFields = [
      { manager: 'us', operation: 'Apply' as const, fieldsV1: { 'f:data': { 'f:x': {} } } },
      { manager: 'them', operation: 'Apply' as const, fieldsV1: { 'f:data': { 'f:y': {} } } },
    ];
    const live = { ...map, metadata: { ...map.metadata, managedFields }, data: { x: '1', y: '2' } };
    expect(lastAppliedOf(live, 'us')).toEqual({ data: { x: '1' } });
    const spoilt = { ...live, metadata: { ...live.metadata, annotations: { [LAST_APPLIED]: 'not JSON' } } };
    expect(lastAppliedOf(spoilt, 'us')).toEqual({ data: { x: '1' } });
  });
});
