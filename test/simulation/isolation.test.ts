import { beforeAll, describe, expect, it } from 'vitest';
import { permanent } from '../../src/domain/errors.ts';
import { type DecideFate, OK, type PortCall } from './engine/fates.ts';
import { startSimulation } from './engine/simulation.ts';
import { createWorld, settleLater } from './engine/world.ts';
import { type CommitModel, type Commits, commitModel, type ObjectModel } from './fleet-model.ts';

const OTHERS = 24;
const SEEDS = 4;
/** More than there are applications, as functions have. */
const WORKERS = 40;
const POISONED = 'poison';

interface Poison {
  objects?: Record<string, ObjectModel>;
  decide?: DecideFate;
  /** Whether its Jobs never end. */
  endless?: boolean;
}

const config = (value: string): ObjectModel => ({ kind: 'ConfigMap', value });
const hook = (value: string): ObjectModel => ({
  kind: 'Job',
  value,
  annotations: { 'argocd.argoproj.io/hook': 'PreSync' },
});
const isOfPoison = ({ port, args }: PortCall): boolean =>
  port === 'cluster' && (JSON.stringify(args[0]) ?? '').includes(`"namespace":"${POISONED}"`);

const HEALTHY: Poison = {};
const POISONS: Record<string, Poison> = {
  'manifests that are no YAML': { objects: { settings: { kind: 'Broken' } } },
  'objects that its cluster refuses': {
    decide: (call) =>
      isOfPoison(call) && call.method === 'apply'
        ? { kind: 'fail', when: 'before', error: permanent('cluster-refused', 'admission webhook denied the request') }
        : OK,
  },
  'a cluster that answers after half a minute': {
    decide: (call) => (isOfPoison(call) ? { kind: 'pause', milliseconds: 30_000 } : OK),
  },
  'objects that kill the process that applies them': {
    decide: (call) => (isOfPoison(call) && call.method === 'apply' ? { kind: 'kill', when: 'before' } : OK),
  },
  'a hook that never ends': { objects: { settings: config('two'), migrate: hook('two') }, endless: true },
};

const modelOf = (value: string, poison = HEALTHY): CommitModel => {
  const names = [...Array.from({ length: OTHERS }, (_, index) => `app-${index}`), POISONED];
  const healthy = { settings: config(value) };
  return {
    applications: Object.fromEntries(
      names.map((name, index) => [name, { cluster: index % 2 === 0 ? 'dev' : 'prod', path: name } as const]),
    ),
    folders: Object.fromEntries(
      names.map((name) => [name, name === POISONED ? { ...healthy, ...poison.objects } : healthy]),
    ),
  };
};

/** Milliseconds from a push that changes every application until each of the others is applied, on average. */
const meanDelay = async (seed: number, poison: Poison): Promise<number> => {
  const world = await createWorld({ seed });
  const simulation = startSimulation(world, WORKERS);
  const commits: Commits = new Map();
  simulation.deliver({ delivery: 'begin', commit: commitModel(world, commits, modelOf('one')) });
  await simulation.untilQuiet();
  const { decide = () => OK, endless = false } = poison;
  world.machine.decide = decide;
  world.controllers = (cluster, object) => {
    const isEndless = endless && object.metadata.namespace === POISONED;
    if (!isEndless) settleLater(world, cluster, object, 2_000);
  };
  const pushed = world.machine.scheduler.now();
  simulation.deliver({ delivery: 'push', commit: commitModel(world, commits, modelOf('two', poison)) });
  await simulation.forMilliseconds(120_000);
  const sick = world.ports.applications.rows.get(`argocd/${POISONED}`);
  const isWell = sick?.applied?.generation === 2 && sick.applied.at - pushed < 5_000;
  expect(isWell, 'the poison is as well as the others').toBe(poison === HEALTHY);
  const others = [...world.ports.applications.rows.values()].filter(({ spec }) => spec.name !== POISONED);
  const delays = others.map(({ applied }) => (applied?.generation === 2 ? applied.at - pushed : Number.NaN));
  expect(delays).toHaveLength(OTHERS);
  return delays.reduce((sum, delay) => sum + delay, 0) / OTHERS;
};

const seeds = Array.from({ length: SEEDS }, (_, seed) => seed + 1);
const meanOf = async (poison: Poison): Promise<number> => {
  let sum = 0;
  for (const seed of seeds) sum += await meanDelay(seed, poison);
  return sum / SEEDS;
};

describe(`promise 8: a poison application among ${OTHERS + 1} delays the others by less than 5 %`, () => {
  let healthy = Number.NaN;
  beforeAll(async () => {
    healthy = await meanOf(HEALTHY);
  });

  it.each(Object.entries(POISONS))('%s', async (name, poison) => {
    const poisoned = await meanOf(poison);
    process.stdout.write(`isolation: ${healthy.toFixed(1)} ms, with ${name}: ${poisoned.toFixed(1)} ms\n`);
    expect(healthy).toBeGreaterThan(10);
    expect(poisoned / healthy).toBeLessThan(1.05);
  });
});
