import { createSqsHandler, type SqsHandlerDeps } from '../../../src/adapters/aws/sqs-handler.ts';
import { createSetExpander } from '../../../src/adapters/gotemplate/expand-sets.ts';
import { createDeleteJqPaths } from '../../../src/adapters/jq/delete-jq-paths.ts';
import { acceptDelivery } from '../../../src/app/accept-delivery.ts';
import { createSnapshots } from '../../../src/app/load-fleet.ts';
import { planChange } from '../../../src/app/plan/plan-change.ts';
import { createPlanIndexes } from '../../../src/app/plan/plan-index-store.ts';
import { pollRefs } from '../../../src/app/poll-refs.ts';
import { render } from '../../../src/app/render.ts';
import { reportRollout } from '../../../src/app/report/report-rollout.ts';
import { sweep } from '../../../src/app/sweep.ts';
import { syncApplication } from '../../../src/app/sync/sync-application.ts';
import type { ApplicationRow } from '../../../src/domain/application-row.ts';
import { type KubernetesObject, refOf } from '../../../src/domain/kubernetes-object.ts';
import { ChangeMessageSchema } from '../../../src/messages/change.ts';
import { RenderMessageSchema } from '../../../src/messages/render.ts';
import { ReportMessageSchema } from '../../../src/messages/report.ts';
import { SyncMessageSchema } from '../../../src/messages/sync.ts';
import type { Chat } from '../../../src/ports/chat.ts';
import type { ClusterConnection } from '../../../src/ports/cluster.ts';
import type { CommitStatuses } from '../../../src/ports/commit-statuses.ts';
import type { Sandbox } from '../../../src/ports/sandbox.ts';
import type { Store } from '../../../src/ports/store.ts';
import { createMemoryDeployments } from '../../fakes/memory-deployments.ts';
import { noteRow, noteWrite } from './history.ts';
import type { QueueName } from './messages.ts';
import { type Process, portOf } from './process.ts';
import type { World } from './world.ts';

const noSandbox: Sandbox = { render: () => Promise.reject(new Error('no tool in the simulator')) };

const expander = createSetExpander({ deleteJqPaths: createDeleteJqPaths() });

/** What a process is at: its message's rollout or application, and the row whose lease it took. */
export interface At {
  rollout: string;
  row: ApplicationRow | undefined;
}

/** The functions as one process runs them: the real use cases over ports that count, fail and record. */
export const createHandlers = (world: World, process: Process, at: At) => {
  const deps = processPorts(world, process, at);
  const { clock, log, blobs } = deps;
  const openRepository = () => portOf(world.machine, process, 'repository', world.repository);
  const snapshots = createSnapshots(blobs);
  const retryIn: SqsHandlerDeps['retryIn'] = (record, seconds) => {
    retryAsked.set(record.messageId, seconds);
    return Promise.resolve();
  };
  const retryAsked = new Map<string, number>();
  const sqs = { log, retryIn };
  const pause = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      world.machine.scheduler.after(milliseconds, () => !process.dead && resolve());
    });
  const indexes = createPlanIndexes(blobs);
  // No application ignores differences, and none is compared at rest.
  const unused = {
    deleteJqPaths: (object: KubernetesObject) => Promise.resolve(object),
    runHealthScript: () => undefined,
    compareSeconds: 0,
  };
  const connect = ({ name }: { name: string }) => Promise.resolve(clusterPort(world, process, at, name));
  return {
    retryAsked,
    queues: {
      changes: createSqsHandler(
        sqs,
        ChangeMessageSchema,
        planChange({ ...deps, snapshots, indexes, openRepository, expander, toolVersions: {} }),
      ),
      renders: createSqsHandler(sqs, RenderMessageSchema, render({ ...deps, sandbox: noSandbox })),
      syncs: createSqsHandler(sqs, SyncMessageSchema, syncApplication({ ...deps, ...unused, connect, pause })),
      reports: createSqsHandler(
        sqs,
        ReportMessageSchema,
        reportRollout({ ...deps, ...tellingPorts(world, process, at) }),
      ),
    } satisfies Record<QueueName, unknown>,
    sweep: sweep(deps),
    poll: pollRefs({ ...deps, snapshots, openRepository, random: () => 1 }),
    accept: acceptDelivery({ ...deps, enqueue: (message) => deps.queues.changes([message]), clock }),
  };
};

