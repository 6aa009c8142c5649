import type { ApplicationRow } from '../../domain/application-row.ts';
import { supersede, terminate } from '../../domain/sync/start-operation.ts';
import type { Operation } from '../../domain/sync/sync-operation.ts';
import type { SyncDeps } from './deps.ts';
import { type Manifests, readRendered } from './load-manifests.ts';
import type { Advance, Look } from './look.ts';
import { prepareRun } from './prepare-run.ts';
import { type Running, runSteps } from './run-steps.ts';

/** The operation on an earlier generation that has not come to its end; undefined: there is none. */
export const earlierOperation = ({ operation, desired }: ApplicationRow): Operation | undefined =>
  operation && operation.kind === 'sync' && operation.stage !== 'ended' && operation.generation !== desired?.generation
    ? operation
    : undefined;

/**
 * Takes an operation on an earlier generation to its end, on the objects that it was begun with: superseded at the first
 * safe point once the newer ones are rendered, so that its hooks are cleaned up as the engine does it; else it goes on.
 * Undefined: it cannot be taken up any more, the newer one begins at once. `newer`: what that was rendered to.
 */
export const finishEarlier = async (
  deps: SyncDeps,
  look: Look,
  { earlier, newer }: { earlier: Operation; newer: Manifests | { advance: Advance } | undefined },
): Promise<Advance | undefined> => {
  const { row } = look;
  const objects = await readRendered(deps, earlier.renderKeys ?? []);
  if (!objects || look.observe) return undefined;
  const prepared = await prepareRun(deps, look, objects);
  if (prepared.targetsDigest !== earlier.targetsDigest) return undefined;
  const isAborted = row.aborted !== undefined && row.aborted >= earlier.generation;
  const ending = newer && 'objects' in newer ? supersede(earlier, deps.clock()) : undefined;
  const operation = ending ?? (isAborted ? terminate(earlier) : earlier);
  const ran = await runSteps(deps, look, prepared, operation);
  const advance = 'advance' in ran ? ran.advance : endOf(ran.ended);
  return newer && 'advance' in newer ? both(advance, newer.advance) : both(advance, { change: {} });
};

const endOf = ({ operation, inventory }: Running): Advance => ({
  change: { operation, inventory: [...inventory] },
  waitSeconds: 0,
});

/** What the newer generation waits for, or how its render failed, is its own. */
const both = (earlier: Advance, newer: Advance): Advance => ({
  ...earlier,
  change: { ...earlier.change, ...newer.change },
  clear: [...(earlier.clear ?? []).filter((field) => field !== 'awaiting'), ...(newer.clear ?? [])],
});
