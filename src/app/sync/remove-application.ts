import type { ApplicationRow } from '../../domain/application-row.ts';
import { cascades } from '../../domain/sync/deletion.ts';
import { startOperation } from '../../domain/sync/start-operation.ts';
import type { Operation } from '../../domain/sync/sync-operation.ts';
import type { SyncDeps } from './deps.ts';
import { readRendered } from './load-manifests.ts';
import type { Advance, Look } from './look.ts';
import { type Prepared, prepareRun } from './prepare-run.ts';
import { runSteps } from './run-steps.ts';

/** A deletion that failed is begun anew after so long: what stood in its way may be gone. */
const AGAIN_SECONDS = 300;

/**
 * An application that is gone from Git. With Argo CD's resources finalizer the engine deletes what it applied: PreDelete
 * hooks, its objects wave by wave, PostDelete hooks; without it the hooks alone run and its objects stay; where its cluster is
 * gone too (no `look`), it is forgotten. What waits for approval stays as it is. Source: Argo CD docs, App Deletion.
 */
export const removeApplication = async (
  deps: SyncDeps,
  row: ApplicationRow,
  look: Look | undefined,
): Promise<Advance> => {
  if (row.removalWaits !== undefined) return { change: { waiting: row.removalWaits } };
  const { deletionHooks = false } = row;
  const isCascade = cascades(row.spec) && row.inventory.length > 0;
  if (!look || (!isCascade && !deletionHooks)) return { change: {}, forget: true };
  if (look.observe) return { change: { waiting: 'observe mode: nothing is deleted' } };
  const kept = row.applied ?? row.desired;
  const objects = deletionHooks ? await readRendered(deps, kept?.renderKeys ?? []) : [];
  if (!objects && !isAllowed(row)) return { change: { waiting: HOOKS_LOST }, clear: ['awaiting'] };
  const prepared = await prepareRun(deps, look, objects ?? []);
  const ran = await runSteps(deps, look, prepared, deletionOf(deps, row, prepared));
  if ('advance' in ran) return ran.advance;
  const { operation, inventory } = ran.ended;
  const change = { operation, inventory: [...inventory] };
  if (operation.phase === 'Succeeded') return { change, forget: true };
  return { change, clear: ['awaiting', 'waiting'], dueSeconds: AGAIN_SECONDS };
};

const HOOKS_LOST =
  'its deletion hooks are not kept any more: approve the deletion to go on without them, or put the application back';

const isAllowed = ({ approved, desired }: ApplicationRow): boolean =>
  approved?.delete === true && approved.generation === deletionGeneration(desired);

/** After every generation that was to be applied, so that no rollout takes the deletion's outcome for its own. */
const deletionGeneration = (desired: ApplicationRow['desired']): number => (desired?.generation ?? 0) + 1;

/** The deletion that is under way, or a new one: whatever sync was under way is over. */
const deletionOf = (
  deps: SyncDeps,
  { operation, desired, applied }: ApplicationRow,
  { targets, targetsDigest }: Prepared,
): Operation => {
  const isUnderWay = operation?.kind === 'delete' && operation.stage !== 'ended';
  if (isUnderWay && operation.targetsDigest === targetsDigest) return operation;
  return startOperation({
    id: deps.newId(),
    kind: 'delete',
    generation: deletionGeneration(desired),
    now: deps.clock(),
    revisions: (applied ?? desired)?.revisions.map(({ commit }) => commit) ?? [],
    targets,
    targetsDigest,
    options: {},
  });
};
