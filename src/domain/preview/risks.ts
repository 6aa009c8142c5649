import type { Difference } from '../diff/differences.ts';
import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';
import type { Risk } from './preview-view.ts';

/** Fields that the API server lets nobody change, by group and kind: the object has to be deleted and made again. */
const IMMUTABLE: Readonly<Record<string, readonly RegExp[]>> = {
  'apps/Deployment': [/^spec\.selector\b/],
  'apps/DaemonSet': [/^spec\.selector\b/],
  'apps/ReplicaSet': [/^spec\.selector\b/],
  'apps/StatefulSet': [/^spec\.(?:selector|serviceName|volumeClaimTemplates|podManagementPolicy)\b/],
  'batch/Job': [/^spec\.(?:selector|template|completionMode|completions)\b/],
  '/Service': [/^spec\.(?:clusterIP|clusterIPs)\b/],
  '/PersistentVolumeClaim': [/^spec\.(?:accessModes|storageClassName|volumeName|volumeMode|selector|dataSource)\b/],
  '/PersistentVolume': [/^spec\.(?:csi|nfs|hostPath|awsElasticBlockStore|volumeMode|nodeAffinity)\b/],
  '/Secret': [/^type$/],
  'rbac.authorization.k8s.io/RoleBinding': [/^roleRef\b/],
  'rbac.authorization.k8s.io/ClusterRoleBinding': [/^roleRef\b/],
  'storage.k8s.io/StorageClass': [/^(?:provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/],
};
const IMMUTABLE_DATA = new Set(['/ConfigMap', '/Secret']);

interface Sides {
  before?: KubernetesObject | undefined;
  after?: KubernetesObject | undefined;
}

/** Why the change of one object deserves a second look. */
export const risksOf = (sides: Sides, differences: readonly Difference[]): Risk[] => {
  const object = sides.after ?? sides.before;
  if (!object) return [];
  const { group } = parseApiVersion(object.apiVersion);
  const { kind } = object;
  return [
    ...(sides.after ? [] : [risk('delete', `${kind} is deleted`)]),
    ...(kind === 'CustomResourceDefinition' ? [risk('custom-resource-definition', crdText(sides))] : []),
    ...immutableRisks(sides, `${group}/${kind}`, differences),
    ...differences.flatMap(imageRisk),
    ...(group === '' && kind === 'Namespace' ? [risk('namespace', 'a Namespace changes')] : []),
    ...(group === 'rbac.authorization.k8s.io' ? [risk('rbac', `permissions change (${kind})`)] : []),
    ...(group === '' && kind === 'Secret' ? [risk('secret', 'a Secret is touched; its values are not shown')] : []),
  ];
};

const risk = (kind: Risk['kind'], text: string): Risk => ({ kind, text });

const crdText = ({ before, after }: Sides): string => {
  if (!after) return 'deleting a CustomResourceDefinition deletes every object of its kind';
  return before ? 'a CustomResourceDefinition changes' : 'a CustomResourceDefinition is added';
};

const immutableRisks = ({ before, after }: Sides, kind: string, differences: readonly Difference[]): Risk[] => {
  if (!before || !after) return [];
  const isSealed = before['immutable'] === true && IMMUTABLE_DATA.has(kind);
  const rules = [...(IMMUTABLE[kind] ?? []), ...(isSealed ? [/^(?:data|binaryData|stringData|immutable)\b/] : [])];
  const changed = differences.filter(({ path, live }) => live !== undefined && rules.some((rule) => rule.test(path)));
  return changed.map(({ path }) => risk('immutable-field', `${withoutKey(path)} cannot be changed in place`));
};

/** Of a map's entry only the map: a Secret's keys are named in its lines. */
const withoutKey = (path: string): string => path.replace(/^(data|binaryData|stringData)\b.*/, '$1');

/** Another major version of a container's image, up or down. */
const imageRisk = ({ path, live, desired }: Difference): Risk[] => {
  if (!/(?:^|\.)image$/.test(path) || typeof live !== 'string' || typeof desired !== 'string') return [];
  const [from, to] = [imageOf(live), imageOf(desired)];
  if (from.name !== to.name || from.major === undefined || to.major === undefined || from.major === to.major) return [];
  return [risk('image-major', `${from.name}: major version ${from.major} → ${to.major}`)];
};

const imageOf = (image: string): { name: string; major?: string | undefined } => {
  const [withoutDigest = ''] = image.split('@');
  const colon = withoutDigest.lastIndexOf(':');
  const hasTag = colon > withoutDigest.lastIndexOf('/');
  const name = hasTag ? withoutDigest.slice(0, colon) : withoutDigest;
  const tag = hasTag ? withoutDigest.slice(colon + 1) : '';
  return { name, major: /^v?(\d+)(?:[.-]|$)/.exec(tag)?.[1] };
};
