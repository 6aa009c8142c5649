import { AppError } from '../../src/domain/errors.ts';
import type { CommitModel } from './fleet-model.ts';
import type { Scenario, Stage } from './scenarios.ts';

const HOUR_MS = 3_600_000;
const NOTHING_WAITS = new Set(['nothing-to-approve', 'removal-not-waiting', 'application-unknown']);

/** As many small objects as asked for, in one folder. */
const many = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`part-${n}`, { kind: 'ConfigMap' as const, value: 'one' }]),
  );

const pruned = (objects: number): CommitModel => ({
  applications: { web: { cluster: 'dev', path: 'web' } },
  folders: { web: many(objects) },
});

const NAMES = ['web', 'shop', 'blog', 'mail', 'chat', 'shelf'];
const named = (names: readonly string[]): CommitModel => ({
  applications: Object.fromEntries(names.map((name) => [name, { cluster: 'dev', path: 'web', finalizer: true }])),
  folders: { web: many(1) },
});

const countParts = ({ world }: Stage): number =>
  [...world.clusters.dev.objects.keys()].filter((key) => key.includes('/part-')).length;

/**
 * A person who approves whatever waits, again and again, until `isDone`: a plan that is repeated asks anew. Whatever goes
 * before somebody has approved for the first time breaks the promise.
 */
const approveUntil = async (stage: Stage, approve: () => Promise<unknown>, isDone: () => boolean): Promise<void> => {
  const { simulation, world } = stage;
  const before = countParts(stage);
  const until = world.machine.scheduler.now() + HOUR_MS;
  let isApproved = false;
  while (!isDone() && world.machine.scheduler.now() < until) {
    await simulation.forMilliseconds(5_000);
    if (!isApproved && countParts(stage) < before) throw new Error('5 prune safety: deleted before anybody approved');
    await approve().then(
      () => {
        isApproved = true;
        world.history.asked += 1;
      },
      (error: unknown) => {
        if (!(error instanceof AppError) || !NOTHING_WAITS.has(error.code)) throw error;
      },
    );
  }
  if (!isApproved) throw new Error('5 prune safety: nothing waited for approval');
};

/** What deletes so much at once that a person has to allow it. */
export const APPROVALS: readonly Scenario[] = [
  {
    name: 'a large prune that somebody approves',
    begin: pruned(14),
    story: async (stage) => {
      stage.push(pruned(2));
      await approveUntil(
        stage,
        () => stage.world.control.approve('argocd/web'),
        () => countParts(stage) === 2,
      );
    },
  },
  {
    name: 'many applications gone at once, which somebody approves',
    begin: named(NAMES),
    story: async (stage) => {
      const [kept = '', ...gone] = NAMES;
      stage.push(named([kept]));
      const { rows } = stage.world.ports.applications;
      await approveUntil(
        stage,
        () =>
          stage.world.control.approveRemoval(`argocd/${gone.find((name) => rows.has(`argocd/${name}`))}`, {
            all: true,
          }),
        () => rows.size === 1,
      );
    },
  },
];
