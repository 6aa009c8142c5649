import type { KubernetesObject } from '../../../src/domain/kubernetes-object.ts';

const wave = (number: number) => ({ 'argocd.argoproj.io/sync-wave': String(number) });

const pod = (more: Record<string, unknown> = {}) => ({
  restartPolicy: 'Never',
  containers: [{ name: 'work', image: 'example.com/work:1' }],
  ...more,
});

const job = (
  name: string,
  hook: string,
  more: { job?: object; pod?: Record<string, unknown> } = {},
): KubernetesObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name,
    annotations: { 'argocd.argoproj.io/hook': hook, 'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation' },
  },
  spec: { backoffLimit: 0, ...more.job, template: { spec: pod(more.pod) } },
});

const configMap = (name: string, at: number): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, annotations: wave(at) },
  data: { value: 'one' },
});

const definition = (group: string): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

const deployment: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', annotations: wave(2) },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'example.com/web:1' }] },
    },
  },
};

/**
 * An application with everything that has an order: a PreSync Job, waves −1 to 3, a definition and its resource in one
 * wave, a Deployment, a PostSync Job, a SyncFail Job. `failing`: a hook of wave 1 that never gets a node and fails.
 */
export const wavyApplication = (group: string, { failing = false } = {}): KubernetesObject[] => [
  job('alarm', 'SyncFail'),
  job('smoke', 'PostSync'),
  configMap('late', 3),
  deployment,
  { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'first' }, spec: { size: 1 } },
  definition(group),
  configMap('early', -1),
  job('migrate', 'PreSync'),
  ...(failing
    ? [job('stuck', 'Sync', { job: { activeDeadlineSeconds: 1 }, pod: { nodeSelector: { none: 'such' } } })]
    : []),
];

/** `resource/name` of what is applied, in the order in which Argo CD does. */
export const WAVY_ORDER = (namespace: string, group: string): string[] => [
  `namespaces/${namespace}`,
  'jobs/migrate',
  'configmaps/early',
  `customresourcedefinitions/widgets.${group}`,
  'widgets/first',
  'deployments/web',
  'configmaps/late',
  'jobs/smoke',
];
