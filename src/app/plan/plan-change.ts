import { deliveryFailed, deliveryPlanned } from '../../domain/delivery.ts';
import { AppError } from '../../domain/errors.ts';
import { abandonPlan, finishPlan, type RefRow, refId, requestPlan } from '../../domain/ref-row.ts';
import type { ChangeMessage } from '../../messages/change.ts';
import { retryRollout } from '../control/retry-rollout.ts';
import { loadFleet } from '../load-fleet.ts';
import { updateKnownRow, updateRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';
import { type PlanResult, planRef } from './plan-ref.ts';
import { reportPassedOver } from './report-passed-over.ts';

/**
 * Handles one hint that a ref moved: takes the ref's lease and plans its head as it is now, again and again while hints
 * come in; where another worker holds the lease, that worker serves this hint too. So a hundred pushes make few plans.
 * Errors: those of the ports (transient ones send the hint back to the queue; the lease is given up first).
 */
export const planChange =
  (deps: PlanDeps) =>
  async (hint: ChangeMessage): Promise<void> => {
    const owner = deps.newId();
    const id = refId(hint.repository, hint.ref);
    let held = false;
    const take = (known: RefRow | undefined): RefRow => {
      const request = requestPlan(known, { ...hint, owner, now: deps.clock() });
      held = request.held;
      return request.row;
    };
    const [isOver, ref] = await Promise.all([isSettled(deps, hint.delivery), deps.refs.get(id)]);
    if (isOver) return;
    const row = ref ? await updateKnownRow(deps.refs, ref, take) : await updateRow(deps.refs, id, take);
    if (row && held) await planWhileAsked(deps, row, owner, hint);
    if (hint.again) await retryFailed(deps, id);
    if (row && !held) deps.log.info('plan under way, hint left to it', { repository: hint.repository, ref: hint.ref });
    await settleDelivery(deps, hint.delivery, deliveryPlanned);
  };

/** A delivery that comes again is somebody's wish to have what failed tried again, as far as it still decides. */
const retryFailed = async (deps: PlanDeps, ref: string): Promise<void> => {
  const rollout = (await deps.refs.get(ref))?.rollout;
  if (rollout === undefined) return;
  await retryRollout(deps)(rollout).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.kind !== 'rejected') throw error;
  });
};

/** What a plan has served: hints that come in later are another plan's. */
interface Served {
  servedRequests: number;
  servedHints: readonly string[];
  servedForced: readonly string[];
}

/** A queue delivers at least once: the message of a delivery that is planned has nothing left to say. */
const isSettled = async (deps: PlanDeps, delivery: string | undefined): Promise<boolean> =>
  delivery !== undefined && (await deps.deliveries.get(delivery))?.state === 'planned';

const planWhileAsked = async (deps: PlanDeps, start: RefRow, owner: string, hint: ChangeMessage): Promise<void> => {
  let row: RefRow | undefined = start;
  let hasWritten = false;
  const onWrite = (): void => {
    hasWritten = true;
  };
  try {
    while (row) {
      const fleet = await loadFleet(deps);
      const served: Served = { servedRequests: row.requested, servedHints: row.hinted, servedForced: row.forced ?? [] };
      const plan = await planRef(deps)({ row, owner, hint, fleet, onWrite });
      await reportPassedOver(deps, { ref: row, cause: hint.cause, plan });
      row = await release(deps, row.id, owner, { ...plan, ...served });
      hasWritten = false;
    }
  } catch (error) {
    await updateRow(deps.refs, start.id, (known) =>
      known?.lease?.owner === owner ? abandonPlan(known, deps.clock(), hasWritten) : undefined,
    );
    if (error instanceof AppError && error.kind !== 'transient') {
      deps.log.error('plan failed for good', {
        repository: hint.repository,
        ref: hint.ref,
        code: error.code,
        reason: error.message,
      });
      await settleDelivery(deps, hint.delivery, deliveryFailed);
    }
    throw error;
  }
};

/** Ends the plan; answers with the row where another round is asked for, undefined where the ref is at rest. */
const release = async (
  deps: PlanDeps,
  id: string,
  owner: string,
  plan: PlanResult & Served,
): Promise<RefRow | undefined> => {
  let again = false;
  const saved = await updateRow(deps.refs, id, (known) => {
    if (known?.lease?.owner !== owner) return undefined;
    const finished = finishPlan(known, plan);
    again = finished.again;
    return finished.row;
  });
  return again ? saved : undefined;
};

const settleDelivery = async (
  deps: PlanDeps,
  delivery: string | undefined,
  settle: typeof deliveryPlanned,
): Promise<void> => {
  if (delivery === undefined) return;
  await updateRow(deps.deliveries, delivery, (known) => (known?.state === 'received' ? settle(known) : undefined));
};
