import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import { stableDigest } from '../../domain/stable-digest.ts';
import type { SyncProblem, Target } from '../../domain/sync/sync-operation.ts';
import { prepareTargets } from '../../domain/sync/targets.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import type { SyncDeps } from './deps.ts';
import type { Look } from './look.ts';

/** Rendered objects as they are applied to the cluster at hand. */
export interface Prepared {
  connection: ClusterConnection;
  targets: readonly Target[];
  /** Of what an operation's states count: other targets need another operation. */
  targetsDigest: string;
  problems: readonly SyncProblem[];
}

/** Connects to the application's cluster, as the rollout for its audit log, and makes targets of the rendered objects. */
export const prepareRun = async (
  deps: SyncDeps,
  { row, cluster, settings }: Look,
  objects: readonly KubernetesObject[],
): Promise<Prepared> => {
  const connection = await deps.connect(cluster, row.desired?.rollout ?? 'towline', row.id);
  // A kind that was not served yet may be by now.
  const apiResources = await connection.discover({ fresh: row.operation?.waiting === 'kind' });
  const { targets, problems } = prepareTargets({ application: row.spec, objects, apiResources, settings });
  const { destination } = row.spec;
  // Not by namespace: that of a kind which is not served yet is a guess.
  const counted = targets.map(({ ref: { group, kind, name }, phases }) => [group, kind, name, phases]);
  return { connection, targets, problems, targetsDigest: stableDigest([destination, row.spec.cluster, counted]) };
};
