import { createSetExpander } from '../../src/adapters/gotemplate/expand-sets.ts';
import { createDeleteJqPaths } from '../../src/adapters/jq/delete-jq-paths.ts';
import { createRunHealthScript } from '../../src/adapters/lua/run-health-script.ts';
import { createChartTrees } from '../../src/app/chart-trees.ts';
import { carryOutAction } from '../../src/app/control/carry-out-action.ts';
import { createControl } from '../../src/app/control/control.ts';
import { refreshAnswers } from '../../src/app/generators/refresh-answers.ts';
import { createSnapshots } from '../../src/app/load-fleet.ts';
import { planChange } from '../../src/app/plan/plan-change.ts';
import { createPlanIndexes } from '../../src/app/plan/plan-index-store.ts';
import { pollCharts } from '../../src/app/poll-charts.ts';
import { pollFacts } from '../../src/app/poll-facts.ts';
import { pollOthers } from '../../src/app/poll-others.ts';
import { pollRefs } from '../../src/app/poll-refs.ts';
import { previewRequest } from '../../src/app/preview/preview-request.ts';
import { connectRegistry } from '../../src/app/registry/connect-registry.ts';
import { render } from '../../src/app/render.ts';
import { reportPreview } from '../../src/app/report/report-preview.ts';
import { reportRollout } from '../../src/app/report/report-rollout.ts';
import { tellAlert } from '../../src/app/report/tell-alert.ts';
import { tellOne } from '../../src/app/report/tell-one.ts';
import { sweep, sweepClusters } from '../../src/app/sweep.ts';
import { readFacts } from '../../src/app/sync/read-facts.ts';
import { syncApplication } from '../../src/app/sync/sync-application.ts';
import { transient } from '../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import { parseFleetFile } from '../../src/domain/fleet/parse-fleet-file.ts';
import { FLEET_ID } from '../../src/domain/fleet-row.ts';
import type { ActionMessage, NoticeMessage } from '../../src/messages/action.ts';
import type { ChangeMessage } from '../../src/messages/change.ts';
import type { FactsMessage } from '../../src/messages/facts.ts';
import type { PreviewMessage } from '../../src/messages/preview.ts';
import type { AlertReport, PreviewReport, ReportMessage } from '../../src/messages/report.ts';
import type { OpenCharts } from '../../src/ports/charts.ts';
import type { Chat, ChatMessage } from '../../src/ports/chat.ts';
import type { CommitStatus } from '../../src/ports/commit-statuses.ts';
import type { Sandbox } from '../../src/ports/sandbox.ts';
import type { SetExpander } from '../../src/ports/set-expander.ts';
import { createFakeCluster, type FakeCluster } from './fake-cluster.ts';
import { type KillSwitch, mortal } from './kill-switch.ts';
import { createMemoryDeployments, type OpenedDeployment } from './memory-deployments.ts';
import { createMemoryPorts } from './memory-ports.ts';
import { createMemoryProviders } from './memory-providers.ts';
import { createMemoryRepository } from './memory-repository.ts';
import { createMemoryStatuses } from './memory-statuses.ts';

export const REPOSITORY = 'https://git.example.com/acme/fleet';
/** A second repository, for what generators and sources read from elsewhere. */
export const CONFIG_REPOSITORY = 'https://git.example.com/acme/config';
export const MAIN = 'refs/heads/main';

const FLEET = `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: ${REPOSITORY}, targetRevision: main, path: apps }
  repositories:
    - { url: ${REPOSITORY}, forge: github, apiURL: https://api.example.com, credentials: token }
    - { url: ${CONFIG_REPOSITORY}, forge: github, apiURL: https://api.example.com, credentials: token }
  clusters:
    - { name: dev, labels: { environment: dev }, embedded: true }
    - { name: prod, labels: { environment: prod }, embedded: true }
  slack: { channel: C1, credentials: slack }
`;

/** An Argo CD Application of a directory in the repository, on one cluster, as YAML. */
export const applicationYaml = (
  name: string,
  path: string,
  cluster: string,
  more: { spec?: string; metadata?: string } = {},
): string => `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd${more.metadata ? `, ${more.metadata}` : ''} }
spec:
  project: default
  source: { repoURL: ${REPOSITORY}, targetRevision: main, path: ${path} }
  destination: { name: ${cluster}, namespace: ${name} }
${more.spec ?? '  syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }'}
`;

