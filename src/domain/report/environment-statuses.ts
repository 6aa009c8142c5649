import { cutText, oneLine } from './cut-text.ts';
import type {
  ApplicationFailure,
  EnvironmentSummary,
  RenderingSummary,
  RolloutState,
  RolloutSummary,
} from './summary.ts';

/** What one commit-status context is to say. */
export interface EnvironmentStatus {
  /** `towline/<environment>`, `towline/render`, `towline/policy`. */
  context: string;
  state: RolloutState;
  description: string;
  /** Some applications wait for a person: what they do later is told anew. */
  waiting?: true;
  /** Where in the commit's files it is wrong. */
  annotations?: { path: string; line: number; message: string }[];
}

/** GitHub's limit; GitLab's is longer. */
const MAX_DESCRIPTION = 140;
const MAX_CONTEXT = 255;

/** Every status of a rollout: whether all of it compiles and renders, and one per environment. */
export const rolloutStatuses = (summary: RolloutSummary): EnvironmentStatus[] => [
  { context: 'towline/render', ...renderStatus(summary) },
  ...environmentStatuses(summary),
];

/** Whether the documents compile and the applications render; told once all are rendered, or have failed to. */
const renderStatus = ({ state, rendering, failures }: RolloutSummary): Omit<EnvironmentStatus, 'context'> => {
  if (state === 'pending') return { state: 'pending', description: 'planning' };
  const { total, rendered, failed, superseded } = rendering;
  if (rendered + failed + superseded < total) return { state: 'pending', description: 'rendering' };
  const failure = failures.find(({ stage }) => stage !== undefined);
  if (failure) return { state: 'failure', description: describeRendering(rendering, failure) };
  if (superseded > 0 || (total === 0 && state === 'canceled')) return SUPERSEDED;
  return { state: 'success', description: total === 0 ? 'no applications affected' : `${plural(total)} rendered` };
};

const describeRendering = ({ total, failed }: RenderingSummary, failure: ApplicationFailure): string => {
  const counts = failed > 0 ? `${failed}/${total} not rendered` : '';
  return withCause({ done: counts, short: counts }, failure);
};

const plural = (count: number): string => `${count} application${count === 1 ? '' : 's'}`;

/**
 * One status per environment of the fleet, also where the change affects nothing there. A failure without an
 * environment (a document that could not be compiled) fails every environment: what it would have changed is unknown.
 */
const environmentStatuses = (summary: RolloutSummary): EnvironmentStatus[] => {
  const { environments, failures } = summary;
  const unplanned = environments.every(({ total }) => total === 0);
  return environments.map((environment) => {
    const failure = failures.find((one) => one.environment === environment.name || one.environment === '');
    if (summary.state === 'pending') return statusOf(environment.name, { state: 'pending', description: 'planning' });
    if (summary.state === 'canceled' && unplanned) return statusOf(environment.name, SUPERSEDED);
    return statusOf(environment.name, describeEnvironment(environment, failure));
  });
};

const SUPERSEDED = { state: 'canceled', description: 'superseded by a newer commit' } as const;

/** Contexts of their own: an environment of that name gets a longer one. */
const TAKEN = ['render', 'policy'];

const statusOf = (environment: string, status: Omit<EnvironmentStatus, 'context'>): EnvironmentStatus => ({
  context: cutText(`towline/${TAKEN.includes(environment) ? 'environment-' : ''}${environment}`, MAX_CONTEXT),
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
  if (counts.progressing > 0) return `rolling out to ${plural(counts.total)}`;
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
