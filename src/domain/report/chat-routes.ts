import type { FleetFile } from '../fleet/fleet-file.ts';
import type { AppProject } from '../fleet/project.ts';
import type { Outcome, PlannedApplication, Rollout } from '../rollout.ts';
import { subscribedChannels } from './subscriptions.ts';

/** One channel, and the part of a rollout that is told there: a rollout like the whole, of fewer applications. */
export interface ChatRoute {
  channel: string;
  part: Rollout;
}

export interface RoutingInput {
  rollout: Rollout;
  outcomes: readonly Outcome[];
  /** The fleet's own channel: what no other one is for is told there. */
  channel: string;
  slack: FleetFile['slack'];
  projects: readonly AppProject[];
}

/** Slack takes about one message a second and channel, and a rollout is told in few. */
const MAX_CHANNELS = 20;

/**
 * Where a rollout is told: an application in the channels of its project and of its environment, else in the fleet's; and
 * wherever an annotation asks for it, once its trigger holds. The fleet's channel comes first.
 */
export const chatRoutes = (input: RoutingInput): ChatRoute[] => {
  const { rollout, channel, slack, projects } = input;
  const isSubscribed = rollout.removed?.length || rollout.applications.some(({ notify }) => notify);
  if (!slack?.channels && !isSubscribed && !projects.some(({ notify }) => notify)) return [{ channel, part: rollout }];
  const parts = new Map<string, Part>([[channel, newPart()]]);
  const partOf = (name: string): Part => {
    const part = parts.get(name) ?? newPart();
    if (parts.size < MAX_CHANNELS) parts.set(name, part);
    return part;
  };
  const outcomes = new Map(input.outcomes.map((outcome) => [outcome.application, outcome]));
  const notify = new Map(projects.map((project) => [project.name, project.notify]));
  for (const planned of rollout.applications) {
    const stand = { planned, outcome: outcomes.get(planned.application) };
    const subscribed = [planned.notify, notify.get(planned.project ?? '')];
    const asked = subscribed.flatMap((subscriptions) => subscribedChannels(subscriptions, stand));
    for (const name of new Set([...ownChannels(input, planned), ...asked])) partOf(name).applications.push(planned);
  }
  for (const one of rollout.removed ?? []) {
    const asked = [one.notify, notify.get(one.project)].flatMap((subscriptions) => subscriptions?.['on-deleted'] ?? []);
    for (const name of new Set(asked)) partOf(name).removed.push(one);
  }
  for (const problem of rollout.problems) {
    const own = slack?.channels?.environments[problem.environment ?? ''];
    partOf(own ?? channel).problems.push(problem);
  }
  return [...parts].map(([name, part]) => ({ channel: name, part: partFrom(input, name, part) }));
};

type Part = Pick<Rollout, 'problems'> & {
  applications: PlannedApplication[];
  removed: NonNullable<Rollout['removed']>;
};

const newPart = (): Part => ({ applications: [], removed: [], problems: [] });

const ownChannels = ({ channel, slack }: RoutingInput, { project = '', environment }: PlannedApplication): string[] => {
  const { projects = {}, environments = {} } = slack?.channels ?? {};
  const own = [projects[project], environments[environment]].flatMap((name) => name ?? []);
  return own.length > 0 ? own : [channel];
};

/** The environments of its applications; the fleet's channel also has those that the rollout does not touch. */
const partFrom = ({ rollout, channel }: RoutingInput, name: string, part: Part): Rollout => {
  const touched = new Set(part.applications.map(({ environment }) => environment));
  const elsewhere = new Set(rollout.applications.map(({ environment }) => environment));
  const environments = rollout.environments.filter(
    (one) => touched.has(one) || (name === channel && !elsewhere.has(one)),
  );
  return { ...rollout, ...part, environments };
};
