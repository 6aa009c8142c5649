import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import {
  application,
  createWorld,
  definition,
  object,
  type Sync,
  stateOf,
  sync,
  type World,
  workloads,
  writesOf,
} from './drive.ts';

const objects: KubernetesObject[] = [
  object('Job', 'before', { hook: 'PreSync' }),
  object('ConfigMap', 'early', { 'sync-wave': '-1' }),
  definition,
  object('Widget', 'w'),
  object('Deployment', 'web', { 'sync-wave': '1' }),
  object('ConfigMap', 'renewed', { 'sync-wave': '2', 'sync-options': 'Replace=true,Force=true' }),
  object('ConfigMap', 'late', { 'sync-wave': '3' }),
  object('Job', 'after', { hook: 'PostSync', 'hook-delete-policy': 'HookSucceeded' }),
  object('Job', 'on-failure', { hook: 'SyncFail' }),
];

const input = { waveDelaySeconds: 0.1 };

/** A cluster where an older revision was applied: two more objects, older hooks. */
const older = async (): Promise<World> => {
  const outcome: World['outcome'] = (one, age) => workloads(one, age * 20);
  const world = createWorld({ application: application(['CreateNamespace=true']), outcome }, []);
  const more = [object('ConfigMap', 'gone', { 'sync-wave': '1' }), object('ConfigMap', 'gone-too')];
  await sync(world, { objects: [...objects, ...more], input });
  world.advance(60);
  world.cluster.calls.length = 0;
  return world;
};

const creations = (world: World, name: string) =>
  writesOf(world).filter((write) => write === `delete Job/${name}`).length;

const run = async (syncing: Omit<Sync, 'objects'>) => {
  const world = await older();
  const outcome = await sync(world, { objects, input, ...syncing });
  return { world, ...outcome };
};

describe('a worker that dies at any step', async () => {
  const whole = await run({});
  const expected = stateOf(whole.world);
  const steps = whole.steps.map((_, step) => step);

  it('ends where an undisturbed one does', () => {
    expect(whole.operation.phase).toBe('Succeeded');
    expect(Object.keys(expected).some((key) => key.includes('gone'))).toBe(false);
  });

  describe.each(['before', 'after'] as const)('%s its actions ran', (when) => {
    it.each(steps)('step %i', async (step) => {
      for (const storeAlways of [true, false]) {
        const { world, operation } = await run({ crash: { step, when }, storeAlways });
        expect(operation).toMatchObject({ phase: 'Succeeded', retryCount: 0 });
        expect(stateOf(world)).toEqual(expected);
        // The older hook is deleted once, and the new one never.
        expect(creations(world, 'before')).toBe(1);
        expect(world.inventory.map(({ ref }) => ref.name).toSorted()).toEqual(
          whole.world.inventory.map(({ ref }) => ref.name).toSorted(),
        );
      }
    });
  });
});

describe('a failing operation whose worker dies', async () => {
  const failing = [...objects, object('Job', 'fails-late', { hook: 'PostSync', 'sync-wave': '4' })];
  const undisturbed = await older();
  const whole = await sync(undisturbed, { objects: failing, input });

  it.each(whole.steps.map((_, step) => step))('fails the same at step %i', async (step) => {
    for (const when of ['before', 'after'] as const) {
      const world = await older();
      const { operation } = await sync(world, { objects: failing, input, crash: { step, when } });
      expect(operation).toMatchObject({ phase: 'Failed', message: whole.operation.message });
      expect(stateOf(world)).toEqual(stateOf(undisturbed));
    }
  });
});
