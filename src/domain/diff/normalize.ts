import { isRecord } from '../health/fields.ts';
import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';
import type { CompareOptions } from '../settings/argo-settings.ts';
import { copyOf } from './json.ts';

/** Written by kubectl's client-side apply; it repeats the object. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Metadata that the API server alone writes, or that says nothing about the object's content. */
const SERVER_METADATA = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
];

const encode = (text: string): string => {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
};

/** A number or a flag that YAML made of a text is that text again. */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

/** Folds stringData into data, as the API server does, and makes null values empty. */
const normalizeSecret = (secret: KubernetesObject): void => {
  const data = isRecord(secret['data']) ? secret['data'] : {};
  const texts = isRecord(secret['stringData']) ? secret['stringData'] : {};
  for (const [key, value] of Object.entries(data)) data[key] = value ?? '';
  for (const [key, value] of Object.entries(texts)) data[key] = encode(textOf(value));
  delete secret['stringData'];
  if (Object.keys(data).length > 0) secret['data'] = data;
  else delete secret['data'];
};

/** An empty list of rules is none; those of an aggregated role are the controller's where the settings say so. */
const normalizeRole = (role: KubernetesObject, ignoreAggregated: boolean): void => {
  const rules = role['rules'];
  const aggregated = ignoreAggregated && role['aggregationRule'] !== undefined;
  if (aggregated || rules === null || (Array.isArray(rules) && rules.length === 0)) delete role['rules'];
};

/** Ports of an Endpoints object default to TCP, and the order of its subsets says nothing. */
const normalizeEndpoints = (endpoints: KubernetesObject): void => {
  const subsets = endpoints['subsets'];
  if (!Array.isArray(subsets)) return;
  for (const subset of subsets) {
    const ports: unknown = isRecord(subset) ? subset['ports'] : undefined;
    if (Array.isArray(ports)) for (const port of ports) if (isRecord(port)) port['protocol'] ??= 'TCP';
  }
  endpoints['subsets'] = subsets.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
};

const dropStatus = (object: KubernetesObject, field: CompareOptions['ignoreResourceStatusField']): void => {
  const isDefinition = object.kind === 'CustomResourceDefinition';
  if (field === 'all' || (field === 'crd' && isDefinition)) delete object['status'];
};

const normalizeMetadata = ({ metadata }: KubernetesObject): void => {
  for (const field of SERVER_METADATA) delete metadata[field];
  if (metadata.annotations) delete metadata.annotations[LAST_APPLIED];
  for (const field of ['annotations', 'labels'] as const) {
    const map = metadata[field];
    if (map === null || (map && Object.keys(map).length === 0)) delete metadata[field];
  }
};

/** A copy of an object in the one form that comparisons use: without what the server alone writes. */
export const normalize = (
  object: KubernetesObject,
  options: Pick<CompareOptions, 'ignoreAggregatedRoles' | 'ignoreResourceStatusField'>,
): KubernetesObject => {
  const copy = copyOf(object);
  const { group } = parseApiVersion(copy.apiVersion);
  normalizeMetadata(copy);
  dropStatus(copy, options.ignoreResourceStatusField);
  if (group === '' && copy.kind === 'Secret') normalizeSecret(copy);
  if (group === '' && copy.kind === 'Endpoints') normalizeEndpoints(copy);
  if (group === 'rbac.authorization.k8s.io') normalizeRole(copy, options.ignoreAggregatedRoles);
  return copy;
};
