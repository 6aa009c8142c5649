import type { Operation, Target } from '../../domain/sync/sync-operation.ts';
import { applicationOptions } from '../../domain/sync/sync-options.ts';
import { compareTargets } from './compare-targets.ts';
import type { SyncDeps } from './deps.ts';
import type { Look } from './look.ts';
import type { Prepared } from './prepare-run.ts';
import { readLive } from './read-live.ts';

/**
 * The keys of the objects that an attempt which is about to begin has to apply, with ApplyOutOfSyncOnly; undefined where all
 * are applied.
 */
export const findOutOfSync = async (
  { deleteJqPaths }: Pick<SyncDeps, 'deleteJqPaths'>,
  { row: { spec: application }, settings, adopt }: Look,
  { connection, targets }: Prepared,
  { stage, retryAt, options }: Operation,
): Promise<ReadonlySet<string> | undefined> => {
  if (!applicationOptions(application).applyOutOfSyncOnly || options.resources) return undefined;
  if (stage !== 'start' && retryAt === undefined) return undefined;
  const plain = targets.filter(isCompared);
  const live = await readLive(
    connection,
    plain.map(({ ref }) => ref),
  );
  const found = await compareTargets({ connection, application, settings, targets: plain, live, adopt, deleteJqPaths });
  return new Set([...found].flatMap(([key, { status }]) => (status === 'Synced' ? [] : [key])));
};

/** What its API server cannot be asked about is applied. */
const isCompared = ({ hook, phases, tracked, kind }: Target): boolean =>
  !hook && phases.length > 0 && tracked && kind === 'served';
