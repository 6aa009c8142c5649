import { createHash } from 'node:crypto';
import { createDeleteJqPaths } from '../../src/adapters/jq/delete-jq-paths.ts';
import { syncApplication } from '../../src/app/sync/sync-application.ts';
import type { ApplicationRow } from '../../src/domain/application-row.ts';
import { applyPlan } from '../../src/domain/apply-plan.ts';
import { requestComparison } from '../../src/domain/comparison.ts';
import { compileApplication } from '../../src/domain/fleet/compile-application.ts';
import { parseFleetFile } from '../../src/domain/fleet/parse-fleet-file.ts';
import { DEFAULT_PROJECT } from '../../src/domain/fleet/project-rules.ts';
import { readFleetFile } from '../../src/domain/fleet/read-fleet-files.ts';
import { FLEET_ID } from '../../src/domain/fleet-row.ts';
import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import { writePack } from '../../src/domain/pack.ts';
import { manifestsKey } from '../../src/domain/render-row.ts';
import type { ClusterConnection, ConnectCluster } from '../../src/ports/cluster.ts';
import { type KillSwitch, mortal } from './kill-switch.ts';
import { createMemoryPorts } from './memory-ports.ts';

const fleetOf = (cluster: string): string => `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: test }
spec:
  source: { repoURL: https://example.com/fleet, path: apps }
  repositories: [{ url: https://example.com/fleet, forge: git }]
  clusters: [{ name: real, ${cluster} }]
`;

const observed = (connection: ClusterConnection, seen: SyncStackOptions['seen']): ClusterConnection =>
  seen
    ? {
        ...connection,
        get: async (ref) => (seen('get', false), connection.get(ref)),
        list: async (type, options) => (seen('list', false), connection.list(type, options)),
        apply: async (object, options) => (seen('apply', options.dryRun === true), connection.apply(object, options)),
        create: async (object, options) => (
          seen('create', options.dryRun === true), connection.create(object, options)
        ),
        replace: async (object, options) => (
          seen('replace', options.dryRun === true), connection.replace(object, options)
        ),
        patch: async (ref, patch, options) => (seen('patch', false), connection.patch(ref, patch, options)),
        delete: async (ref, options) => (seen('delete', options?.dryRun === true), connection.delete(ref, options)),
      }
    : connection;

const applicationOf = ({ name, spec, cluster }: SyncStackOptions) => {
  const text = `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  project: default
  source: { repoURL: https://example.com/fleet, targetRevision: main, path: ${name} }
  destination: { name: real, namespace: ${name} }
${spec}
`;
  const [application] = readFleetFile('app.yaml', text).applications;
  const fleet = parseFleetFile(fleetOf(cluster), { file: 'fleet.yaml', local: true });
  if (!application || !fleet.ok) throw new Error('the test’s own documents are wrong');
  const compiled = compileApplication(application, { fleet: fleet.fleet, projects: [DEFAULT_PROJECT] });
  return { compiled, fleet: fleet.fleet };
};

export interface SyncStackOptions {
  /** The application's name, and its namespace. */
  name: string;
  /** `syncPolicy` and the like, indented by two. */
  spec: string;
  /** The cluster's access as in a fleet file, `kubeconfig: { path: … }`. */
  cluster: string;
  connect: ConnectCluster;
  clock: () => number;
  /** Lets so much time go by between two messages (ms). */
  pass: (milliseconds: number) => Promise<void>;
  /** Waits inside a worker (ms). */
  pause: (milliseconds: number) => Promise<void>;
  kill?: KillSwitch;
  /** Sees every call to the cluster: its verb, and whether it was a dry run. */
  seen?: (verb: string, dryRun: boolean) => void;
}

/** The sync use case on one cluster, with everything else in memory. */
export const createSyncStack = async (options: SyncStackOptions) => {
  const { connect, clock, pass, pause, kill, seen } = options;
  const { compiled, fleet } = applicationOf(options);
  const ports = createMemoryPorts();
  const guard = <Port extends object>(port: Port): Port => (kill ? mortal(port, kill) : port);
  await ports.fleets.save({ id: FLEET_ID, version: 0, file: fleet, projects: [DEFAULT_PROJECT] });
  const handle = syncApplication({
    ...ports,
    applications: guard(ports.applications),
    outcomes: guard(ports.outcomes),
    queues: guard(ports.queues),
    connect: async (config, session, turn) => guard(observed(await connect(config, session, turn), seen)),
    clock,
    pause,
    deleteJqPaths: createDeleteJqPaths(),
    runHealthScript: () => undefined,
  });
  const row = (): ApplicationRow => {
    const found = ports.applications.rows.get(compiled.id);
    if (!found) throw new Error('no such application');
    return found;
  };

  /** Plans these manifests as the next generation and asks for a sync. */
  const plan = async (objects: readonly KubernetesObject[]): Promise<void> => {
    const key = createHash('sha256').update(JSON.stringify(objects)).digest('hex');
    const pack = writePack(new Map([[key, objects]]));
    const digest = createHash('sha256').update(pack).digest('hex');
    await ports.blobs.put(manifestsKey(digest), pack);
    const known = await ports.renders.get(key);
    await ports.renders.save({ id: key, version: known?.version ?? 0, state: 'done', digest, expiresAt: 0 });
    const revisions = [{ repository: 'https://example.com/fleet', ref: 'refs/heads/main', commit: key.slice(0, 40) }];
    const planned = { rollout: key.slice(0, 16), revisions, renderKeys: [key], reason: 'test', plannedAt: clock() };
    const next = applyPlan(ports.applications.rows.get(compiled.id), compiled, planned, true);
    if (next) await ports.applications.save(next);
    await ports.queues.syncs([{ version: 1, application: compiled.id, hops: 0 }]);
  };

  /** Works messages off until none is left; throws what a handler throws. */
  const settle = async (): Promise<void> => {
    const deadline = Date.now() + 180_000;
    for (;;) {
      const [next] = ports.sent.syncs.splice(0, 1);
      if (!next) return;
      if (Date.now() > deadline) throw new Error(`not within three minutes: ${JSON.stringify(row().operation)}`);
      await pass(next.delaySeconds * 1_000);
      await handle(next.message);
    }
  };

  /** As after a crash: what was queued is lost, leases run out, schedule sends the row's message again. */
  const restart = async (): Promise<void> => {
    ports.sent.syncs.splice(0);
    await pass(200_000);
    await ports.queues.syncs([{ version: 1, application: compiled.id, hops: 0 }]);
  };

  /** Compares it with the cluster now. */
  const refresh = async (): Promise<void> => {
    await ports.applications.save(requestComparison(row(), clock()));
    await ports.queues.syncs([{ version: 1, application: compiled.id, hops: 0 }]);
    await settle();
  };

  return { plan, settle, restart, refresh, row };
};
