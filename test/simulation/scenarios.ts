import { transient } from '../../src/domain/errors.ts';
import { type DecideFate, OK } from './engine/fates.ts';
import { type Simulation, startSimulation } from './engine/simulation.ts';
import { createWorld, MAIN, type World } from './engine/world.ts';
import { type CommitModel, type Commits, commitModel } from './fleet-model.ts';

/** A story with a beginning that nothing disturbs, and a part in which any call may be the process's last. */
export interface Scenario {
  name: string;
  begin: CommitModel;
  /** What stands on other branches from the start. */
  branches?: Record<string, CommitModel>;
  story: (stage: Stage) => Promise<void>;
  /** What goes wrong besides, from the story's beginning on. */
  disturb?: (world: World) => DecideFate;
  /** What must hold besides the promises; throws. */
  check?: (stage: Stage) => void;
}

export interface Stage {
  world: World;
  simulation: Simulation;
  commits: Commits;
  /** Commits a model, and has its webhook arrive. */
  push(model: CommitModel, options?: { ref?: string; webhook?: boolean }): string;
  /** Says that a ref moved. */
  hook(commit: string | undefined, ref?: string): void;
}

/** Sets a scenario's stage, plays its beginning, then the story with every call's fate decided, until quiet. */
export const play = async (scenario: Scenario, decide: DecideFate, seed = 7): Promise<Stage & { calls: number }> => {
  const world = await createWorld({ seed });
  const simulation = startSimulation(world, 2);
  const commits: Commits = new Map();
  let deliveries = 0;
  const hook: Stage['hook'] = (commit, ref = MAIN) =>
    simulation.deliver({ delivery: `delivery-${++deliveries}`, ref, ...(commit ? { commit } : {}) });
  const push: Stage['push'] = (model, { ref = MAIN, webhook = true } = {}) => {
    const commit = commitModel(world, commits, model, ref);
    if (webhook) hook(commit, ref);
    return commit;
  };
  const stage: Stage = { world, simulation, commits, push, hook };
  for (const [branch, model] of Object.entries(scenario.branches ?? {})) {
    push(model, { ref: `refs/heads/${branch}`, webhook: false });
  }
  push(scenario.begin);
  await simulation.untilQuiet();
  const disturb = scenario.disturb?.(world) ?? (() => OK);
  const both: DecideFate = (call) => {
    const fate = decide(call);
    return fate === OK ? disturb(call) : fate;
  };
  Object.assign(world.machine, { calls: 0, decide: both });
  await scenario.story(stage);
  await simulation.untilQuiet();
  return { ...stage, calls: world.machine.calls };
};

const config = (value: string) => ({ kind: 'ConfigMap' as const, value });
const two: CommitModel = {
  applications: { web: { cluster: 'dev', path: 'web' }, shop: { cluster: 'prod', path: 'web' } },
  folders: { web: { settings: config('one'), extra: config('one'), key: { kind: 'Secret', value: 'one' } } },
};
const withFolder = (model: CommitModel, folder: CommitModel['folders'][string]): CommitModel => ({
  ...model,
  folders: { ...model.folders, web: folder },
});

const valued = (value: string): CommitModel =>
  withFolder(two, { settings: config(value), extra: config(value), key: { kind: 'Secret', value } });

const staged = (value: string): CommitModel =>
  withFolder(two, {
    migrate: { kind: 'Job', value, annotations: { 'argocd.argoproj.io/hook': 'PreSync' } },
    server: { kind: 'Deployment', value },
    last: { kind: 'ConfigMap', value, annotations: { 'argocd.argoproj.io/sync-wave': '1' } },
  });

const edge = (value: string): CommitModel => ({ applications: {}, folders: { web: { settings: config(value) } } });
const withEdge: CommitModel = {
  ...two,
  applications: { ...two.applications, edge: { cluster: 'dev', path: 'web', branch: 'edge' } },
};

const HOUR_MS = 3_600_000;

/** Two applications that share nothing. */
const apart = (web: string, shop: string): CommitModel => ({
  applications: { web: { cluster: 'dev', path: 'web' }, shop: { cluster: 'prod', path: 'shop' } },
  folders: { web: { settings: config(web) }, shop: { settings: config(shop) } },
});

const lastState = ({ world }: Stage, commit: string, context: string): string | undefined =>
  world.history.statuses.findLast(({ status }) => status.commit === commit && status.context === context)?.status.state;

const settingOf = ({ world }: Stage, cluster: 'dev' | 'prod', namespace: string): unknown =>
  world.clusters[cluster].objects.get(`/ConfigMap/${namespace}/settings`)?.data;

