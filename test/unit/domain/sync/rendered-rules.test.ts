import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppProject } from '../../../../src/domain/fleet/project.ts';
import { DEFAULT_PROJECT } from '../../../../src/domain/fleet/project-rules.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import {
  firstRefusedKind,
  kindsOf,
  permitsEverything,
  projectsWithNewRules,
  refusedObjects,
} from '../../../../src/domain/sync/rendered-rules.ts';

const cluster = { name: 'dev', labels: {}, annotations: {}, access: { type: 'embedded' as const } };
const object = (apiVersion: string, kind: string, namespace?: string, more = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: 'one', ...(namespace === undefined ? {} : { namespace }) },
  ...more,
});
const project = (rules: Partial<AppProject>): AppProject => ({ ...DEFAULT_PROJECT, name: 'team', ...rules });
const rulesOf = (rules: Partial<AppProject>, ...objects: KubernetesObject[]): string[] =>
  refusedObjects(
    { project: project(rules), application: { destination: { name: 'dev', namespace: 'web' } }, cluster },
    objects,
  ).map(({ rule, object: { kind } }) => `${kind}: ${rule}`);

const definition = (scope: string) =>
  object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', undefined, {
    spec: { group: 'example.com', names: { kind: 'Thing' }, scope },
  });
const thing = object('example.com/v1', 'Thing');
const NO_CLUSTER_KINDS = { clusterResourceWhitelist: [] };
const ONLY_WEB = { destinations: [{ name: 'dev', namespace: 'web' }] };
const ALL_CLUSTER_KINDS = { clusterResourceWhitelist: [{ group: '*', kind: '*' }] };

