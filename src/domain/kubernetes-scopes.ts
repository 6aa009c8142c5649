import { type KubernetesObject, parseApiVersion } from './kubernetes-object.ts';

/** Kinds of Kubernetes itself that stand in no namespace. Of others only the cluster knows. */
const CLUSTER_SCOPED = new Set([
  'Namespace',
  'Node',
  'PersistentVolume',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'APIService',
  'StorageClass',
  'CSIDriver',
  'CSINode',
  'VolumeAttachment',
  'VolumeAttributesClass',
  'PriorityClass',
  'RuntimeClass',
  'IngressClass',
  'CertificateSigningRequest',
  'ClusterTrustBundle',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'FlowSchema',
  'PriorityLevelConfiguration',
  'IPAddress',
  'ServiceCIDR',
  'DeviceClass',
  'ResourceSlice',
]);
const BUILTIN_GROUP = /^[a-z]*$|\.k8s\.io$/;

/** Groups of Kubernetes itself whose kinds, but for those above, all stand in a namespace. */
const NAMESPACED_GROUPS = new Set([
  '',
  'apps',
  'autoscaling',
  'batch',
  'extensions',
  'policy',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'networking.k8s.io',
  'rbac.authorization.k8s.io',
]);

/** Whether an object's kind is one of Kubernetes' own that stand in no namespace. */
export const isClusterScoped = ({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean =>
  CLUSTER_SCOPED.has(kind) && BUILTIN_GROUP.test(parseApiVersion(apiVersion).group);

/** Whether an object's kind stands in a namespace, for kinds of Kubernetes itself; undefined: only its cluster knows. */
export const knownScope = (object: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean | undefined => {
  if (isClusterScoped(object)) return false;
  return NAMESPACED_GROUPS.has(parseApiVersion(object.apiVersion).group) ? true : undefined;
};
