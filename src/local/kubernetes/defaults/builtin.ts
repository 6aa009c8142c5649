import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { Json } from '../json.ts';
import { fill, isRecord, listOf, recordOf, textOf } from '../json.ts';
import type { Defaults } from './workloads.ts';
import { workloadDefaults } from './workloads.ts';

const isPublished = (type: unknown): boolean => type === 'NodePort' || type === 'LoadBalancer';

const service: Defaults = (object, spec) => {
  fill(spec, 'type', 'ClusterIP');
  fill(spec, 'sessionAffinity', 'None');
  for (const port of listOf(spec.ports).filter(isRecord)) {
    fill(port, 'protocol', 'TCP');
    if (spec.type !== 'ExternalName') fill(port, 'targetPort', port.port);
  }
  fill(object, 'status', { loadBalancer: {} });
  if (spec.type === 'ExternalName') return;
  fill(spec, 'internalTrafficPolicy', 'Cluster');
  if (isPublished(spec.type)) fill(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec.type === 'LoadBalancer') fill(spec, 'allocateLoadBalancerNodePorts', true);
  if (spec.sessionAffinity === 'ClientIP')
    fill(spec, 'sessionAffinityConfig', { clientIP: { timeoutSeconds: 10_800 } });
};

const secret: Defaults = (object) => {
  fill(object, 'type', 'Opaque');
  if (!isRecord(object.stringData)) return;
  const encoded = Object.entries(object.stringData).map(([key, value]) => [
    key,
    Buffer.from(textOf(value)).toString('base64'),
  ]);
  object.data = { ...recordOf(object.data), ...Object.fromEntries(encoded) };
  delete object.stringData;
};

const namespace: Defaults = (object) => {
  fill(object, 'spec', { finalizers: ['kubernetes'] });
  fill(object, 'status', { phase: 'Active' });
  object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name ?? '' };
};

const claim: Defaults = (object, spec) => {
  fill(spec, 'volumeMode', 'Filesystem');
  fill(object, 'status', { phase: 'Pending' });
};

const volume: Defaults = (object, spec) => {
  if (isRecord(spec.hostPath)) fill(spec.hostPath, 'type', '');
  fill(spec, 'volumeMode', 'Filesystem');
  fill(spec, 'persistentVolumeReclaimPolicy', 'Retain');
  fill(object, 'status', { phase: 'Available' });
};

const ingress: Defaults = (object) => fill(object, 'status', { loadBalancer: {} });

const networkPolicy: Defaults = (_object, spec) => {
  for (const rule of [...listOf(spec.ingress), ...listOf(spec.egress)]) {
    for (const port of listOf(recordOf(rule).ports).filter(isRecord)) fill(port, 'protocol', 'TCP');
  }
  fill(spec, 'policyTypes', spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
};

const autoscaler: Defaults = (object, spec) => {
  fill(spec, 'minReplicas', 1);
  fill(object, 'status', { desiredReplicas: 0, currentReplicas: 0 });
  if (object.apiVersion !== 'autoscaling/v2' || listOf(spec.metrics).length > 0) return;
  const target = { type: 'Utilization', averageUtilization: 80 };
  spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
};

const fillSubjects = (object: KubernetesObject): void => {
  for (const subject of listOf(object.subjects).filter(isRecord)) {
    if (subject.kind !== 'ServiceAccount') fill(subject, 'apiGroup', 'rbac.authorization.k8s.io');
  }
  if (isRecord(object.roleRef) && !object.roleRef.apiGroup) object.roleRef.apiGroup = 'rbac.authorization.k8s.io';
};

const storageClass: Defaults = (object) => {
  fill(object, 'reclaimPolicy', 'Delete');
  fill(object, 'volumeBindingMode', 'Immediate');
};

const webhookConfiguration: Defaults = (object) => {
  for (const webhook of listOf(object.webhooks).filter(isRecord)) {
    fill(webhook, 'failurePolicy', 'Fail');
    fill(webhook, 'matchPolicy', 'Equivalent');
    fill(webhook, 'namespaceSelector', {});
    fill(webhook, 'objectSelector', {});
    fill(webhook, 'timeoutSeconds', 10);
    if (object.kind.startsWith('Mutating')) fill(webhook, 'reinvocationPolicy', 'Never');
    for (const rule of listOf(webhook.rules).filter(isRecord)) fill(rule, 'scope', '*');
    const { service: target } = recordOf(webhook.clientConfig);
    if (isRecord(target)) fill(target, 'port', 443);
  }
};

const customResourceDefinition: Defaults = (_object, spec) => {
  const names = recordOf(spec.names);
  if (textOf(names.kind)) {
    fill(names, 'singular', textOf(names.kind).toLowerCase());
    fill(names, 'listKind', `${textOf(names.kind)}List`);
  }
  fill(spec, 'conversion', { strategy: 'None' });
};

const apiService: Defaults = (_object, spec) => {
  if (isRecord(spec.service)) fill(spec.service, 'port', 443);
};

const limitRange: Defaults = (_object, spec) => {
  for (const limit of listOf(spec.limits).filter(isRecord)) {
    if (limit.type !== 'Container' || !isRecord(limit.default)) continue;
    fill(limit, 'defaultRequest', {});
    for (const [name, amount] of Object.entries(limit.default)) fill(recordOf(limit.defaultRequest), name, amount);
  }
};

const endpointSlice: Defaults = (object) => {
  for (const endpoint of listOf(object.endpoints).filter(isRecord)) fill(endpoint, 'conditions', {});
  for (const port of listOf(object.ports).filter(isRecord)) {
    fill(port, 'name', '');
    fill(port, 'protocol', 'TCP');
  }
};

const endpoints: Defaults = (object) => {
  const ports = listOf(object.subsets).flatMap((subset) => listOf(recordOf(subset).ports));
  for (const port of ports.filter(isRecord)) fill(port, 'protocol', 'TCP');
};

const priorityClass: Defaults = (object) => fill(object, 'preemptionPolicy', 'PreemptLowerPriority');

const defaults: Readonly<Record<string, Defaults>> = {
  ...workloadDefaults,
  '/Service': service,
  '/Secret': secret,
  '/Namespace': namespace,
  '/PersistentVolumeClaim': claim,
  '/PersistentVolume': volume,
  '/LimitRange': limitRange,
  '/Endpoints': endpoints,
  'discovery.k8s.io/EndpointSlice': endpointSlice,
  'networking.k8s.io/Ingress': ingress,
  'networking.k8s.io/NetworkPolicy': networkPolicy,
  'autoscaling/HorizontalPodAutoscaler': autoscaler,
  'rbac.authorization.k8s.io/RoleBinding': fillSubjects,
  'rbac.authorization.k8s.io/ClusterRoleBinding': fillSubjects,
  'storage.k8s.io/StorageClass': storageClass,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhookConfiguration,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhookConfiguration,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
  'apiregistration.k8s.io/APIService': apiService,
  'scheduling.k8s.io/PriorityClass': priorityClass,
};

/** Fills in, in place, what the API server does for a built-in kind; the rest of its defaults matter to kubelets only. */
export const fillDefaults = (group: string, object: KubernetesObject): void => {
  const spec: Json = isRecord(object.spec) ? object.spec : {};
  defaults[`${group}/${object.kind}`]?.(object, spec);
};
