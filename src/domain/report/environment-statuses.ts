import { cutText, oneLine } from './cut-text.ts';
import type { ApplicationFailure, EnvironmentSummary, RolloutState, RolloutSummary } from './summary.ts';

/** What one commit-status context is to say. */
export interface EnvironmentStatus {
  /** `towline/<environment>`. */
  context: string;
  state: RolloutState;
  description: string;
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
  return { state: stateOf(counts, failed), description: describe(counts, failure) };
};

const stateOf = (counts: Omit<EnvironmentSummary, 'name'>, failed: boolean): RolloutState => {
  if (counts.progressing > 0) return 'running';
  if (failed) return 'failure';
  return counts.superseded > 0 ? 'canceled' : 'success';
};

const describe = (counts: Omit<EnvironmentSummary, 'name'>, failure: ApplicationFailure | undefined): string => {
  const { total, synced, progressing, failed, waiting, superseded } = counts;
  const parts = [
    ...(total > 0 ? [`${synced}/${total} synced`] : []),
    ...(progressing > 0 ? [`${progressing} progressing`] : []),
    ...(waiting > 0 ? [`${waiting} waiting for a person`] : []),
    ...(superseded > 0 ? [`${superseded} superseded by a newer commit`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  if (!failure) return cutText(parts.join(' · '), MAX_DESCRIPTION);
  const cause = causeOf(failure);
  const long = [parts.join(' · '), cause].filter((part) => part !== '').join(': ');
  if (long.length <= MAX_DESCRIPTION || failed === 0) return cutText(long, MAX_DESCRIPTION);
  // Where not all fits, the cause says more than the counts of what went well.
  return cutText(`${failed}/${total} failed: ${cause}`, MAX_DESCRIPTION);
};

/** `application@cluster: message`; without what the message says anyway. */
const causeOf = ({ application, cluster, message }: ApplicationFailure): string => {
  const text = oneLine(message);
  const at = cluster && !text.includes(cluster) ? `@${cluster}` : '';
  const name = application && !text.includes(application) ? application : '';
  const who = name === '' ? (at === '' ? '' : `on ${cluster}`) : `${name}${at}`;
  return who === '' ? text : `${who}: ${text}`;
};
