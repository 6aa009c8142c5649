import type { ApplicationRow } from '../../domain/application-row.ts';
import { applyPlan, writtenBy } from '../../domain/apply-plan.ts';
import { transient } from '../../domain/errors.ts';
import type { RemovedApplication } from '../../domain/fleet/removed-applications.ts';
import { readSubscriptions } from '../../domain/fleet/subscriptions.ts';
import { holdsLease } from '../../domain/lease.ts';
import type { RefRow } from '../../domain/ref-row.ts';
import type { PlannedApplication } from '../../domain/rollout.ts';
import type { SourceRevision } from '../../domain/source-revision.ts';
import { eachOf } from '../each-of.ts';
import { updateRow } from '../update-row.ts';
import type { Compiled } from './compile-at.ts';
import { type DeliveredRollouts, rolloutOfDelivered } from './delivered-rollouts.ts';
import type { PlanDeps } from './deps.ts';
import type { AffectedApplication } from './inspect-application.ts';

/** What is kept of a row that was written: rows are many, and large. */
export interface WrittenApplication {
  id: string;
  rollout: string;
  renderKeys: readonly string[];
  revisions: readonly SourceRevision[];
  planned: PlannedApplication;
}

interface WriteInput {
  /** The planned ref's row under its lease, and who holds that. */
  ref: RefRow;
  owner: string;
  rollout: string;
  /** Those of what applications delivered. */
  delivered: DeliveredRollouts;
  compiled: Compiled;
  affected: readonly AffectedApplication[];
  /** Those whose projects may refuse what nobody knows before it is synced. */
  unjudged: ReadonlySet<string>;
  force: readonly string[];
  /** The head is planned already; what was lost is asked for again. */
  isRepair: boolean;
  /** Told of each affected application once its row is as it must be. */
  onWritten: (application: string) => void;
}

const WRITES_IN_FLIGHT = 16;

/**
 * Writes what each affected application must become, generation + 1; whoever syncs it tells the rollouts that had planned
 * it before that they no longer decide. Answers with those that really changed; removed applications are marked in the same way.
 * Errors: AppError `plan-late` (transient) once the ref's lease has run out: a newer plan may have written these rows.
 */
export const writeDesired = async (deps: PlanDeps, input: WriteInput): Promise<WrittenApplication[]> => {
  const written: WrittenApplication[] = [];
  await eachOf(input.affected, WRITES_IN_FLIGHT, async (affected) => {
    const one = await writeOne(deps, input, affected);
    if (one) written.push(one);
    input.onWritten(affected.application.id);
  });
  await eachOf(input.compiled.removed, WRITES_IN_FLIGHT, (one) => markRemoved(deps, input, one));
  return written.sort((a, b) => (a.id < b.id ? -1 : 1));
};

const writeOne = async (
  deps: PlanDeps,
  { ref, owner, force, delivered, isRepair, ...input }: WriteInput,
  affected: AffectedApplication,
): Promise<WrittenApplication | undefined> => {
  const { application, reason, revisions, error, facts } = affected;
  let rollout = rolloutOfDelivered(affected, delivered) ?? input.rollout;
  const renderKeys = error ? [] : affected.sources.map(({ renderKey }) => renderKey);
  const isAsked = force.includes(application.id);
  const plan = {
    revisions,
    renderKeys,
    reason,
    plannedAt: deps.clock(),
    ...(ref.origin ? { origin: ref.origin } : {}),
    ...(error ? { error } : {}),
    ...(facts ? { facts } : {}),
  };
  let before: ApplicationRow | undefined;
  const saved = await updateRow(deps.applications, application.id, (known) => {
    before = known;
    assertHeld(deps, ref, owner);
    if (isRepair) rollout = deciding(known, renderKeys) ?? rollout;
    const isForced = isAsked || isToJudgeAnew(application, input, known);
    return applyPlan(known, application, { ...plan, rollout }, isForced);
  });
  const row = saved ?? (writtenBy(before, rollout) ? before : undefined);
  if (!row) return undefined;
  const notify = readSubscriptions(application.annotations);
  const { environment, cluster, project } = application;
  const more = {
    ...(row.desired?.generation === 1 ? { created: true as const } : {}),
    ...(notify ? { notify } : {}),
  };
  const planned = { application: row.id, environment, cluster, reason, project, ...more };
  return { id: row.id, rollout, renderKeys, revisions, planned };
};

/**
 * By its project's new rules: the old ones may be what its last operation failed at, and of what is not known only whoever
 * syncs can tell. Nothing else would have it tried again.
 */
const isToJudgeAnew = (
  { id, project }: AffectedApplication['application'],
  { compiled, unjudged }: Pick<WriteInput, 'compiled' | 'unjudged'>,
  known: ApplicationRow | undefined,
): boolean => {
  if (!compiled.rules.has(project)) return false;
  const { operation, desired } = known ?? {};
  const hasEnded = operation?.generation === desired?.generation;
  return unjudged.has(id) || (hasEnded && ['Failed', 'Error'].includes(operation?.phase ?? ''));
};

/** The rollout that planned the very same: what it lost on the way is made again for it, and nobody else tells its end. */
const deciding = (known: ApplicationRow | undefined, renderKeys: readonly string[]): string | undefined => {
  const { desired } = known ?? {};
  return desired && desired.renderKeys.join() === renderKeys.join() ? desired.rollout : undefined;
};

/** A plan that was paused past its lease read a head that may be long past. */
const assertHeld = ({ clock }: PlanDeps, { lease }: RefRow, owner: string): void => {
  if (!holdsLease(lease, owner, clock()))
    throw transient('plan-late', 'the lease of the ref ran out before its plan ended');
};

/**
 * Gone from Git: the sync side deletes what it made (with the resources finalizer) or forgets the application, unless
 * somebody has to approve first.
 */
const markRemoved = async (
  deps: PlanDeps,
  { ref, owner }: WriteInput,
  { id, waits }: RemovedApplication,
): Promise<void> => {
  const held = waits === undefined ? {} : { removalWaits: waits };
  const marked = await updateRow(deps.applications, id, (known) => {
    assertHeld(deps, ref, owner);
    return known && !known.removed ? { ...known, removed: true, ...held, due: deps.clock() } : undefined;
  });
  if (marked) await deps.queues.syncs([{ version: 1, application: id, hops: 0 }]);
};
