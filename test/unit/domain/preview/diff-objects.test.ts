import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { diffObjects } from '../../../../src/domain/preview/diff-objects.ts';
import { groupChanges } from '../../../../src/domain/preview/group-changes.ts';

const object = (
  apiVersion: string,
  kind: string,
  more: Record<string, unknown> = {},
  name = 'web',
): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(more['metadata'] as object | undefined) },
  ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== 'metadata')),
});
const deployment = (image: string, replicas = 2) =>
  object('apps/v1', 'Deployment', { spec: { replicas, template: { spec: { containers: [{ name: 'web', image }] } } } });

describe('diffObjects', () => {
  it('says what comes, goes and changes, by kind and name', () => {
    const before = [deployment('web:1.2'), object('v1', 'ConfigMap', { data: { a: '1' } }, 'old')];
    const after = [deployment('web:1.3', 3), object('v1', 'ConfigMap', { data: { b: '2' } }, 'new')];
    expect(diffObjects(before, after)).toEqual([
      {
        change: 'added',
        resource: 'ConfigMap new',
        lines: ['+ data.b: 2', '+ metadata.name: new'],
        risks: [],
      },
      {
        change: 'removed',
        resource: 'ConfigMap old',
        lines: [],
        risks: [{ kind: 'delete', text: 'ConfigMap is deleted' }],
      },
      {
        change: 'changed',
        resource: 'apps/Deployment web',
        lines: [
          '- spec.replicas: 2',
          '+ spec.replicas: 3',
          '- spec.template.spec.containers[0].image: web:1.2',
          '+ spec.template.spec.containers[0].image: web:1.3',
        ],
        risks: [],
      },
    ]);
  });

  it('says nothing where nothing changes, whatever the order', () => {
    const objects = [deployment('web:1'), object('v1', 'Service')];
    expect(diffObjects(objects, objects.toReversed())).toEqual([]);
  });

  it.each([
    ['image-major', deployment('web:1.9'), deployment('web:2.0')],
    ['image-major', deployment('registry:5000/web:v2'), deployment('registry:5000/web:v1.4@sha256:aa')],
    [
      'immutable-field',
      object('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { a: '1' } } } }),
      object('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { a: '2' } } } }),
    ],
    [
      'immutable-field',
      object('v1', 'ConfigMap', { immutable: true, data: { a: '1' } }),
      object('v1', 'ConfigMap', { immutable: true, data: { a: '2' } }),
    ],
    [
      'immutable-field',
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', { roleRef: { name: 'a' } }),
      object('rbac.authorization.k8s.io/v1', 'RoleBinding', { roleRef: { name: 'b' } }),
    ],
    [
      'custom-resource-definition',
      object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { spec: 1 }),
      object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { spec: 2 }),
    ],
    ['namespace', undefined, object('v1', 'Namespace')],
    ['rbac', undefined, object('rbac.authorization.k8s.io/v1', 'ClusterRole')],
    ['secret', undefined, object('v1', 'Secret', { stringData: { a: 'b' } })],
    ['delete', object('v1', 'Service'), undefined],
  ])('flags %s', (kind, before, after) => {
    const [change] = diffObjects(before ? [before] : [], after ? [after] : []);
    expect(change?.risks.map((one) => one.kind)).toContain(kind);
  });

  it.each([
    [deployment('web:1.2'), deployment('web:1.3')],
    [deployment('web:1.2'), deployment('api:2.0')],
    [deployment('web:latest'), deployment('web:stable')],
    [object('v1', 'ConfigMap', { data: { a: '1' } }), object('v1', 'ConfigMap', { data: { a: '2' } })],
  ])('does not cry wolf (%#)', (before, after) => {
    expect(diffObjects([before], [after])[0]?.risks).toEqual([]);
  });
});

describe('a Secret', () => {
  const secret = (data: Record<string, string>, more: Record<string, unknown> = {}) =>
    object('v1', 'Secret', { stringData: data, ...more });

  it('shows which keys come, go and change, and no value', () => {
    const before = secret(
      { kept: 'canary-0', changed: 'canary-1', gone: 'canary-2' },
      { metadata: { annotations: { note: 'canary-4' } } },
    );
    const after = secret(
      { kept: 'canary-0', changed: 'canary-22', come: 'canary-3' },
      { type: 'Opaque', metadata: { labels: { app: 'web' } } },
    );
    const [change] = diffObjects([before], [after]);
    expect(change?.lines).toEqual(
      [
        '- data["changed"]: (hidden)',
        '+ data["changed"]: (hidden)',
        '+ data["come"]: (hidden)',
        '- data["gone"]: (hidden)',
        '- metadata.annotations["note"]: (hidden)',
        '+ metadata.labels: {"app":"web"}',
        '+ type: "Opaque"',
      ].map((line) => line.replace('metadata.labels: {"app":"web"}', 'metadata: {"labels":{"app":"web"}}')),
    );
    expect(JSON.stringify(change)).not.toContain('canary');
  });

  it('that only writes its values otherwise does not change', () => {
    const plain = secret({ a: 'one' });
    const encoded = object('v1', 'Secret', { data: { a: Buffer.from('one').toString('base64') } });
    expect(diffObjects([plain], [encoded])).toEqual([]);
  });

  it('shows the same for any two values, whatever their lengths and whether other keys hold the same', () => {
    const text = fc.string({ minLength: 1, maxLength: 40 });
    const pair = fc.tuple(text, text).filter(([a, b]) => a !== b);
    fc.assert(
      fc.property(pair, pair, (one, two) => {
        const shown = ([before, after]: readonly [string, string]) =>
          diffObjects([secret({ a: before, b: before })], [secret({ a: after, b: after })]);
        const other = diffObjects([secret({ a: one[0], b: two[0] })], [secret({ a: one[1], b: two[1] })]);
        expect(shown(one)).toEqual(shown(two));
        expect(other).toEqual(shown(one));
      }),
    );
  });

  it('that is sealed tells of its field, not of its keys', () => {
    const [change] = diffObjects([secret({ a: '1' }, { immutable: true })], [secret({ a: '2' }, { immutable: true })]);
    expect(change?.risks).toContainEqual({ kind: 'immutable-field', text: 'stringData cannot be changed in place' });
  });
});

describe('groupChanges', () => {
  const changed = (application: string, image: string) => ({
    application,
    cluster: `cluster-${application}`,
    environment: 'prod',
    resources: diffObjects([deployment('web:1.0')], [deployment(image)]),
  });

  it('puts together what is the same, risky groups first, in whatever order they come', () => {
    const all = [changed('c', 'web:1.1'), changed('a', 'web:1.1'), changed('b', 'web:2.0')];
    const groups = groupChanges(all);
    expect(groups.map(({ applications }) => applications.map(({ application }) => application))).toEqual([
      ['b'],
      ['a', 'c'],
    ]);
    expect(groupChanges(all.toReversed())).toEqual(groups);
  });
});
