import { createControl } from '../../../src/app/control/control.ts';
import { parseFleetFile } from '../../../src/domain/fleet/parse-fleet-file.ts';
import { FLEET_ID } from '../../../src/domain/fleet-row.ts';
import type { KubernetesObject } from '../../../src/domain/kubernetes-object.ts';
import { createFakeCluster, type FakeCluster } from '../../fakes/fake-cluster.ts';
import { createMemoryPorts } from '../../fakes/memory-ports.ts';
import { createMemoryRepository } from '../../fakes/memory-repository.ts';
import { type Broker, createBroker } from './broker.ts';
import { type DecideFate, OK } from './fates.ts';
import { createHistory, type History } from './history.ts';
import type { Machine } from './process.ts';
import { createRandom } from './random.ts';
import { createScheduler } from './scheduler.ts';

export const REPOSITORY = 'https://git.example.com/acme/fleet';
export const MAIN = 'refs/heads/main';
/** In every Secret of the simulated fleets; it may be in manifests and clusters, and nowhere else. */
export const CANARY = 'canary-7f3a91';

const FLEET = `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: ${REPOSITORY}, targetRevision: main, path: apps }
  repositories: [{ url: ${REPOSITORY}, forge: github, apiURL: https://api.example.com, credentials: token }]
  clusters:
    - { name: dev, labels: { environment: dev }, embedded: true }
    - { name: prod, labels: { environment: prod }, embedded: true }
  slack: { channel: C1, credentials: slack }
`;

export type Ports = ReturnType<typeof createMemoryPorts>;

/** Everything that outlives a process, and the time it happens in. */
export interface World {
  machine: Machine;
  ports: Ports;
  repository: ReturnType<typeof createMemoryRepository>;
  clusters: Record<'dev' | 'prod', FakeCluster>;
  broker: Broker;
  history: History;
  control: ReturnType<typeof createControl>;
  /** Is asked by the broker to have messages taken up. */
  wake: { now: () => void };
  /** Runs after every write that reached a cluster: what controllers would do. */
  controllers: (cluster: 'dev' | 'prod', object: KubernetesObject) => void;
}

export interface WorldOptions {
  seed: number;
  decide?: DecideFate;
  /** Chance that a message is there more than once. */
  duplicates?: number;
  /** Most milliseconds that a queue holds a message back, beyond what was asked. */
  jitter?: number;
}

/** An empty stack with its fleet registered. */
export const createWorld = async ({ seed, decide, duplicates = 0, jitter = 3 }: WorldOptions): Promise<World> => {
  const ports = createMemoryPorts();
  const scheduler = createScheduler(ports.time.now);
  const random = createRandom(seed);
  const machine: Machine = { scheduler, random, calls: 0, decide: decide ?? (() => OK), faults: 0, unsure: 0 };
  const clusters = {
    dev: createFakeCluster({ clock: scheduler.now }),
    prod: createFakeCluster({ clock: scheduler.now }),
  };
  const wake = { now: () => undefined };
  const copies = () => (random.chance(duplicates) ? 2 + random.below(4) : 1);
  const broker = createBroker(machine, () => wake.now(), { copies, delay: () => random.below(jitter + 1) });
  const parsed = parseFleetFile(FLEET, { file: 'fleet.yaml', local: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  await ports.fleets.save({ id: FLEET_ID, version: 0, file: parsed.fleet, projects: [] });
  const send = (queue: 'changes' | 'syncs' | 'reports') => (messages: readonly unknown[]) => {
    broker.send(queue, messages, 0);
    return Promise.resolve();
  };
  const control = createControl({
    ...ports,
    clock: scheduler.now,
    queues: { changes: send('changes'), syncs: send('syncs'), reports: send('reports') },
  });
  const world: World = {
    machine,
    ports,
    repository: createMemoryRepository(),
    clusters,
    broker,
    history: createHistory(),
    control,
    wake,
    controllers: () => undefined,
  };
  world.controllers = (cluster, object) => settleLater(world, cluster, object, 2_000);
  return world;
};

/** A Deployment becomes available, a Job complete, after a while. */
export const settleLater = (world: World, cluster: 'dev' | 'prod', object: KubernetesObject, after: number): void => {
  const { kind, metadata } = object;
  if (kind !== 'Deployment' && kind !== 'Job') return;
  world.machine.scheduler.after(after, () => {
    const generation = metadata.generation ?? 1;
    const replicas = { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
    const status =
      kind === 'Job'
        ? { conditions: [{ type: 'Complete', status: 'True' }], succeeded: 1 }
        : { observedGeneration: generation, ...replicas };
    const group = kind === 'Job' ? 'batch' : 'apps';
    const { namespace = '', name = '' } = metadata;
    world.clusters[cluster].setStatus({ group, kind, namespace, name }, status);
  });
};
