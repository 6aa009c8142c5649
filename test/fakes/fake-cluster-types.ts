import type { ApiResource } from '../../src/ports/cluster.ts';

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const type = (apiVersion: string, kind: string, resource: string, namespaced = true): ApiResource => {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, kind, resource, namespaced, verbs: allVerbs };
};

/** The types that a new FakeCluster serves: those that tests are most likely to name. */
export const commonTypes: ApiResource[] = [
  type('v1', 'Namespace', 'namespaces', false),
  type('v1', 'Node', 'nodes', false),
  type('v1', 'PersistentVolume', 'persistentvolumes', false),
  type('v1', 'ConfigMap', 'configmaps'),
  type('v1', 'Secret', 'secrets'),
  type('v1', 'Service', 'services'),
  type('v1', 'ServiceAccount', 'serviceaccounts'),
  type('v1', 'Pod', 'pods'),
  type('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  type('v1', 'LimitRange', 'limitranges'),
  type('v1', 'ResourceQuota', 'resourcequotas'),
  type('v1', 'Endpoints', 'endpoints'),
  type('v1', 'Event', 'events'),
  type('apps/v1', 'Deployment', 'deployments'),
  type('apps/v1', 'ReplicaSet', 'replicasets'),
  type('apps/v1', 'StatefulSet', 'statefulsets'),
  type('apps/v1', 'DaemonSet', 'daemonsets'),
  type('batch/v1', 'Job', 'jobs'),
  type('batch/v1', 'CronJob', 'cronjobs'),
  type('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  type('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  type('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  type('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  type('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  type('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  type('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false),
  type('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false),
  type('storage.k8s.io/v1', 'StorageClass', 'storageclasses', false),
  type('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', false),
  type('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
  type('apiregistration.k8s.io/v1', 'APIService', 'apiservices', false),
  type('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', false),
  type('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', false),
  type('coordination.k8s.io/v1', 'Lease', 'leases'),
  type('argoproj.io/v1alpha1', 'Application', 'applications'),
  type('argoproj.io/v1alpha1', 'ApplicationSet', 'applicationsets'),
  type('argoproj.io/v1alpha1', 'AppProject', 'appprojects'),
];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The types that a CustomResourceDefinition's `spec` defines: one a served version. */
export const typesOfDefinition = (spec: unknown): ApiResource[] => {
  if (!isRecord(spec) || !isRecord(spec.names) || !Array.isArray(spec.versions)) return [];
  const { names, group, scope } = spec;
  return spec.versions.filter(isRecord).flatMap((version) =>
    version.served === false
      ? []
      : [
          {
            group: String(group),
            version: String(version.name),
            kind: String(names.kind),
            resource: String(names.plural),
            namespaced: scope === 'Namespaced',
            verbs: allVerbs,
          },
        ],
  );
};
