import { describe, expect, test } from 'vitest';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { defaultLimits } from '../../src/adapters/kubernetes/transport.ts';
import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import type { ConnectCluster } from '../../src/ports/cluster.ts';
import { createSyncStack } from '../fakes/sync-stack.ts';
import type { ScriptedAnswer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';
import { createSmallApi } from './small-api.ts';

const COUNT = 5_000;
const SPEC = '  syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }';
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const configMaps = (count: number): KubernetesObject[] =>
  Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `map-${index}` },
    data: { value: String(index) },
  }));

const THROTTLED: ScriptedAnswer = {
  status: 429,
  headers: { 'retry-after': '1' },
  json: { kind: 'Status', status: 'Failure', reason: 'TooManyRequests', message: 'too many requests', code: 429 },
};

const connectTo = (url: string) => {
  const waits: number[] = [];
  const connect = connectCluster({
    clock: () => 0,
    random: () => 0.5,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
      await turn();
    },
    embedded: () => ({ url }),
  });
  return { connect, waits };
};

/** One application's sync over `connect`, every application's in the same rollout. */
const syncOf = async (name: string, connect: ConnectCluster, objects: readonly KubernetesObject[]) => {
  const time = { now: 0 };
  const pass = async (milliseconds: number): Promise<void> => {
    time.now += milliseconds;
    await turn();
  };
  const stack = await createSyncStack({
    name,
    spec: SPEC,
    cluster: 'embedded: true',
    connect: (config, _session, application) => connect(config, 'rollout-1', application),
    clock: () => time.now,
    pass,
    pause: pass,
  });
  await stack.plan(objects);
  return stack;
};

describe('a sync of 5,000 objects', { timeout: 300_000 }, () => {
  test('never has more requests in flight than the bound, and lets a small application of the same rollout pass', async () => {
    const api = createSmallApi();
    const started = Promise.withResolvers<void>();
    await using server = await startScriptedServer(async (request) => {
      await turn();
      if (api.applied.length >= 50) started.resolve();
      return api.answer(request);
    });
    const { connect, waits } = connectTo(server.url);
    const large = await syncOf('large', connect, configMaps(COUNT));
    const small = await syncOf('small', connect, configMaps(4));
    const ends = large.settle();
    await started.promise;
    await small.settle();
    const meanwhile = api.applied.length;
    await ends;
    for (const { row } of [large, small])
      expect(row()).toMatchObject({ sync: 'Synced', operation: { phase: 'Succeeded', retryCount: 0 } });
    // Taking turns, each of its few requests waits for one of the other's and those that are in flight.
    expect(meanwhile).toBeLessThan(500);
    expect(server.mostAtOnce()).toBe(defaultLimits.sockets);
    expect(server.connections()).toBeLessThanOrEqual(defaultLimits.sockets);
    expect(waits).toEqual([]);
    // A dry run and an apply of each, and what few requests surround them.
    expect(server.requests.length).toBeLessThan(2 * COUNT + 50);
  });

  test('goes through where the API server has three seats: 429 is waited out, and fewer are asked for at a time', async () => {
    const SEATS = 3;
    const api = createSmallApi();
    const seen = { busy: 0, refused: 0 };
    await using server = await startScriptedServer(async (request) => {
      if (seen.busy >= SEATS) {
        seen.refused += 1;
        return THROTTLED;
      }
      seen.busy += 1;
      for (let turns = 0; turns < 3; turns++) await turn();
      seen.busy -= 1;
      return api.answer(request);
    });
    const { connect, waits } = connectTo(server.url);
    const large = await syncOf('large', connect, configMaps(COUNT));
    await large.settle();
    expect(large.row()).toMatchObject({ sync: 'Synced', operation: { phase: 'Succeeded', retryCount: 0 } });
    expect(waits).toHaveLength(seen.refused);
    // Asked at full width all the time, seven of ten requests would be refused.
    expect(seen.refused).toBeGreaterThan(0);
    expect(seen.refused).toBeLessThan(COUNT / 5);
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(1_000);
  });
});
