import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDeleteJqPaths } from '../../../src/adapters/jq/delete-jq-paths.ts';
import { connectCluster } from '../../../src/adapters/kubernetes/connect-cluster.ts';
import { syncApplication } from '../../../src/app/sync/sync-application.ts';
import type { ApplicationRow } from '../../../src/domain/application-row.ts';
import { applyPlan } from '../../../src/domain/apply-plan.ts';
import { requestComparison } from '../../../src/domain/comparison.ts';
import { compileApplication } from '../../../src/domain/fleet/compile-application.ts';
import { parseFleetFile } from '../../../src/domain/fleet/parse-fleet-file.ts';
import { DEFAULT_PROJECT } from '../../../src/domain/fleet/project-rules.ts';
import { readFleetFile } from '../../../src/domain/fleet/read-fleet-files.ts';
import { FLEET_ID } from '../../../src/domain/fleet-row.ts';
import type { KubernetesObject } from '../../../src/domain/kubernetes-object.ts';
import { writePack } from '../../../src/domain/pack.ts';
import { manifestsKey } from '../../../src/domain/render-row.ts';
import type { ClusterConnection } from '../../../src/ports/cluster.ts';
import { type KillSwitch, mortal } from '../../fakes/kill-switch.ts';
import { createMemoryPorts } from '../../fakes/memory-ports.ts';

const kubeconfig = process.env.KUBECONFIG ?? '';
const CONFIG = {
  name: 'real',
  labels: {},
  annotations: {},
  access: { type: 'kubeconfig' as const, path: kubeconfig },
};
const FLEET = `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: test }
spec:
  source: { repoURL: https://example.com/fleet, path: apps }
  repositories: [{ url: https://example.com/fleet, forge: git }]
  clusters: [{ name: real, kubeconfig: { path: ${JSON.stringify(kubeconfig)} } }]
`;

const connect = connectCluster({ clock: Date.now, random: Math.random, readFile });

/** The tests' own connection to the real API server. */
export const connectReal = (): Promise<ClusterConnection> => connect(CONFIG, 'test');

const observed = (connection: ClusterConnection, seen: RealSyncOptions['seen']): ClusterConnection =>
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

const applicationOf = (name: string, spec: string) => {
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
  const fleet = parseFleetFile(FLEET, { file: 'fleet.yaml', local: true });
  if (!application || !fleet.ok) throw new Error('the test’s own documents are wrong');
  const compiled = compileApplication(application, { fleet: fleet.fleet, projects: [DEFAULT_PROJECT] });
  return { compiled, fleet: fleet.fleet };
};

export interface RealSyncOptions {
  /** The application's name, and its namespace. */
  name: string;
  /** `syncPolicy` and the like, indented by two. */
  spec: string;
  kill?: KillSwitch;
  /** Sees every call to the cluster: its verb, and whether it was a dry run. */
  seen?: (verb: string, dryRun: boolean) => void;
}

/**
 * The sync use case on the real API server, with everything else in memory. Delays between messages are skipped, but for a
 * moment in which the cluster's controllers can work.
 */
export const createRealSync = async ({ name, spec, kill, seen }: RealSyncOptions) => {
  const { compiled, fleet } = applicationOf(name, spec);
  const ports = createMemoryPorts();
  const time = { ahead: 0 };
  const clock = () => Date.now() + time.ahead;
  const guard = <Port extends object>(port: Port): Port => (kill ? mortal(port, kill) : port);
  await ports.fleets.save({ id: FLEET_ID, version: 0, file: fleet, projects: [DEFAULT_PROJECT] });
  const handle = syncApplication({
    ...ports,
    applications: guard(ports.applications),
    outcomes: guard(ports.outcomes),
    queues: guard(ports.queues),
    connect: async (config, session) => guard(observed(await connect(config, session), seen)),
    clock,
    pause: (milliseconds) => sleep(milliseconds),
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
      const moment = Math.min(100, next.delaySeconds * 1_000);
      await sleep(moment);
      time.ahead += next.delaySeconds * 1_000 - moment;
      await handle(next.message);
    }
  };

  /** As after a crash: what was queued is lost, leases run out, schedule sends the row's message again. */
  const restart = async (): Promise<void> => {
    ports.sent.syncs.splice(0);
    time.ahead += 200_000;
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
