import { cutText, oneLine } from './cut-text.ts';
import type { ApplicationFailure, EnvironmentSummary, RolloutState, RolloutSummary } from './summary.ts';

/** What one commit-status context is to say. */
export interface EnvironmentStatus {
  /** `towline/<environment>`. */
  context: string;
  state: RolloutState;
  description: string;
  /** Some applications wait for a person: what they do later is told anew. */
  waiting?: true;
}

/** GitHub's limit; GitLab's is longer. */
const MAX_DESCRIPTION = 140;
const MAX_CONTEXT = 255;

/**
 * One status per environment of the fleet, also where the change affects nothing there. A failure without an
 * environment (a document that could not be compiled) fails every environment: what it would have changed is unknown.
 * A fleet without environments tells such a failure, and nothing else, as `towline/fleet`.
 */
export const environmentStatuses = (summary: RolloutSummary): EnvironmentStatus[] => {
  const { environments, failures } = summary;
  if (environments.length === 0) {
    return failures.slice(0, 1).map((failure) => statusOf('fleet', describeEnvironment(EMPTY, failure)));
  }
  const unplanned = environments.every(({ total }) => total === 0);
  return environments.map((environment) => {
    const failure = failures.find((one) => one.environment === environment.name || one.environment === '');
    if (summary.state === 'pending') return statusOf(environment.name, { state: 'pending', description: 'planning' });
    if (summary.state === 'canceled' && unplanned) return statusOf(environment.name, SUPERSEDED);
    return statusOf(environment.name, describeEnvironment(environment, failure));
  });
};

const EMPTY: Omit<EnvironmentSummary, 'name'> = {
  total: 0,
  synced: 0,
  progressing: 0,
  failed: 0,
  waiting: 0,
  superseded: 0,
};

const SUPERSEDED = { state: 'canceled', description: 'superseded by a newer commit' } as const;

const statusOf = (environment: string, status: Omit<EnvironmentStatus, 'context'>): EnvironmentStatus => ({
  context: cutText(`towline/${environment}`, MAX_CONTEXT),
  ...status,
});

/**
 * State and description (at most 140 characters) of one environment: the counts, and the first failure with its cause,
 * which names the file, path, namespace, project or cluster at fault. Applications that wait for a person are a success.
 */
export const describeEnvironment = (
  counts: Omit<EnvironmentSummary, 'name'>,
  failure: ApplicationFailure | undefined,
): Omit<EnvironmentStatus, 'context'> => {
  const failed = counts.failed > 0 || failure !== undefined;
  if (counts.total === 0 && !failed) return { state: 'success', description: 'no applications affected' };
  const waiting = counts.waiting > 0 ? { waiting: true as const } : {};
  return { state: stateOf(counts, failed), description: describe(counts, failure), ...waiting };
};

const stateOf = (counts: Omit<EnvironmentSummary, 'name'>, failed: boolean): RolloutState => {
  if (counts.progressing > 0) return 'running';
  if (failed) return 'failure';
  return counts.superseded > 0 ? 'canceled' : 'success';
};

const describe = (counts: Omit<EnvironmentSummary, 'name'>, failure: ApplicationFailure | undefined): string => {
  // Told once and never edited, so it must stay true until the end.
  if (counts.progressing > 0) return `rolling out to ${counts.total} application${counts.total === 1 ? '' : 's'}`;
  const { total, synced, failed, waiting, superseded } = counts;
  const parts = [
    ...(total > 0 ? [`${synced}/${total} synced`] : []),
    ...(waiting > 0 ? [`${waiting} waiting for a person`] : []),
    ...(superseded > 0 ? [`${superseded} superseded by a newer commit`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  const done = parts.join(' · ');
  return failure
    ? withCause({ done, short: failed > 0 ? `${failed}/${total} failed` : '' }, failure)
    : cutText(done, MAX_DESCRIPTION);
};

/** So long may a name be that is kept although the cause has to be cut for it. */
const MAX_NAME = 40;

/** `counts: application@cluster: message`; where not all fits, the cause says more than the counts and the names. */
const withCause = ({ done, short }: { done: string; short: string }, failure: ApplicationFailure): string => {
  const who = oneLine(`${failure.application}${failure.cluster && `@${failure.cluster}`}`);
  const cause = oneLine(failure.message) || 'failed';
  const join = (...parts: string[]): string => parts.filter((part) => part !== '').join(': ');
  const candidates = [join(done, who, cause), join(short, who, cause), join(short, cause)];
  const fitting = candidates.find((text) => text.length <= MAX_DESCRIPTION);
  return fitting ?? cutText(who.length > MAX_NAME ? join(short, cause) : join(short, who, cause), MAX_DESCRIPTION);
};
