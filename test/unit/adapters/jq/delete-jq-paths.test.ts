import { describe, expect, it } from 'vitest';
import { createDeleteJqPaths } from '../../../../src/adapters/jq/delete-jq-paths.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

const object: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'Zoë' },
  spec: { list: [{ name: 'a' }, { name: 'b' }], 'odd key': 1, kept: true },
};

const deleteJqPaths = createDeleteJqPaths();

const specAfter = async (...expressions: string[]) => (await deleteJqPaths(object, expressions))['spec'];

describe('jq path expressions', () => {
  it('delete what they select, one after another', async () => {
    expect(await specAfter('.spec.list[] | select(.name == "a")', '.spec["odd key"]')).toEqual({
      list: [{ name: 'b' }],
      kept: true,
    });
    expect((await deleteJqPaths(object, ['.spec'])).metadata).toEqual({ name: 'Zoë' });
  });

  it.each([
    ['selects nothing', '.spec.none'],
    ['fails on this object', '.spec.kept[]'],
    ['raises an error', 'error("x")'],
    ['makes two answers', '.spec.kept), (.'],
    ['leaves no object', '.'],
    ['is followed by a comment', '.spec.none # spec'],
  ])('change nothing where one %s', async (_, expression) => {
    expect(await deleteJqPaths(object, [expression])).toEqual(object);
  });

  it('are refused where they are no jq, and the next one works', async () => {
    await expect(specAfter('.spec[] | select(.name == "x)')).rejects.toMatchObject({
      code: 'jq-invalid',
      kind: 'permanent',
      message: expect.stringContaining('select(.name == "x)'),
    });
    expect(await specAfter('.spec.list')).toEqual({ 'odd key': 1, kept: true });
  });

  it('do not see the environment', async () => {
    expect(await specAfter('.spec.list | select(env.HOME != null and env.NODE_ENV != null)')).toEqual(object['spec']);
  });

  it('are ended when they take too long', async () => {
    const impatient = createDeleteJqPaths({ limit: 200 });
    await impatient(object, ['.spec.none']);
    await expect(impatient(object, ['.spec | until(false; .)'])).rejects.toMatchObject({ code: 'jq-timeout' });
    expect((await impatient(object, ['.spec.list']))['spec']).toEqual({ 'odd key': 1, kept: true });
  });
});
