import type { DecideFate } from './engine/fates.ts';
import { type Simulation, startSimulation } from './engine/simulation.ts';
import { createWorld, MAIN, type World } from './engine/world.ts';
import { type CommitModel, type Commits, commitModel } from './fleet-model.ts';

/** A story with a beginning that nothing disturbs, and a part in which any call may be the process's last. */
export interface Scenario {
  name: string;
  begin: CommitModel;
  story: (stage: Stage) => Promise<void>;
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
  push(scenario.begin);
  await simulation.untilQuiet();
  Object.assign(world.machine, { calls: 0, decide });
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

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'plain push',
    begin: two,
    story: async ({ push }) => void push(withFolder(two, { settings: config('two'), added: config('two') })),
  },
];
