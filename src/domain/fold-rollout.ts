import type {
  ApplicationFailure,
  EnvironmentSummary,
  RenderingSummary,
  RolloutState,
  RolloutSummary,
} from './report/summary.ts';
import { isTerminal, type Outcome, type PlannedApplication, PROGRESS_DEADLINE_MS, type Rollout } from './rollout.ts';

type Group = 'synced' | 'progressing' | 'failed' | 'waiting' | 'superseded';

const GROUP: Record<Outcome['phase'], Group> = {
  planned: 'progressing',
  rendered: 'progressing',
  applied: 'progressing',
  healthy: 'synced',
  failed: 'failed',
  waiting: 'waiting',
  superseded: 'superseded',
};

/**
 * What a rollout tells the world, folded from its outcomes: the same whatever the order or the number of times they came
 * in. An application without an outcome is progressing; one that the rollout did not plan is left out.
 */
export const summarizeRollout = (rollout: Rollout, outcomes: readonly Outcome[], url: string): RolloutSummary => {
  const byApplication = new Map(outcomes.map((outcome) => [outcome.application, outcome]));
  const environments = rollout.environments.map((name) => summarizeEnvironment(name, rollout, byApplication));
  return {
    rolloutId: rollout.id,
    repository: rollout.repository,
    ref: rollout.ref,
    commit: rollout.commit,
    ...(rollout.subject ? { subject: rollout.subject } : {}),
    url,
    ...(rollout.sources ? { sources: rollout.sources } : {}),
    ...(rollout.moreSources ? { moreSources: rollout.moreSources } : {}),
    environments,
    ...(rollout.removed?.length ? { removed: rollout.removed.map(({ application }) => application) } : {}),
    rendering: summarizeRendering(rollout, byApplication),
    failures: [...documentFailures(rollout), ...applicationFailures(rollout.applications, byApplication)],
    state: stateOf(rollout, byApplication),
  };
};

const summarizeEnvironment = (
  name: string,
  rollout: Rollout,
  outcomes: ReadonlyMap<string, Outcome>,
): EnvironmentSummary => {
  const summary = { name, total: 0, synced: 0, progressing: 0, failed: 0, waiting: 0, superseded: 0 };
  for (const { application, environment } of rollout.applications) {
    // One without an environment (the parent of others, in the control plane) bears on all.
    if (environment !== name && environment !== '') continue;
    summary.total += 1;
    summary[groupOf(rollout, outcomes.get(application))] += 1;
  }
  return summary;
};

const summarizeRendering = (rollout: Rollout, outcomes: ReadonlyMap<string, Outcome>): RenderingSummary => {
  const summary = { total: rollout.applications.length, rendered: 0, failed: 0, superseded: 0 };
  const isOver = rollout.supersededBy !== undefined && rollout.finishedAt !== undefined;
  for (const { application } of rollout.applications) {
    const outcome = outcomes.get(application);
    const phase = outcome?.phase ?? (isOver ? 'superseded' : 'planned');
    if (outcome?.stage === 'render') summary.failed += 1;
    else if (phase === 'superseded' && outcome?.times.rendered === undefined) summary.superseded += 1;
    else if (phase !== 'planned') summary.rendered += 1;
  }
  return summary;
};

const groupOf = ({ supersededBy, finishedAt }: Rollout, outcome: Outcome | undefined): Group =>
  GROUP[outcome?.phase ?? (supersededBy !== undefined && finishedAt !== undefined ? 'superseded' : 'planned')];

const documentFailures = (rollout: Rollout): ApplicationFailure[] =>
  rollout.problems
    .filter(({ severity }) => severity === 'error')
    .map(({ text, environment = '' }) => ({
      application: '',
      cluster: '',
      environment,
      message: text,
      stage: 'compile' as const,
    }));

const applicationFailures = (
  planned: readonly PlannedApplication[],
  outcomes: ReadonlyMap<string, Outcome>,
): ApplicationFailure[] =>
  planned.flatMap(({ application, cluster, environment }) => {
    const outcome = outcomes.get(application);
    if (outcome?.phase !== 'failed') return [];
    const stage = outcome.stage === 'render' ? { stage: outcome.stage } : {};
    return [{ application, cluster, environment, message: outcome.message ?? 'failed', ...stage }];
  });

const stateOf = (rollout: Rollout, outcomes: ReadonlyMap<string, Outcome>): RolloutState => {
  if (rollout.state === 'planning') return 'pending';
  const groups = new Set(rollout.applications.map(({ application }) => groupOf(rollout, outcomes.get(application))));
  if (groups.has('progressing')) return 'running';
  const documents = rollout.problems.some(({ severity }) => severity === 'error');
  if (groups.has('failed') || documents) return 'failure';
  if (groups.has('superseded') || rollout.supersededBy) return 'canceled';
  return 'success';
};

/**
 * The outcomes with an end for every application that has none although its rollout was superseded and its time is over
 * (`now` in ms): whoever was to tell them never will.
 */
export const withLapsed = (rollout: Rollout, outcomes: readonly Outcome[], now: number): readonly Outcome[] => {
  const hasLapsed = rollout.supersededBy && now - (rollout.plannedAt ?? rollout.createdAt) > PROGRESS_DEADLINE_MS;
  if (!hasLapsed) return outcomes;
  const told = new Set(outcomes.map(({ application }) => application));
  const silent = rollout.applications.filter(({ application }) => !told.has(application));
  const lapsed = { rollout: rollout.id, phase: 'superseded', times: {}, sequence: 0 } as const;
  return [...outcomes, ...silent.map(({ reason: _reason, ...planned }) => ({ ...planned, ...lapsed }))];
};

/**
 * True when every planned application of the rollout has reached its end. That a newer rollout took over ends none of
 * them: what it did not plan anew goes on, and its end is this rollout's to tell.
 */
export const rolloutEnded = (rollout: Rollout, outcomes: readonly Outcome[]): boolean => {
  if (rollout.state === 'planning') return false;
  const ended = new Set(outcomes.filter(({ phase }) => isTerminal(phase)).map(({ application }) => application));
  return rollout.applications.every(({ application }) => ended.has(application));
};
