import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { ApiStatus } from '../../../../src/local/kubernetes/api-status.ts';
import { ownApply, ownUpdate } from '../../../../src/local/kubernetes/fields/ownership.ts';
import { builtinTypes } from '../../../../src/local/kubernetes/resource-types.ts';

const typeOf = (kind: string) => {
  const type = builtinTypes().types.find((one) => one.kind === kind);
  if (!type) throw new Error(`no ${kind}`);
  return type;
};

const context = (
  kind: string,
  name: string,
  operation: 'Apply' | 'Update' = 'Apply',
  time = '2026-01-01T00:00:00Z',
) => {
  const { schema, group, version } = typeOf(kind);
  const apiVersion = group ? `${group}/${version}` : version;
  return { schema, time, hasStatus: true, manager: { name, operation, apiVersion } };
};

const deployment = (spec: Record<string, unknown>, metadata: Record<string, unknown> = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec,
});

const pods = (...containers: Record<string, unknown>[]) => ({ template: { spec: { containers } } });

const applyBy = (name: string, live: KubernetesObject | undefined, spec: Record<string, unknown>, force = false) =>
  ownApply(live, deployment(spec), force, context('Deployment', name));

const refusal = (act: () => unknown): ApiStatus => {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiStatus) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

const fieldsOf = (object: KubernetesObject, manager: string) =>
  object.metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;

describe('server-side apply', () => {
  test('owns leaves and list items by their keys, with the default of a key', () => {
    const made = applyBy('a', undefined, pods({ name: 'c', image: 'x', ports: [{ containerPort: 80 }] }));
    const port = { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } };
    const container = { '.': {}, 'f:name': {}, 'f:image': {}, 'f:ports': port };
    expect(fieldsOf(made, 'a')).toEqual({
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"c"}': container } } } },
    });
  });

  test('names every conflict, its owner and its field', () => {
    const live = applyBy('a', undefined, { replicas: 1, ...pods({ name: 'c', image: 'x' }) });
    const error = refusal(() => applyBy('b', live, { replicas: 2, ...pods({ name: 'c', image: 'y' }) }));
    expect(error.code).toBe(409);
    expect(error.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "a":\n- .spec.replicas\n- .spec.template.spec.containers[name="c"].image',
    );
    const causes = [
      { reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.spec.replicas' },
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "a"',
        field: '.spec.template.spec.containers[name="c"].image',
      },
    ];
    expect(error.status).toMatchObject({ reason: 'Conflict', details: { causes } });
  });

  test('says with which version an updating manager conflicts', () => {
    const live = applyBy('a', undefined, { replicas: 1 });
    const scaled = ownUpdate(live, { ...live, spec: { replicas: 3 } }, context('Deployment', 'hand', 'Update'));
    const error = refusal(() => applyBy('a', scaled, { replicas: 1 }));
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "hand" using apps/v1: .spec.replicas');
  });

  test('takes fields over by force, and the old owner loses them', () => {
    const live = applyBy('a', undefined, { replicas: 1, paused: true });
    const taken = applyBy('b', live, { replicas: 2 }, true);
    expect(taken.spec).toEqual({ replicas: 2, paused: true });
    expect(fieldsOf(taken, 'a')).toEqual({ 'f:spec': { 'f:paused': {} } });
  });

  test('shares fields of equal value, and removes them with their last owner', () => {
    const live = applyBy('b', applyBy('a', undefined, { replicas: 1, paused: true }), { replicas: 1 });
    const without = applyBy('a', live, { paused: true });
    expect(without.spec).toEqual({ replicas: 1, paused: true });
    expect(applyBy('b', without, {}).spec).toEqual({ paused: true });
  });

  test('removes a struct whose owned fields are all gone, with what nobody owns in it', () => {
    const live = applyBy('a', undefined, { replicas: 1, strategy: { type: 'Recreate' } });
    const defaulted = {
      ...live,
      spec: { replicas: 1, strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    };
    expect(applyBy('a', defaulted, { replicas: 1 }).spec).toEqual({ replicas: 1 });
  });

  // Tried on Kubernetes 1.35: two managers, the first of them twice.
  test.each([
    ['one two', 'three', 'two', 'one two three', 'two three'],
    ['a b c d', 'd x a', 'c b', 'b c d x a', 'c d x a b'],
    ['a b', 'b a', 'a z b', 'b a', 'a z b'],
  ])('orders the lists %s, %s, %s like the API server', (first, second, third, both, last) => {
    const named = (names: string) => pods(...names.split(' ').map((name) => ({ name, image: 'x' })));
    const one = applyBy('m1', undefined, named(first));
    const two = applyBy('m2', one, named(second));
    expect(two.spec).toEqual(named(both));
    expect(applyBy('m1', two, named(third)).spec).toEqual(named(last));
  });

  test('gives an object without managers to before-first-apply', () => {
    const live = deployment({ replicas: 1, paused: true });
    const error = refusal(() => applyBy('a', live, { replicas: 2 }));
    expect(error.message).toContain('conflict with "before-first-apply" using apps/v1: .spec.replicas');
  });

  test('replaces an atomic list and a set by its items', () => {
    const withFinalizers = (...finalizers: string[]) => deployment({}, { finalizers });
    const live = ownApply(undefined, withFinalizers('a/x', 'a/y'), false, context('Deployment', 'a'));
    const both = ownApply(live, withFinalizers('b/z'), false, context('Deployment', 'b'));
    expect(both.metadata.finalizers?.toSorted()).toEqual(['a/x', 'a/y', 'b/z']);
    const tolerations = (key: string) => ({ template: { spec: { tolerations: [{ key }] } } });
    const one = applyBy('a', undefined, tolerations('x'));
    expect(applyBy('a', one, tolerations('y')).spec).toEqual(tolerations('y'));
  });

  const data = fc.dictionary(fc.stringMatching(/^[a-d]$/), fc.stringMatching(/^[xy]$/), { maxKeys: 4 });
  const configMap = (values: Record<string, string>): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm' },
    data: values,
  });

  test('of the same again changes nothing, whatever the time', () => {
    fc.assert(
      fc.property(data, (values) => {
        const once = ownApply(undefined, configMap(values), false, context('ConfigMap', 'a'));
        const later = context('ConfigMap', 'a', 'Apply', '2027-01-01T00:00:00Z');
        expect(ownApply(once, configMap(values), false, later)).toEqual(once);
      }),
    );
  });

  test('of one manager alone leaves exactly what it applied last', () => {
    fc.assert(
      fc.property(data, data, (first, second) => {
        const once = ownApply(undefined, configMap(first), false, context('ConfigMap', 'a'));
        const twice = ownApply(once, configMap(second), false, context('ConfigMap', 'a'));
        expect(twice.data ?? {}).toEqual(second);
      }),
    );
  });

  test('of two managers by force leaves what the last applied, and of the first only the rest', () => {
    fc.assert(
      fc.property(data, data, (first, second) => {
        const one = ownApply(undefined, configMap(first), false, context('ConfigMap', 'a'));
        const two = ownApply(one, configMap(second), true, context('ConfigMap', 'b'));
        expect(two.data ?? {}).toEqual({ ...first, ...second });
      }),
    );
  });
});

