import fc from 'fast-check';
import { type Fate, OK, type PortCall } from './engine/fates.ts';
import { startSimulation } from './engine/simulation.ts';
import { createWorld, MAIN, type World } from './engine/world.ts';
import { type CommitModel, type Commits, commitModel, type ObjectModel } from './fleet-model.ts';
import { brokenPromises } from './promises.ts';
import { type Weather, weatherOf } from './weather.ts';

/** One push of a history, and what becomes of its webhook. */
export interface Push {
  /** Milliseconds after the push before it. */
  gap: number;
  what:
    | 'change'
    | 'many'
    | 'add'
    | 'drop'
    | 'break'
    | 'join'
    | 'leave'
    | 'force'
    | 'revert'
    | 'branch'
    | 'delete'
    | 'lie';
  pick: number;
  webhook: 'lost' | 'once' | 'again';
  /** Milliseconds until the webhook arrives. */
  delay: number;
}

/** A random life of a fleet; the seed decides on every latency and fault. */
export interface RandomHistory {
  seed: number;
  applications: number;
  weather: Weather;
  pushes: Push[];
}

const DAY_MS = 86_400_000;

const pushArbitrary: fc.Arbitrary<Push> = fc.record({
  gap: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 3_000 }) }, fc.integer({ min: 0, max: DAY_MS / 12 })),
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constant('change' as const) },
    fc.constantFrom('many', 'add', 'drop', 'break', 'join', 'leave', 'force', 'revert', 'branch', 'delete', 'lie'),
  ),
  pick: fc.nat(1_000),
  webhook: fc.oneof(
    { weight: 6, arbitrary: fc.constant('once' as const) },
    { weight: 3, arbitrary: fc.constant('again' as const) },
    fc.constant('lost' as const),
  ),
  delay: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 4_000 }) }, fc.integer({ min: 0, max: DAY_MS })),
});

/** Histories, small ones more often; up to 20 applications and 50 pushes. */
export const historyArbitrary: fc.Arbitrary<RandomHistory> = fc.record({
  seed: fc.nat(),
  applications: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.integer({ min: 1, max: 20 })),
  weather: fc.constantFrom('rough', 'wild', 'rough', 'wild', 'fair'),
  pushes: fc.oneof(
    { weight: 14, arbitrary: fc.array(pushArbitrary, { minLength: 1, maxLength: 8 }) },
    fc.array(pushArbitrary, { minLength: 1, maxLength: 50 }),
  ),
});

const EDGE = 'refs/heads/edge';
const PULL_REQUEST = 'refs/pull/7/head';
const folderName = (index: number): string => `folder-${index}`;

const beginOf = (applications: number): CommitModel => {
  const numbers = Array.from({ length: applications }, (_, index) => index);
  return {
    applications: Object.fromEntries(
      numbers.map((index) => [
        `app-${index}`,
        {
          cluster: index % 2 === 0 ? 'dev' : 'prod',
          // Every third one shares its neighbour's folder; every fifth one follows a branch.
          path: folderName(index % 3 === 2 ? index - 1 : index),
          ...(index % 5 === 4 ? { branch: 'edge' } : {}),
          finalizer: index % 2 === 1,
        },
      ]),
    ),
    folders: Object.fromEntries(numbers.map((index) => [folderName(index), { settings: value(0, 'ConfigMap') }])),
  };
};

const KINDS = ['ConfigMap', 'ConfigMap', 'Secret', 'Deployment'] as const;

const value = (number: number, kind: (typeof KINDS)[number] = KINDS[number % KINDS.length] ?? 'ConfigMap') => ({
  kind,
  value: `v${number}`,
});

/** The model after one push; most change one object of one folder. */
const edited = (model: CommitModel, { what, pick }: Push, number: number): CommitModel => {
  const next = structuredClone(model);
  const folders = Object.keys(next.folders);
  const folder = next.folders[folders[pick % folders.length] ?? ''] ?? {};
  const settings: ObjectModel = value(number, 'ConfigMap');
  switch (what) {
    case 'many':
      for (const one of Object.values(next.folders)) one.settings = value(number, 'ConfigMap');
      break;
    case 'add':
      folder[`extra-${pick % 4}`] = value(number, KINDS[pick % KINDS.length]);
      break;
    case 'drop':
      delete folder[`extra-${pick % 4}`];
      break;
    case 'break':
      folder.settings = { kind: 'Broken' };
      break;
    case 'join':
      next.applications[`late-${pick % 2}`] = { cluster: 'dev', path: folders[0] ?? '', finalizer: true };
      break;
    case 'leave':
      delete next.applications[`late-${pick % 2}`];
      break;
    default:
      folder.settings = settings;
  }
  return next;
};

