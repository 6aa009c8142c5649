import { describe, expect, test } from 'vitest';
import { createDeleteJqPaths } from '../../../../src/adapters/jq/delete-jq-paths.ts';
import { ignoreRulesFor, withoutIgnored, withoutPointers } from '../../../../src/domain/diff/ignore-rules.ts';

const thing = () => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name: 'a', annotations: { 'example.com/a~b': '1', other: '2' } },
  spec: {
    list: [
      { name: 'x', value: 1 },
      { name: 'y', value: 2 },
      { name: 'z', value: 3 },
    ],
    text: 'abc',
  },
});

const ITEM = (name: string, value?: number) => (value === undefined ? { name } : { name, value });

describe('JSON pointers', () => {
  test.each([
    ['/metadata/annotations/example.com~1a~0b', { annotations: { other: '2' } }],
    ['/metadata/annotations', {}],
    ['/spec/list/1', { list: [ITEM('x', 1), ITEM('z', 3)] }],
    ['/spec/list/-1', { list: [ITEM('x', 1), ITEM('y', 2)] }],
    ['/spec/list/2/value', { list: [ITEM('x', 1), ITEM('y', 2), ITEM('z')] }],
    ['/spec/list/-3/value', { list: [ITEM('x'), ITEM('y', 2), ITEM('z', 3)] }],
  ])('remove %s', (pointer, expected) => {
    const { metadata, spec } = withoutPointers(thing(), [pointer]);
    const { name: _name, ...rest } = metadata;
    if (pointer.startsWith('/metadata')) expect(rest).toEqual(expected);
    else expect(spec).toEqual({ ...thing().spec, ...expected });
  });

  test.each([
    '/spec/list/3',
    '/spec/list/-4',
    '/spec/list/-',
    '/spec/list/x',
    '/spec/text/0',
    '/none/deep',
    '',
    'spec',
  ])('leave all as it is where they name nothing: %j', (pointer) => {
    expect(withoutPointers(thing(), [pointer])).toEqual(thing());
  });

  test('are taken one after another', () => {
    expect(withoutPointers(thing(), ['/spec/list/0', '/spec/list/0'])['spec']).toMatchObject({ list: [ITEM('z', 3)] });
  });
});

describe('jq path expressions', () => {
  const deleteJqPaths = createDeleteJqPaths();
  const without = (...jqPathExpressions: string[]) =>
    withoutIgnored(thing(), { jsonPointers: [], jqPathExpressions }, deleteJqPaths);

  test.each([
    ['.spec.list[] | select(.name == "y")', { list: [ITEM('x', 1), ITEM('z', 3)] }],
    ['.spec.list[].value', { list: [ITEM('x'), ITEM('y'), ITEM('z')] }],
    ['.spec.list[] | select(.value > 1).value', { list: [ITEM('x', 1), ITEM('y'), ITEM('z')] }],
    ['.. | select(type == "object" and has("value")) | .value', { list: [ITEM('x'), ITEM('y'), ITEM('z')] }],
    ['.spec.list[-1:]', { list: [ITEM('x', 1), ITEM('y', 2)] }],
    ['.spec.list[0], .spec.list[2]', { list: [ITEM('y', 2)] }],
    ['.spec | to_entries', {}],
    ['.spec.none?.deep[]?', {}],
    ['.spec.text[]', {}],
  ])('delete %s', async (expression, expected) => {
    expect((await without(expression))['spec']).toEqual({ ...thing().spec, ...expected });
  });

  test('that fail on an object leave the next one its turn', async () => {
    expect((await without('.spec.text[]', '.spec.text'))['spec']).toEqual({ list: thing().spec.list });
  });

  test.each([['.spec.['], ['select('], ['nope(.spec)']])('that cannot be read are named: %s', async (expression) => {
    await expect(without(expression)).rejects.toMatchObject({ code: 'jq-invalid', kind: 'permanent' });
  });
});

describe('rules are for', () => {
  const target = { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'api' };
  const rule = { jsonPointers: ['/spec/replicas'] };
  test.each([
    ['their group and kind', { group: 'apps', kind: 'Deployment' }, true],
    ['any group', { group: '*', kind: 'Deployment' }, true],
    ['a glob of kinds', { group: 'apps', kind: 'Deploy*' }, true],
    ['all kinds', { group: '*', kind: '*' }, true],
    ['no other group', { group: 'extensions', kind: 'Deployment' }, false],
    ['not the core group, where none is named', { kind: 'Deployment' }, false],
    ['one name', { group: 'apps', kind: 'Deployment', name: 'api' }, true],
    ['no glob of names', { group: 'apps', kind: 'Deployment', name: 'a*' }, false],
    ['one namespace', { group: 'apps', kind: 'Deployment', namespace: 'web' }, true],
    ['no other namespace', { group: 'apps', kind: 'Deployment', namespace: 'other' }, false],
  ])('%s', (_what, selector, expected) => {
    expect(ignoreRulesFor(target, [{ ...selector, ...rule }]) !== undefined).toBe(expected);
  });
});