const must = (what: unknown, value: string): void => {
  if (JSON.stringify(what) !== JSON.stringify({ value }))
    throw new Error(`must be ${value}, is ${JSON.stringify(what)}`);
};

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'plain push',
    begin: two,
    story: async ({ push }) => void push(withFolder(two, { settings: config('two'), added: config('two') })),
  },
  {
    name: 'push during sync',
    begin: two,
    story: async ({ push, simulation }) => {
      push(valued('two'));
      await simulation.forMilliseconds(120);
      push(valued('three'));
    },
  },
  {
    name: 'force-push back',
    begin: two,
    story: async ({ push, hook, world, simulation }) => {
      const first = world.repository.heads().get(MAIN);
      push(valued('two'));
      await simulation.forMilliseconds(150);
      world.repository.move(MAIN, first);
      hook(first);
    },
  },
  {
    name: 'hook and waves with a slow health',
    begin: staged('one'),
    story: async ({ push }) => void push(staged('two')),
  },
  {
    name: 'prune and rename',
    begin: { ...two, applications: { ...two.applications, old: { cluster: 'dev', path: 'web', finalizer: true } } },
    story: async ({ push }) =>
      void push({
        applications: { web: { cluster: 'dev', path: 'moved' }, renamed: { cluster: 'prod', path: 'moved' } },
        folders: { moved: { setup: config('two'), extra: config('one') } },
      }),
  },
  {
    name: 'cluster down for an hour',
    begin: two,
    disturb: (world) => {
      const until = world.machine.scheduler.now() + HOUR_MS;
      const error = transient('cluster-unreachable', 'cluster "dev" cannot be reached');
      return ({ port, at, args }) =>
        port === 'cluster' && at < until && args[0] !== 'never' ? { kind: 'fail', when: 'before', error } : OK;
    },
    story: async ({ push, simulation }) => {
      push(valued('two'));
      await simulation.forMilliseconds(HOUR_MS);
      push(valued('three'));
    },
  },
  {
    name: 'render error, then its fix',
    begin: two,
    story: async ({ push, simulation }) => {
      push(withFolder(two, { settings: { kind: 'Broken' }, extra: config('two') }));
      await simulation.forMilliseconds(400);
      push(withFolder(two, { settings: config('three'), extra: config('two') }));
    },
  },
  {
    name: 'a lost render, asked for again after a newer push',
    begin: apart('one', 'one'),
    story: async ({ push, simulation, world }) => {
      push(apart('two', 'one'));
      const waits = () => world.ports.applications.rows.get('argocd/web')?.desired?.generation === 1;
      while (waits()) await simulation.forMilliseconds(1);
      world.broker.lose('renders');
      push(apart('two', 'two'));
    },
    check: (stage) => {
      must(settingOf(stage, 'dev', 'web'), 'two');
      const first = [...stage.commits.keys()].at(-2) ?? '';
      const state = lastState(stage, first, 'towline/dev');
      // Killed before its application was written, it is the newer push that plans it.
      if (stage.world.machine.faults === 0 && state !== 'success')
        throw new Error(`6 statuses: the push whose render was lost ends as ${state}`);
    },
  },
  {
    name: 'branch deleted',
    begin: withEdge,
    branches: { edge: edge('zero') },
    story: async ({ push, hook, world, simulation }) => {
      push(edge('one'), { ref: 'refs/heads/edge' });
      await simulation.forMilliseconds(60_000);
      world.repository.move('refs/heads/edge', undefined);
      hook(undefined, 'refs/heads/edge');
    },
    check: (stage) => {
      if (settingOf(stage, 'dev', 'edge') === undefined)
        throw new Error('5 prune safety: a deleted branch took objects away');
    },
  },
  {
    name: 'rollback during a rollout',
    begin: two,
    story: async ({ push, simulation, world }) => {
      push(valued('two'));
      const waits = () => world.ports.applications.rows.get('argocd/web')?.desired?.generation === 1;
      while (waits()) await simulation.forMilliseconds(10);
      await world.control.rollBack('argocd/web');
    },
    check: (stage) => {
      must(settingOf(stage, 'dev', 'web'), 'one');
      must(settingOf(stage, 'prod', 'shop'), 'two');
    },
  },
  {
    name: 'lease expiry with a paused worker',
    begin: two,
    disturb: () => {
      let applies = 0;
      // Longer than the lease: it goes on when another one has taken over.
      return ({ port, method }) =>
        port === 'cluster' && method === 'apply' && ++applies === 2 ? { kind: 'pause', milliseconds: 200_000 } : OK;
    },
    story: async ({ push, simulation }) => {
      push(staged('two'));
      await simulation.forMilliseconds(30_000);
      push(valued('three'));
    },
  },
];
