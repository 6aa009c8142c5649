import type { ApplicationRow } from '../../domain/application-row.ts';
import { isObserved } from '../../domain/fleet/observe-mode.ts';
import { settingsOf } from '../../domain/fleet-row.ts';
import type { ArgoSettings } from '../../domain/settings/argo-settings.ts';
import { isOwn } from '../../domain/sync/tracking.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import { loadFleet } from '../load-fleet.ts';
import type { SyncDeps } from './deps.ts';
import type { Advance } from './sync-application.ts';

const RESOURCES_FINALIZER = 'resources-finalizer.argocd.argoproj.io';

/**
 * An application that is gone from Git: with Argo CD's resources finalizer what it applied is deleted (inventory ∩ its
 * tracking id); without it, or where its cluster is gone too, it is forgotten and its objects stay.
 * What waits for approval stays as it is. Source: Argo CD docs, App Deletion.
 */
export const removeApplication = async (deps: SyncDeps, row: ApplicationRow): Promise<Advance> => {
  if (row.removalWaits !== undefined) return { change: { waiting: row.removalWaits } };
  const fleet = await loadFleet(deps);
  const cluster = fleet.file.clusters.find(({ name }) => name === row.spec.cluster);
  const cascades = row.spec.finalizers.some((finalizer) => finalizer.startsWith(RESOURCES_FINALIZER));
  if (!cluster || !cascades || row.inventory.length === 0) return { change: {}, forget: true };
  if (isObserved(fleet.file, cluster, row.spec)) return { change: { waiting: 'observe mode: nothing is deleted' } };
  const connection = await deps.connect(cluster, `delete-${row.spec.name}`);
  const settings = settingsOf(fleet);
  const left = await Promise.all(row.inventory.map((entry) => deleteOwn(connection, row, entry, settings)));
  const inventory = row.inventory.filter((_, index) => left[index]);
  return inventory.length === 0 ? { change: { inventory }, forget: true } : { change: { inventory }, waitSeconds: 2 };
};

/** Deletes one object that is still the application's; true while it is there. */
const deleteOwn = async (
  connection: ClusterConnection,
  row: ApplicationRow,
  { ref, uid }: ApplicationRow['inventory'][number],
  settings: ArgoSettings,
): Promise<boolean> => {
  const live = await connection.get(ref);
  if (!live || !isOwn(live, row.spec, settings)) return false;
  if (uid !== undefined && live.metadata.uid !== uid) return false;
  if (KEPT.has(ref.kind) || keeps(live.metadata.annotations ?? {})) return false;
  if (live.metadata.deletionTimestamp) return true;
  const { uid: seen, resourceVersion } = live.metadata;
  await connection.delete(ref, {
    ...(seen ? { uid: seen } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    propagationPolicy: 'Foreground',
  });
  return (await connection.get(ref)) !== undefined;
};

/** Deleting a definition deletes every object of its kind: Argo CD leaves it, and so do we. */
const KEPT: ReadonlySet<string> = new Set(['CustomResourceDefinition']);

const keeps = (annotations: Record<string, string>): boolean =>
  annotations['helm.sh/resource-policy'] === 'keep' ||
  (annotations['argocd.argoproj.io/sync-options'] ?? '').split(',').some((option) => option.trim() === 'Delete=false');