describe('what a project refuses of rendered objects', () => {
  it.each<[string, Partial<AppProject>, KubernetesObject[], string[]]>([
    [
      'a cluster-scoped kind of Kubernetes',
      NO_CLUSTER_KINDS,
      [object('v1', 'Namespace')],
      ['Namespace: clusterResourceWhitelist'],
    ],
    ['nothing in the destination', ONLY_WEB, [object('v1', 'ConfigMap'), object('apps/v1', 'Deployment', 'web')], []],
    ['another namespace', ONLY_WEB, [object('v1', 'ConfigMap', 'kube-system')], ['ConfigMap: destinations']],
    [
      'what stands in lists',
      ONLY_WEB,
      [object('v1', 'List', undefined, { items: [object('v1', 'Secret', 'other')] })],
      ['Secret: destinations'],
    ],
    ['a kind of another scope than it may have', { ...NO_CLUSTER_KINDS }, [thing], []],
    [
      'a kind in a namespace that it may not have, or in none',
      { ...NO_CLUSTER_KINDS, ...ONLY_WEB },
      [object('example.com/v1', 'Thing', 'other')],
      ['Thing: destinations'],
    ],
    [
      'a kind that is defined beside it',
      ONLY_WEB,
      [definition('Namespaced'), object('example.com/v1', 'Thing', 'other')],
      ['Thing: destinations'],
    ],
    [
      'a kind without namespaces that is defined beside it',
      { clusterResourceWhitelist: [{ group: 'apiextensions.k8s.io', kind: '*' }] },
      [definition('Cluster'), thing],
      ['Thing: clusterResourceWhitelist'],
    ],
    [
      'a kind that is black-listed',
      { ...ALL_CLUSTER_KINDS, namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] },
      [object('v1', 'Secret')],
      ['Secret: namespaceResourceBlacklist'],
    ],
    ['nothing of what is no object', ONLY_WEB, [{ kind: 'Secret' } as KubernetesObject], []],
  ])('%s', (_, rules, objects, expected) => {
    expect(rulesOf(rules, ...objects)).toEqual(expected);
  });

  it.each<[Partial<AppProject>, boolean]>([
    [{}, true],
    [
      {
        destinations: [
          { server: '*', namespace: '*' },
          { server: '!https://prod', namespace: '*' },
        ],
      },
      false,
    ],
    [ONLY_WEB, false],
    [{ clusterResourceWhitelist: [{ group: '*', kind: '*', name: 'a*' }] }, false],
    [{ namespaceResourceWhitelist: [] }, false],
    [{ clusterResourceBlacklist: [{ group: '', kind: 'Node' }] }, false],
    [{ permitOnlyProjectScopedClusters: true }, false],
  ])('%j permits everything: %s', (rules, expected) => {
    expect(permitsEverything(project(rules))).toBe(expected);
  });

  const name = fc.constantFrom('one', 'two', 'web');
  const anObject = fc
    .record({
      type: fc.constantFrom(
        ['v1', 'ConfigMap'],
        ['v1', 'Namespace'],
        ['example.com/v1', 'Thing'],
        ['apps/v1', 'Deployment'],
      ),
      name,
      namespace: fc.option(name, { nil: undefined }),
    })
    .map(({ type: [apiVersion = '', kind = ''], ...metadata }): KubernetesObject => ({ apiVersion, kind, metadata }));
  const rule = fc.record({
    group: fc.constantFrom('', '*', 'apps', 'example.com'),
    kind: fc.constantFrom('*', 'ConfigMap', 'Namespace', 'Thing'),
  });
  const someRules = fc.record(
    {
      destinations: fc.array(fc.record({ name: fc.constantFrom('dev', '*', '!dev'), namespace: name }), {
        maxLength: 2,
      }),
      clusterResourceWhitelist: fc.array(fc.record({ group: fc.constant('*'), kind: fc.constant('*'), name }), {
        maxLength: 2,
      }),
      clusterResourceBlacklist: fc.array(rule, { maxLength: 2 }),
      namespaceResourceWhitelist: fc.array(rule, { maxLength: 2 }),
      namespaceResourceBlacklist: fc.array(rule, { maxLength: 2 }),
    },
    { requiredKeys: ['destinations'] },
  );

  it('is the same by what is kept of them', () => {
    fc.assert(
      fc.property(someRules, fc.array(anObject, { maxLength: 8 }), (rules, objects) => {
        const judged = {
          project: project(rules),
          application: { destination: { name: 'dev', namespace: 'web' } },
          cluster,
        };
        expect(firstRefusedKind(judged, kindsOf(objects) ?? [])).toEqual(
          refusedObjects(judged, objects).map(({ object: _object, ...refusal }) => refusal)[0],
        );
      }),
    );
  });

  it('keeps one of each kind and namespace, and no more than a row should hold', () => {
    const many = Array.from({ length: 500 }, (_, at) => ({
      ...object('v1', 'ConfigMap'),
      metadata: { name: `c${at}` },
    }));
    expect(kindsOf(many)).toEqual([{ group: '', kind: 'ConfigMap', name: 'c0', namespaced: true }]);
    const roles = many.map((one) => ({ ...one, apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' }));
    expect(kindsOf(roles.slice(0, 100))).toHaveLength(100);
    expect(kindsOf(roles)).toBeUndefined();
    expect(kindsOf([object('v1', 'x'.repeat(30_000))])).toBeUndefined();
  });

  it('may change with the rules that judge objects, and with no others', () => {
    const before = [project({}), { ...project(ONLY_WEB), name: 'other' }];
    const sameAs = (rules: Partial<AppProject>): string[] => [...projectsWithNewRules(before, [project(rules)])];
    expect(
      sameAs({ sourceRepos: ['https://x'], syncWindows: [{ kind: 'deny', schedule: '* * * * *', duration: '1h' }] }),
    ).toEqual([]);
    expect(sameAs(ONLY_WEB)).toEqual(['team']);
    expect(sameAs({ namespaceResourceWhitelist: [] })).toEqual(['team']);
    expect([...projectsWithNewRules([], before)]).toEqual([]);
  });
});