/** An AppProject that permits everything, as YAML; `more`: lines of its spec, two spaces in. */
export const projectYaml = (name: string, more = ''): string => `
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: ${name}, namespace: argocd }
spec:
  sourceRepos: ['*']
  destinations: [{ name: '*', server: '*', namespace: '*' }]
  clusterResourceWhitelist: [{ group: '*', kind: '*' }]
${more}
`;

/** An AppProject that permits one namespace of one cluster, and no kind outside of namespaces. */
export const NARROW_PROJECT = `
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: narrow, namespace: argocd }
spec:
  sourceRepos: ['*']
  destinations: [{ name: dev, namespace: web-dev }]
`;

/** A ConfigMap as YAML. */
export const configMapYaml = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { value: "${value}" }\n`;

interface Told {
  channel: string;
  ts: string;
  message: ChatMessage;
  edits: number;
}

const sandboxed = createSetExpander({ deleteJqPaths: createDeleteJqPaths() });

/**
 * The whole pipeline over memory: real use cases, queues that are pumped by hand, two clusters. `compareSeconds` 0: what is
 * at rest is compared only when asked for, so that no row at rest is due.
 */
export const createMemoryStack = async (
  sandbox?: Sandbox,
  kill?: KillSwitch,
  compareSeconds = 0,
  openCharts?: OpenCharts,
) => {
  const real = createMemoryPorts();
  const guard = <Port extends object>(port: Port): Port => (kill ? mortal(port, kill) : port);
  const ports = {
    ...real,
    fleets: guard(real.fleets),
    deliveries: guard(real.deliveries),
    refs: guard(real.refs),
    renders: guard(real.renders),
    rollouts: guard(real.rollouts),
    commits: guard(real.commits),
    applications: guard(real.applications),
    registrations: guard(real.registrations),
    outcomes: guard(real.outcomes),
    blobs: guard(real.blobs),
    queues: guard(real.queues),
  };
  const repository = guard(createMemoryRepository());
  const config = guard(createMemoryRepository());
  const clusters: Record<string, FakeCluster> = {
    dev: guard(createFakeCluster()),
    prod: guard(createFakeCluster()),
  };
  const statuses: CommitStatus[] = [];
  const deployments: OpenedDeployment[] = [];
  const comments: { id: string; number: number; body: string; edits: number }[] = [];
  /** What the forge or the chat fails with, while it is down. */
  const down: {
    forge?: (() => Error | undefined) | undefined;
    /** The forge has done it, and its answer is this. */
    lost?: (() => Error | undefined) | undefined;
    chat?: ((channel: string) => Error | undefined) | undefined;
  } = {};
  const chat: Told[] = [];
  /** What was said in the threads of messages. */
  const whispers: { channel: string; user: string; text: string }[] = [];
  const replies: (Told & { thread: string })[] = [];
  const snapshots = createSnapshots(ports.blobs);
  /** The registrations under which repositories were opened. */
  const opened: RepositoryConfig[] = [];
  const openRepository = (asked: RepositoryConfig) => {
    opened.push(asked);
    return asked.url === CONFIG_REPOSITORY ? config : repository;
  };
  const parsed = parseFleetFile(FLEET, { file: 'fleet.yaml', local: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  await ports.fleets.save({ id: FLEET_ID, version: 0, file: parsed.fleet, projects: [] });
  const noSandbox: Sandbox = { render: () => Promise.reject(new Error('no tool in this test')) };
  const expanded: string[] = [];
  const counted: SetExpander = {
    expand: (set, inputs, before) => {
      expanded.push(set.name);
      return sandboxed.expand(set, inputs, before);
    },
  };
  const charts = openCharts && createChartTrees({ openCharts, blobs: ports.blobs });
  const unreachable = new Set<string>();
  const connectTo = ({ name }: { name: string }): Promise<FakeCluster> =>
    unreachable.has(name)
      ? Promise.reject(transient('cluster-unreachable', `cluster "${name}" does not answer`))
      : Promise.resolve(clusters[name] ?? createFakeCluster());
  const providers = createMemoryProviders();
  const answering = { ...ports, openForgeLists: providers.openForgeLists, askPlugin: providers.askPlugin };
  const factsAsked: FactsMessage[] = [];
  const facts = readFacts({ ...ports, clusters: ports.clusterRows, connect: (cluster) => connectTo(cluster) });
  /** Reads the clusters that were asked for. */
  const readAsked = async (): Promise<void> => {
    for (const message of factsAsked.splice(0)) await facts(message);
  };
  const planning = {
    ...ports,
    providers: answering,
    clusterFacts: {
      clusters: ports.clusterRows,
      askFacts: async (messages: readonly FactsMessage[]) => void factsAsked.push(...messages),
      clock: ports.clock,
      // While a plan waits, whoever may talk to clusters is at work.
      pause: async (milliseconds: number) => {
        ports.time.now += milliseconds;
        await readAsked();
      },
    },
    snapshots,
    indexes: createPlanIndexes(ports.blobs),
    openRepository,
    ...(charts ? { charts } : {}),
    expander: counted,
    toolVersions: {},
  };
  const [plan, preview] = [planChange(planning), previewRequest(planning)];
  const refresh = refreshAnswers({ ...answering, snapshots, openRepository });
  const handlers = {
    changes: async (message: ChangeMessage | PreviewMessage | ActionMessage) => {
      if ('user' in message) return carryOut(message);
      if (!('number' in message)) return plan(message);
      if (message.delivery !== undefined) await refresh({ url: message.repository });
      await preview(message);
    },
    renders: render({ ...ports, sandbox: sandbox ?? noSandbox }),
    syncs: syncApplication({
      ...ports,
      runHealthScript: createRunHealthScript({ clock: () => 0 }),
      deleteJqPaths: (object) => Promise.resolve(object),
      compareSeconds,
      connect: connectRegistry(ports, (cluster) => connectTo(cluster)),
      typesApplied: (cluster) => facts({ version: 1, cluster }),
      pause: (milliseconds) => {
        ports.time.now += milliseconds;
        return Promise.resolve();
      },
    }),
    reports: (message: ReportMessage | PreviewReport | AlertReport | NoticeMessage) => {
      if ('notice' in message) return whisper(message);
      if ('alert' in message) return alert(message.alert);
      return 'preview' in message ? reportOnPreview(message.preview) : report(message);
    },
  };
  const [fail, lose] = [() => down.forge?.(), () => down.lost?.()];
  const reporting = {
    ...ports,
    statuses: createMemoryStatuses(statuses, fail, lose),
    deployments: createMemoryDeployments(deployments, { fail, lose }),
  };
  const reportOnPreview = reportPreview({
    ...reporting,
    comments: {
      upsert: async ({ id, number, body }) => {
        const error = down.forge?.();
        if (error) throw error;
        const known = comments.find((one) => one.id === id);
        if (known) Object.assign(known, { body, edits: known.edits + 1 });
        else comments.push({ id: String(comments.length + 1), number, body, edits: 0 });
        return { id: known?.id ?? String(comments.length) };
      },
    },
    previewURL: (one) => `https://towline.example.com/previews/${one}`,
  });
  const carryOut = carryOutAction(ports);
  const openChat = (): { channel: string; chat: Chat } => ({
    channel: 'C1',
    chat: {
      whisper: (channel, user, text) => {
        const error = down.chat?.(channel);
        if (error) return Promise.reject(error);
        whispers.push({ channel, user, text });
        return Promise.resolve();
      },
      post: async (channel, message, thread) => {
        const error = down.chat?.(channel);
        if (error) throw error;
        const ts = thread === undefined ? String(chat.length) : `${thread}.${replies.length}`;
        if (thread === undefined) chat.push({ channel, ts, message, edits: 0 });
        else replies.push({ channel, ts, message, edits: 0, thread });
        return { channel, ts };
      },
      update: async (channel, ts, message) => {
        const error = down.chat?.(channel);
        if (error) throw error;
        const known = [...chat, ...replies].find((one) => one.ts === ts);
        if (known) Object.assign(known, { message, edits: known.edits + 1 });
      },
    },
  });
  const whisper = tellOne({ ...reporting, openChat });
  const applicationURL = (id: string) => `https://towline.example.com/applications/${id}`;
  const alert = tellAlert({ ...reporting, openChat, applicationURL });
  const report = reportRollout({
    ...reporting,
    openChat,
    rolloutURL: (rollout) => `https://towline.example.com/rollouts/${rollout}`,
  });

  /** Delivers messages until none is left that is due within `seconds`; time moves to each delay's end. */
  const settle = async (seconds = 5): Promise<void> => {
    const deadline = ports.time.now + seconds * 1_000;
    for (let steps = 0; steps < 2_000; steps++) {
      const next = nextMessage(ports.sent);
      if (!next) return;
      if (next.delaySeconds > 0) {
        if (ports.time.now + next.delaySeconds * 1_000 > deadline) return;
        ports.time.now += next.delaySeconds * 1_000;
      }
      await next.deliver(handlers);
      ports.time.now += 1;
    }
    throw new Error('the queues do not come to rest');
  };

  const push = async (files: Record<string, string | null>, ref = MAIN): Promise<string> => {
    const commit = repository.commit(ref, files);
    await ports.queues.changes([{ version: 1, repository: REPOSITORY, ref, cause: 'push', commit }]);
    return commit;
  };

  const pushConfig = async (files: Record<string, string | null>, ref = MAIN): Promise<string> => {
    const commit = config.commit(ref, files);
    await ports.queues.changes([{ version: 1, repository: CONFIG_REPOSITORY, ref, cause: 'push', commit }]);
    return commit;
  };

  return {
    ...ports,
    repository,
    config,
    pushConfig,
    clusters: clusters as Record<'dev' | 'prod', FakeCluster>,
    statuses,
    deployments,
    chat,
    replies,
    /** What one person alone was told. */
    whispers,
    comments,
    opened,
    down,
    /** What forges and plugins answer to generators. */
    providers,
    refreshAnswers: refresh,
    handlers,
    settle,
    push,
    /** The poll of another process, which remembers nothing. */
    startPoll: () => pollRefs({ ...ports, snapshots: createSnapshots(ports.blobs), openRepository, random: () => 1 }),
    poll: pollRefs({ ...ports, snapshots, openRepository, random: () => 1 }),
    pollCharts: charts ? pollCharts({ ...ports, snapshots, charts }) : () => Promise.resolve({ changes: 0 }),
    pollOthers: charts
      ? pollOthers({ ...ports, snapshots, charts, openRepository, indexes: createPlanIndexes(ports.blobs) })
      : () => Promise.resolve({ changes: 0 }),
    sweep: sweep(ports),
    /** Names of clusters that do not answer. */
    unreachable,
    factsAsked,
    readAsked,
    sweepClusters: sweepClusters({
      clusters: ports.clusterRows,
      askFacts: async (messages) => void factsAsked.push(...messages),
      clock: ports.clock,
    }),
    pollFacts: pollFacts({ ...ports, clusters: ports.clusterRows, snapshots }),
    control: createControl(ports),
    /** Names of the sets that the sandbox expanded, once a step. */
    expanded,
    /** The last state and description of each context of a commit. */
    statusOf: (commit: string) =>
      Object.fromEntries(
        statuses
          .filter((one) => one.commit === commit)
          .map(({ context, state, description }) => [context, [state, description]]),
      ),
  };
};

type Sent = ReturnType<typeof createMemoryPorts>['sent'];
type Handlers = Awaited<ReturnType<typeof createMemoryStack>>['handlers'];

const nextMessage = (
  sent: Sent,
): { delaySeconds: number; deliver: (handlers: Handlers) => Promise<void> } | undefined => {
  const names = ['changes', 'renders', 'syncs', 'reports'] as const;
  const found = names
    .flatMap((name) => sent[name].map(({ delaySeconds }, index) => ({ name, index, delaySeconds })))
    .toSorted((a, b) => a.delaySeconds - b.delaySeconds)[0];
  if (!found) return undefined;
  const { name, index, delaySeconds } = found;
  return {
    delaySeconds,
    deliver: (handlers) => {
      const [taken] = sent[name].splice(index, 1);
      return (handlers[name] as (message: unknown) => Promise<void>)(taken?.message);
    },
  };
};
