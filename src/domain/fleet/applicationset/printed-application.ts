import { knownFields } from '../../validate-document.ts';
import { ApplicationSchema } from '../application-schema.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Mappings that are the user's own: printed as they are, left out where they are empty. */
const FREE = new Set([
  'metadata.labels',
  'metadata.annotations',
  'spec.source.kustomize.commonLabels',
  'spec.source.kustomize.commonAnnotations',
  'spec.source.kustomize.patches.options',
  'spec.source.plugin.parameters',
  'spec.syncPolicy.managedNamespaceMetadata.labels',
  'spec.syncPolicy.managedNamespaceMetadata.annotations',
]);

/** Fields that Argo CD tells from absent ones, so that they are printed whatever they say. */
const TOLD = new Set([
  'spec.source',
  'spec.source.helm',
  'spec.source.helm.valuesObject',
  'spec.source.kustomize',
  'spec.source.kustomize.patches.target',
  'spec.source.directory',
  'spec.source.plugin',
  'spec.sourceHydrator',
  'spec.sourceHydrator.hydrateTo',
  'spec.syncPolicy',
  'spec.syncPolicy.automated',
  'spec.syncPolicy.automated.enabled',
  'spec.syncPolicy.retry',
  'spec.syncPolicy.retry.backoff',
  'spec.syncPolicy.retry.backoff.factor',
  'spec.syncPolicy.managedNamespaceMetadata',
  'spec.revisionHistoryLimit',
]);

/** Fields that Argo CD always prints, by the mapping that has them, with what it prints where nobody gave them. */
const ALWAYS: Readonly<Record<string, Record<string, unknown>>> = {
  '': { metadata: {}, spec: {} },
  spec: { destination: {}, project: '' },
  'spec.source': { repoURL: '' },
  'spec.source.directory': { jsonnet: {} },
  'spec.source.directory.jsonnet.extVars': { name: '', value: '' },
  'spec.source.directory.jsonnet.tlas': { name: '', value: '' },
  'spec.source.kustomize.replicas': { name: '', count: 0 },
  'spec.source.plugin.env': { name: '', value: '' },
  'spec.sourceHydrator': { drySource: {}, syncSource: {} },
  'spec.sourceHydrator.syncSource': { targetBranch: '', path: '' },
  'spec.sourceHydrator.hydrateTo': { targetBranch: '' },
  'spec.ignoreDifferences': { kind: '' },
  'spec.info': { name: '', value: '' },
};

/**
 * An Application (a manifest) as `argocd appset generate` prints it: only fields that Argo CD knows, none that is empty, zero
 * or false but where Argo CD always prints it, neither namespace nor status.
 * Source: omitFields in Argo CD's cmd/argocd/commands/admin, omitempty in its types.go.
 */
export const printedApplication = (manifest: Record<string, unknown>): Record<string, unknown> => {
  const { status: _status, operation: _operation, ...known } = asRecord(knownFields(ApplicationSchema, manifest));
  const { namespace: _namespace, ...metadata } = asRecord(known['metadata']);
  return asRecord(printed({ ...known, metadata }, ''));
};

const asRecord = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

const printed = (value: unknown, path: string): unknown => {
  if (FREE.has(path) || path === 'spec.source.helm.valuesObject') return value;
  if (Array.isArray(value)) return value.map((one) => printed(one, path));
  if (!isRecord(value)) return value;
  const always = ALWAYS[path] ?? {};
  return Object.fromEntries(
    Object.entries({ ...always, ...value })
      .map(([key, one]) => [key, printed(one, placeOf(path, key))] as const)
      .filter(([key, one]) => Object.hasOwn(always, key) || TOLD.has(placeOf(path, key)) || !isZero(one)),
  );
};

/** All kinds of sources have the same fields. */
const placeOf = (path: string, key: string): string => {
  const place = path === '' ? key : `${path}.${key}`;
  return place === 'spec.sources' || place === 'spec.sourceHydrator.drySource' ? 'spec.source' : place;
};

const isZero = (value: unknown): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && (value === null || Object.keys(value).length === 0));
