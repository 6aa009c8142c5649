import { createHash } from 'node:crypto';
import type { Cause } from '../../domain/change.ts';
import type { RemovedApplication } from '../../domain/fleet/removed-applications.ts';
import type { Origin } from '../../domain/origin.ts';
import type { RefRow } from '../../domain/ref-row.ts';
import type { Rollout } from '../../domain/rollout.ts';
import { PROGRESS_DEADLINE_MS } from '../../domain/rollout.ts';
import { otherSources } from '../../domain/rollout-sources.ts';
import { updateKnownRow, updateRow } from '../update-row.ts';
import type { Compiled } from './compile-at.ts';
import type { DeliveredRollouts } from './delivered-rollouts.ts';
import type { PlanDeps } from './deps.ts';
import type { WrittenApplication } from './write-desired.ts';

interface OpenInput {
  id: string;
  at: { repository: string; ref: string; commit: string };
  cause: Cause;
  generation: number;
  environments: string[];
  /** The ref's rollout before this one: it is superseded where it still runs. */
  before: string | undefined;
  /** The push that the plan is made for. */
  origin?: Origin | undefined;
}

/** The same for the same plan of a ref's head, so that a crashed one is taken up under the same rollout. */
export const nextRolloutId = ({ repository, ref, generation }: RefRow, commit: string): string =>
  createHash('sha256')
    .update(`${repository}\n${ref}\n${generation + 1}\n${commit}`)
    .digest('hex')
    .slice(0, 16);

/** Creates the rollout's row (once) and asks for its `pending` statuses. */
export const openRollout = async (deps: PlanDeps, input: OpenInput): Promise<void> => {
  const now = deps.clock();
  const opened = await updateKnownRow(deps.rollouts, newRollout(input, now), (known) =>
    known?.version === 0 ? known : undefined,
  );
  if (input.before && input.before !== input.id) await supersede(deps, input.before, input);
  if (opened) {
    const asked = input.origin?.delivery ? { delivery: input.origin.delivery } : {};
    deps.events.emit({ event: 'rollout', at: now, rollout: input.id, ...input.at, state: 'pending', ...asked });
    await deps.queues.reports([{ version: 1, rollout: input.id }]);
  }
};

const newRollout = ({ id, at, cause, generation, environments, origin }: OpenInput, now: number): Rollout => ({
  id,
  version: 0,
  due: now + 60_000,
  ...at,
  cause,
  generation,
  createdAt: now,
  ...(origin ? { origin } : {}),
  state: 'planning',
  applications: [],
  environments,
  problems: [],
  sent: {},
  attempt: 1,
});

/** Tells a rollout that another one took over; one of the same commit also takes over the commit's statuses. */
export const supersede = async (
  deps: PlanDeps,
  before: string,
  { id, at }: Pick<OpenInput, 'id' | 'at'>,
): Promise<void> => {
  const superseded = await updateRow(deps.rollouts, before, (known) =>
    known && !known.supersededBy && (known.finishedAt === undefined || known.commit === at.commit)
      ? { ...known, supersededBy: id, ceded: known.commit === at.commit, due: deps.clock() + 60_000 }
      : undefined,
  );
  if (superseded) await deps.queues.reports([{ version: 1, rollout: before }]);
};

const REMOVED_KEPT = 100;

/** Those that go at once; what waits for approval is told as a problem. */
const removedBy = (removed: readonly RemovedApplication[]): Pick<Rollout, 'removed'> => {
  const gone = removed.filter(({ waits }) => waits === undefined).slice(0, REMOVED_KEPT);
  if (gone.length === 0) return {};
  return {
    removed: gone.map(({ id, project, notify }) => ({ application: id, project, ...(notify ? { notify } : {}) })),
  };
};

/** Writes down what the rollout consists of: from here on its outcomes decide. */
export const planRollout = async (
  deps: PlanDeps,
  plan: {
    id: string;
    written: readonly WrittenApplication[];
    removed: readonly RemovedApplication[];
    problems: Rollout['problems'];
    environments: string[];
  },
): Promise<void> => {
  const now = deps.clock();
  const planned = await updateRow(deps.rollouts, plan.id, (known): Rollout | undefined => {
    if (!known || known.finishedAt !== undefined) return undefined;
    return {
      ...known,
      state: 'running',
      plannedAt: known.plannedAt ?? now,
      due: now + PROGRESS_DEADLINE_MS,
      environments: plan.environments,
      problems: plan.problems,
      ...sourcesOf(known, plan.written),
      ...removedBy(plan.removed),
      applications: plan.written.map(({ planned: one }) => one),
    };
  });
  if (planned) await tellPlanned(deps, planned);
};

/** The sources that a rollout takes in beside its own commit, those that it has already included. */
const sourcesOf = (
  known: Rollout,
  written: readonly WrittenApplication[],
): Pick<Rollout, 'sources' | 'moreSources'> => {
  const revisions = written.flatMap((one) => one.revisions);
  const { sources, ...more } = otherSources(known, [...(known.sources ?? []), ...revisions]);
  return sources.length > 0 ? { sources, ...more } : {};
};

const tellPlanned = async (deps: PlanDeps, planned: Rollout): Promise<void> => {
  const { id, repository, ref, commit, applications, problems } = planned;
  deps.events.emit({
    event: 'rollout',
    at: deps.clock(),
    rollout: id,
    repository,
    ref,
    commit,
    state: 'running',
    applications,
    problems: problems.map(({ text }) => text),
  });
  await deps.queues.reports([{ version: 1, rollout: id }]);
};

/**
 * Adds applications to a rollout that is under way, and what is wrong with the documents that they come of. One that has
 * ended meanwhile goes on with them.
 */
const joinRollout = async (
  deps: PlanDeps,
  plan: { id: string; written: readonly WrittenApplication[]; problems: Rollout['problems'] },
): Promise<void> => {
  const joined = await updateRow(deps.rollouts, plan.id, (known): Rollout | undefined => {
    if (!known) return undefined;
    const { finishedAt: _finished, ...rest } = known;
    const added = plan.written.map(({ planned: one }) => one);
    const applications = new Map([...known.applications, ...added].map((one) => [one.application, one]));
    const problems = new Map([...known.problems, ...plan.problems].map((one) => [one.text, one]));
    const due = deps.clock() + PROGRESS_DEADLINE_MS;
    return {
      ...rest,
      state: 'running',
      due,
      ...sourcesOf(known, plan.written),
      applications: [...applications.values()],
      problems: [...problems.values()],
    };
  });
  if (joined) await tellPlanned(deps, joined);
};

/** Adds to each of these rollouts what was written for it, and what was wrong with what its applications delivered. */
export const joinRollouts = async (deps: PlanDeps, { rollouts, written, deliveredBy }: JoinInput): Promise<void> => {
  for (const id of new Set(rollouts.values())) {
    const problems = [...rollouts].flatMap(([parent, one]) => (one === id ? (deliveredBy.get(parent) ?? []) : []));
    const own = written.filter(({ rollout }) => rollout === id);
    if (own.length > 0 || problems.length > 0) await joinRollout(deps, { id, written: own, problems });
  }
};

interface JoinInput extends Pick<Compiled, 'deliveredBy'> {
  rollouts: DeliveredRollouts;
  written: readonly WrittenApplication[];
}