const processPorts = (world: World, process: Process, at: At) => {
  const { ports, machine, broker } = world;
  const port = <Port extends object>(name: string, target: Port): Port => portOf(machine, process, name, target);
  const send =
    (queue: QueueName) =>
    (messages: readonly unknown[], options: { delaySeconds?: number } = {}) => {
      broker.send(queue, messages, options.delaySeconds ?? 0);
      return Promise.resolve();
    };
  const queues = { changes: send('changes'), renders: send('renders'), syncs: send('syncs'), reports: send('reports') };
  let ids = 0;
  return {
    fleets: port('fleets', ports.fleets),
    deliveries: port('deliveries', ports.deliveries),
    refs: port('refs', ports.refs),
    renders: port('renders', ports.renders),
    rollouts: port('rollouts', ports.rollouts),
    commits: port('commits', ports.commits),
    previews: port('previews', ports.previews),
    alerts: port('alerts', ports.alerts),
    applications: port('applications', observedApplications(world, process, at)),
    applicationIndex: port('applicationIndex', ports.applicationIndex),
    registrations: port('registrations', ports.registrations),
    registrationIndex: port('registrationIndex', ports.registrationIndex),
    outcomes: port('outcomes', ports.outcomes),
    blobs: port('blobs', ports.blobs),
    queues: port('queues', queues),
    events: ports.events,
    log: ports.log,
    clock: machine.scheduler.now,
    newId: () => {
      const id = `${process.name}-${++ids}`;
      process.ids.add(id);
      return id;
    },
  };
};

const observedApplications = ({ ports, history }: World, process: Process, at: At): Store<ApplicationRow> => {
  const { applications } = ports;
  return {
    ...applications,
    save: async (row) => {
      const before = applications.rows.get(row.id);
      const saved = await applications.save(row);
      if (saved) noteRow(history, before, saved);
      if (saved?.lease && process.ids.has(saved.lease.owner)) at.row = saved;
      return saved;
    },
  };
};

/** The forge and the chat, which remember what they were told. */
const tellingPorts = (world: World, process: Process, at: At) => {
  const { history, machine } = world;
  const { now } = machine.scheduler;
  const statuses: CommitStatuses = {
    post: (status) => {
      history.statuses.push({ at: now(), status, rollout: at.rollout });
      return Promise.resolve();
    },
    isShown: ({ commit, context, state, description, targetURL }) => {
      const shown = history.statuses.findLast(({ status }) => status.commit === commit && status.context === context);
      const { status } = shown ?? {};
      const isSame = status?.state === state && status.description === description && status.targetURL === targetURL;
      return Promise.resolve(isSame);
    },
  };
  const chat: Chat = {
    post: (channel, message, thread) => {
      if (thread !== undefined) return Promise.resolve({ channel, ts: `${thread}.reply` });
      const ts = String(history.posts.length);
      history.posts.push({ at: now(), rollout: at.rollout, message, edits: 0, ts });
      return Promise.resolve({ channel, ts });
    },
    update: (_channel, ts, message) => {
      const known = ts.endsWith('.reply') ? undefined : history.posts[Number(ts)];
      if (known) Object.assign(known, { message, edits: known.edits + 1 });
      return Promise.resolve();
    },
    whisper: () => Promise.resolve(),
  };
  return {
    statuses: portOf(machine, process, 'forge', statuses),
    deployments: createMemoryDeployments(),
    openChat: () => ({ channel: 'C1', chat: portOf(machine, process, 'chat', chat) }),
    rolloutURL: (rollout: string) => `https://towline.example.com/rollouts/${rollout}`,
  };
};

const isCluster = (name: string): name is 'dev' | 'prod' => name === 'dev' || name === 'prod';

const clusterPort = (world: World, process: Process, at: At, name: string): ClusterConnection => {
  if (!isCluster(name)) throw new Error(`no cluster ${name}`);
  const cluster = world.clusters[name];
  const { history, machine } = world;
  // The lease that the writer held when it sent the write, whatever it takes on later.
  const noted = async <T>(
    verb: string,
    ref: Parameters<ClusterConnection['get']>[0],
    write: () => Promise<T>,
    row = at.row,
  ) => {
    const live = await cluster.get(ref);
    const answer = await write();
    const stored = world.ports.applications.rows.get(row?.id ?? '');
    noteWrite(history, { at: machine.scheduler.now(), cluster: name, verb, ref, row, live, stored });
    const now = await cluster.get(ref);
    if (now && now.metadata.generation !== live?.metadata.generation) world.controllers(name, now);
    return answer;
  };
  const writer: ClusterConnection = {
    ...cluster,
    apply: (object, options) =>
      options.dryRun
        ? cluster.apply(object, options)
        : noted('apply', refOf(object), () => cluster.apply(object, options)),
    create: (object, options) =>
      options.dryRun
        ? cluster.create(object, options)
        : noted('create', refOf(object), () => cluster.create(object, options)),
    replace: (object, options) =>
      options.dryRun
        ? cluster.replace(object, options)
        : noted('replace', refOf(object), () => cluster.replace(object, options)),
    patch: (ref, patch, options) => noted('patch', ref, () => cluster.patch(ref, patch, options)),
    delete: (ref, options) =>
      options?.dryRun ? cluster.delete(ref, options) : noted('delete', ref, () => cluster.delete(ref, options)),
  };
  return portOf(machine, process, 'cluster', writer);
};