/** What a history came to. */
export interface Played {
  broken: string[];
  calls: number;
  faults: number;
  recorded: number;
}

/**
 * Plays a history until quiet and holds it to the promises; one that never comes to rest breaks the first. `watch` sees
 * every call with its fate.
 */
export const playHistory = async (
  history: RandomHistory,
  watch?: (call: PortCall, fate: Fate) => void,
): Promise<Played> => {
  const isFair = history.weather === 'fair';
  const world = await createWorld({ seed: history.seed, ...(isFair ? {} : { duplicates: 0.3, jitter: 500 }) });
  const { scheduler } = world.machine;
  const simulation = startSimulation(world, 3);
  const commits: Commits = new Map();
  let stormsEnd = 0;
  world.machine.decide = weatherOf(history.weather, history.seed, () => stormsEnd);
  const { decide } = world.machine;
  world.machine.decide = (call) => {
    const fate = decide(call);
    watch?.(call, fate);
    if (fate !== OK) world.machine.unsure += 1;
    return fate;
  };
  stormsEnd = Number.MAX_SAFE_INTEGER;
  commitModel(world, commits, beginOf(history.applications), EDGE);
  const made = [commitModel(world, commits, beginOf(history.applications))];
  simulation.deliver({ delivery: 'begin', commit: made[0] ?? '' });
  let lastArrival = scheduler.now();
  for (const [number, push] of history.pushes.entries()) {
    await simulation.forMilliseconds(push.gap);
    const { ref, commit } = carryOut(world, commits, made, push, number + 1);
    if (push.webhook === 'lost') continue;
    const arrivals = push.webhook === 'again' ? [push.delay, push.delay + 1_000 * (push.pick % 600)] : [push.delay];
    world.history.asked += arrivals.length - 1;
    for (const delay of arrivals) {
      lastArrival = Math.max(lastArrival, scheduler.now() + delay);
      scheduler.after(delay, () => simulation.deliver({ delivery: `d${number}`, ref, ...(commit ? { commit } : {}) }));
    }
  }
  stormsEnd = Math.max(lastArrival, scheduler.now()) + 120_000;
  let recorded = 0;
  const count = (): void => {
    recorded += 1;
  };
  const never = await simulation.untilQuiet(stormsEnd).then(
    () => [],
    (error: unknown) => [String(error)],
  );
  const broken = never.length > 0 ? never : brokenPromises(world, commits, count);
  if (isFair) broken.push(...failedQuietly(world));
  return { broken, calls: world.machine.calls, faults: world.machine.faults, recorded };
};

/** Where nothing fails, nothing may be saved by a retry. */
const failedQuietly = ({ ports }: World): string[] =>
  ports.log.lines.flatMap(({ level, message, fields }) =>
    level === 'error' ? [`11 bounded work: in fair weather: ${message} ${JSON.stringify(fields)}`] : [],
  );

const carryOut = (
  world: World,
  commits: Commits,
  made: string[],
  push: Push,
  number: number,
): { ref: string; commit: string | undefined } => {
  const { repository } = world;
  const head = (ref: string) => commits.get(repository.heads().get(ref) ?? '');
  if (push.what === 'delete') {
    repository.move(EDGE, undefined);
    return { ref: EDGE, commit: undefined };
  }
  if (push.what === 'branch') {
    const model = head(EDGE) ?? head(MAIN);
    const commit = model && commitModel(world, commits, edited(model, { ...push, what: 'change' }, number), EDGE);
    return { ref: EDGE, commit };
  }
  if (push.what === 'lie') {
    // A pull request's commit, which the forge keeps with the rest: a webhook says that it is on main.
    const model = head(MAIN);
    const commit = model && commitModel(world, commits, edited(model, { ...push, what: 'many' }, number), PULL_REQUEST);
    return { ref: MAIN, commit };
  }
  const old = made[push.pick % made.length] ?? '';
  if (push.what === 'force') {
    repository.move(MAIN, old);
    return { ref: MAIN, commit: old };
  }
  const model = push.what === 'revert' ? commits.get(old) : head(MAIN);
  const next = model && (push.what === 'revert' ? model : edited(model, push, number));
  const commit = next && commitModel(world, commits, next);
  if (commit) made.push(commit);
  return { ref: MAIN, commit };
};
