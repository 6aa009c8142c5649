import { describe, expect, it } from 'vitest';
import type { AppProject } from '../../../../src/domain/fleet/project.ts';
import { DEFAULT_PROJECT } from '../../../../src/domain/fleet/project-rules.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { permitsEverything, refusedObjects } from '../../../../src/domain/sync/rendered-rules.ts';

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
});