describe('an update', () => {
  test('owns what it changed and takes it from others', () => {
    const live = applyBy('a', undefined, { replicas: 1, paused: true });
    const after = ownUpdate(
      live,
      { ...live, spec: { replicas: 5, paused: true } },
      context('Deployment', 'h', 'Update'),
    );
    expect(fieldsOf(after, 'h')).toEqual({ 'f:spec': { 'f:replicas': {} } });
    expect(fieldsOf(after, 'a')).toEqual({ 'f:spec': { 'f:paused': {} } });
  });

  test('takes what it removed from everybody', () => {
    const live = applyBy('a', undefined, { replicas: 1, paused: true });
    const after = ownUpdate(live, { ...live, spec: { replicas: 1 } }, context('Deployment', 'h', 'Update'));
    expect(fieldsOf(after, 'a')).toEqual({ 'f:spec': { 'f:replicas': {} } });
    expect(fieldsOf(after, 'h')).toBeUndefined();
  });

  test('that creates owns maps and items themselves, but no struct that always is', () => {
    const object = deployment({ replicas: 1, strategy: { type: 'Recreate' } }, { labels: { a: 'b' } });
    const made = ownUpdate(undefined, object, context('Deployment', 'h', 'Update'));
    expect(fieldsOf(made, 'h')).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
      'f:spec': { 'f:replicas': {}, 'f:strategy': { 'f:type': {} } },
    });
  });
});
