import { readCompareOptions } from '../../domain/diff/compare-options.ts';
import { type Comparison, compareResource } from '../../domain/diff/compare-resource.ts';
import { type DeleteJqPaths, ignoreRulesFor } from '../../domain/diff/ignore-rules.ts';
import { withoutMigrated } from '../../domain/diff/migrated-fields.ts';
import { AppError } from '../../domain/errors.ts';
import type { Application } from '../../domain/fleet/application.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { ArgoSettings } from '../../domain/settings/argo-settings.ts';
import { FIELD_MANAGER, migratedManagers } from '../../domain/sync/migrate-fields.ts';
import type { Target } from '../../domain/sync/sync-operation.ts';
import { applyWay } from '../../domain/sync/sync-options.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import { eachOf } from '../each-of.ts';
import type { Live } from './read-live.ts';

export interface CompareTargetsInput {
  connection: Pick<ClusterConnection, 'apply'>;
  application: Pick<Application, 'annotations' | 'ignoreDifferences'>;
  settings: ArgoSettings;
  targets: readonly Pick<Target, 'key' | 'ref' | 'object' | 'options'>[];
  live: Live;
  /** Helm's fields are taken over too. */
  adopt: boolean;
  deleteJqPaths: DeleteJqPaths;
  /** Whether the compared objects are wanted too: as much memory again as the application has. */
  withSides?: boolean;
}

/** `note`: why the answer is an estimate, or could not be had. `sides` only where they were asked for. */
export type TargetComparison = Omit<Comparison, 'sides'> & Partial<Pick<Comparison, 'sides'>> & { note?: string };

/** One object may be 1.5 MB, live, wanted and predicted: so many at a time fit a small worker. */
const COMPARED_IN_FLIGHT = 16;

/**
 * Compares each target with its live object, asking the server's dry run what an apply would change; by `resourceKey`.
 * Where the dry run is refused or not wanted (`ServerSideDiff=false`), the change is estimated. Errors: the cluster's
 * transient ones.
 */
export const compareTargets = async (input: CompareTargetsInput): Promise<Map<string, TargetComparison>> => {
  const found = new Map<string, TargetComparison>();
  await eachOf(input.targets, COMPARED_IN_FLIGHT, async (target) => {
    found.set(target.key, await compareTarget(input, target));
  });
  return found;
};

const compareTarget = async (
  input: CompareTargetsInput,
  { key, ref, object, options }: CompareTargetsInput['targets'][number],
): Promise<TargetComparison> => {
  const { application, settings, deleteJqPaths } = input;
  const live = input.live.get(key);
  const asked = readCompareOptions(application.annotations);
  const own = readCompareOptions(object.metadata.annotations);
  const isServerSide = own.serverSideDiff ?? asked.serverSideDiff ?? true;
  const answer = live && isServerSide ? await dryRun(input, object, live, options) : {};
  const ignore = ignoreRulesFor(ref, application.ignoreDifferences, settings.resourceOverrides);
  try {
    const comparison = await compareResource({
      desired: object,
      ...(live ? { live } : {}),
      ...(answer.predicted ? { predicted: answer.predicted } : {}),
      ...(ignore ? { ignore } : {}),
      settings,
      fieldManager: FIELD_MANAGER,
      includeMutationWebhook: asked.includeMutationWebhook || own.includeMutationWebhook,
      deleteJqPaths,
    });
    const { sides, ...kept } = comparison;
    return { ...kept, ...(input.withSides ? { sides } : {}), ...(answer.note ? { note: answer.note } : {}) };
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'permanent') throw error;
    return { status: 'OutOfSync', differences: [], note: error.message };
  }
};

/** A refusal that will be the same next time says nothing about the other objects; what may pass ends the comparison. */
const dryRun = async (
  { connection, application, adopt }: CompareTargetsInput,
  desired: KubernetesObject,
  live: KubernetesObject,
  options: Target['options'],
): Promise<{ predicted?: KubernetesObject; note?: string }> => {
  try {
    const way = { fieldManager: FIELD_MANAGER, force: true, ...applyWay(options) };
    const predicted = await connection.apply(desired, { ...way, dryRun: true });
    if (!options.serverSideApply) return { predicted };
    return { predicted: withoutMigrated(predicted, { live, desired, managers: migratedManagers(application, adopt) }) };
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'permanent') throw error;
    return { note: error.message };
  }
};
