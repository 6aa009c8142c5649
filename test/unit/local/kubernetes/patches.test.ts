import { describe, expect, test } from 'vitest';
import { jsonPatch } from '../../../../src/local/kubernetes/patch/json-patch.ts';
import { mergePatch } from '../../../../src/local/kubernetes/patch/merge-patch.ts';
import { strategicMerge } from '../../../../src/local/kubernetes/patch/strategic-merge.ts';
import { builtinTypes } from '../../../../src/local/kubernetes/resource-types.ts';

describe('JSON patch', () => {
  test.each([
    ['add', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['add at an index', { l: [1, 3] }, [{ op: 'add', path: '/l/1', value: 2 }], { l: [1, 2, 3] }],
    ['append', { l: [1] }, [{ op: 'add', path: '/l/-', value: 2 }], { l: [1, 2] }],
    ['remove', { a: { b: 1 } }, [{ op: 'remove', path: '/a/b' }], { a: {} }],
    ['replace in a list', { l: [1, 2] }, [{ op: 'replace', path: '/l/1', value: 9 }], { l: [1, 9] }],
    ['escapes', { 'a/b~c': 1 }, [{ op: 'replace', path: '/a~1b~0c', value: 2 }], { 'a/b~c': 2 }],
    ['move', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    ['copy', { a: { c: 1 } }, [{ op: 'copy', from: '/a', path: '/b' }], { a: { c: 1 }, b: { c: 1 } }],
    ['test', { a: { c: 1 } }, [{ op: 'test', path: '/a', value: { c: 1 } }], { a: { c: 1 } }],
  ])('%s', (_name, value, operations, wanted) => {
    expect(jsonPatch(value, operations)).toEqual(wanted);
  });

  test.each([
    ['a failed test', { a: 1 }, [{ op: 'test', path: '/a', value: 2 }]],
    ['a missing path', { a: 1 }, [{ op: 'remove', path: '/b' }]],
    ['an index beyond the end', { l: [] }, [{ op: 'add', path: '/l/1', value: 1 }]],
    ['an unknown operation', {}, [{ op: 'invent', path: '/a' }]],
  ])('is refused for %s', (_name, value, operations) => {
    expect(() => jsonPatch(value, operations)).toThrow('the server rejected our request');
  });

  test('leaves the value as it was', () => {
    const value = { l: [{ a: 1 }] };
    jsonPatch(value, [{ op: 'replace', path: '/l/0/a', value: 2 }]);
    expect(value).toEqual({ l: [{ a: 1 }] });
  });
});

test('a merge patch sets, goes down and removes by null', () => {
  const value = { a: 1, b: { c: 1, d: 2 }, l: [1, 2] };
  expect(mergePatch(value, { a: null, b: { c: 3 }, l: [9] })).toEqual({ b: { c: 3, d: 2 }, l: [9] });
});

describe('strategic merge patch of a pod', () => {
  const schema = builtinTypes().definitions.get('core.v1.PodSpec');
  if (!schema) throw new Error('no PodSpec');
  const merged = (value: unknown, patch: unknown) => strategicMerge(value, patch, schema);

  test('merges containers by name and replaces atomic lists', () => {
    const value = { containers: [{ name: 'a', image: 'x', args: ['1'] }] };
    const patch = {
      containers: [
        { name: 'a', args: ['2'] },
        { name: 'b', image: 'y' },
      ],
    };
    expect(merged(value, patch)).toEqual({
      containers: [
        { name: 'a', image: 'x', args: ['2'] },
        { name: 'b', image: 'y' },
      ],
    });
  });

  test('deletes and replaces by directive', () => {
    const value = { containers: [{ name: 'a' }, { name: 'b' }], securityContext: { runAsUser: 1 } };
    const patch = {
      containers: [{ name: 'a', $patch: 'delete' }],
      securityContext: { $patch: 'replace', runAsGroup: 2 },
    };
    expect(merged(value, patch)).toEqual({ containers: [{ name: 'b' }], securityContext: { runAsGroup: 2 } });
  });

  test('keeps only the keys that $retainKeys names', () => {
    const value = { volumes: [{ name: 'v', emptyDir: {} }] };
    const patch = { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] };
    expect(merged(value, patch)).toEqual({ volumes: [{ name: 'v', configMap: { name: 'c' } }] });
  });

  test('orders a list as $setElementOrder says', () => {
    const value = { containers: [{ name: 'a' }, { name: 'b' }] };
    const patch = {
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }],
      containers: [{ name: 'c' }],
    };
    expect(merged(value, patch)).toEqual({ containers: [{ name: 'c' }, { name: 'b' }, { name: 'a' }] });
  });

  test('wants the merge key', () => {
    expect(() => merged({ containers: [] }, { containers: [{ image: 'x' }] })).toThrow('merge key: name');
  });
});
