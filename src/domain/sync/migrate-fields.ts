import { isRecord } from '../health/fields.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../kubernetes-object.ts';
import type { JsonPatchOperation } from './actions.ts';

/** Argo CD's own, so that an application can move over, and back, with its fields' ownership. */
export const FIELD_MANAGER = 'argocd-controller';

/** Who wrote, client-side, what Git said. */
const MIGRATED: readonly string[] = [
  FIELD_MANAGER,
  'argocd-application-controller',
  'kubectl-client-side-apply',
  'kubectl',
  'before-first-apply',
];

const MANAGER_ANNOTATION = 'argocd.argoproj.io/client-side-apply-migration-manager';

/** Managers whose fields are taken over: with `adopt` Helm's too, and the one that the Application names. */
export const migratedManagers = (
  { annotations }: { annotations: Readonly<Record<string, string>> },
  adopt: boolean,
): string[] => {
  const named = annotations[MANAGER_ANNOTATION];
  return [...MIGRATED, ...(adopt ? ['helm'] : []), ...(named ? [named] : [])];
};

const isMigrated = (entry: ManagedFieldsEntry, managers: readonly string[]): boolean =>
  entry.operation === 'Update' && !entry.subresource && managers.includes(entry.manager ?? '');

/**
 * The patch that moves ownership of what client-side managers wrote to our server-side apply, so that a field which leaves
 * Git leaves the cluster; undefined: there is nothing to move. It holds for the very object it was made from.
 */
export const migrateFields = (
  live: KubernetesObject,
  managers: readonly string[],
): JsonPatchOperation[] | undefined => {
  const entries = live.metadata.managedFields ?? [];
  const moved = entries.filter((entry) => isMigrated(entry, managers));
  const [first] = moved;
  if (!first) return undefined;
  const isOurs = ({ manager, operation, subresource }: ManagedFieldsEntry) =>
    manager === FIELD_MANAGER && operation === 'Apply' && !subresource;
  const ours = entries.find(isOurs) ?? { ...first, manager: FIELD_MANAGER, operation: 'Apply' as const };
  const fieldsV1 = [ours, ...moved].map((entry) => entry.fieldsV1).reduce(union, {});
  const others = entries.filter((entry) => !isOurs(entry) && !moved.includes(entry));
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    { op: 'replace', path: '/metadata/managedFields', value: [{ ...ours, fieldsV1 }, ...others] },
  ];
};

/** Every field that either set of FieldsV1 names. */
const union = (a: unknown, b: unknown): unknown => {
  if (!isRecord(a) || !isRecord(b)) return isRecord(a) ? a : b;
  const merged: Record<string, unknown> = { ...a };
  for (const [field, inner] of Object.entries(b)) merged[field] = field in a ? union(a[field], inner) : inner;
  return merged;
};
