import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoFiles } from '../../../src/local/demo/demo-files.ts';
import type { FileChanges } from '../../../src/local/git-host/hosted-repository.ts';
import { type ClusterView, openCluster } from './clusters.ts';
import { CHANNEL } from './forge-front.ts';
import { type FakeForge, type ForgeStatus, SECRETS, startGitHub, startGitLab } from './forges.ts';
import { type LineOf, type RunningTowline, startTowline, stateFolder } from './towline.ts';

/** Six applications (a plain-YAML, a Kustomize and a Helm source on dev and prod) on a fake forge, under `towline dev`. */
export interface World {
  forge: FakeForge;
  /** The fleet file. */
  fleet: string;
  stateDir: string;
  /** The one that runs now. */
  towline(): RunningTowline;
  cluster(name: 'dev' | 'prod'): ClusterView;
  /** The files of main as they are, by path. */
  files: Readonly<Record<string, string>>;
  /** Commits to main (`null` deletes a file); nobody is told. */
  commit(changes: FileChanges): Promise<string>;
  /** Sends a commit's webhook; answers with the status of the answer. */
  deliver(commit: string, delivery?: string): Promise<number>;
  /** Commits, sends the webhook, waits for the rollout's end. */
  push(changes: FileChanges): Promise<Pushed>;
  /** Waits until a commit's rollout has ended. */
  ended(commit: string): Promise<LineOf<'rollout'>>;
  /** What the forge shows for a commit now, by context. */
  statusOf(commit: string): Record<string, Pick<ForgeStatus, 'state' | 'description'>>;
  /** Names of the applications that were planned for a commit. */
  planned(commit: string): string[];
  /** Starts a process on the same state (with other settings, if given), and does not wait for it. */
  launch(environment?: Record<string, string>): RunningTowline;
  /** Starts again on the same state (with other settings, if given). */
  start(environment?: Record<string, string>): Promise<RunningTowline>;
  close(): Promise<void>;
}

export interface Pushed {
  commit: string;
  end: LineOf<'rollout'>;
}

/** `name sync health` of every application, as the API tells it. */
export const applicationsOf = async (world: World): Promise<string[]> => {
  const { url } = await world.towline().ready();
  const { items } = (await (await fetch(`${url}/api/v1/applications`)).json()) as {
    items: { id: string; sync: string; health: { status: string } }[];
  };
  return items.map(({ id, sync, health }) => `${id} ${sync} ${health.status}`).sort();
};

/** A poll that never comes by itself while a test runs: only webhooks are at work. */
const NO_POLL = { TOWLINE_POLL_SECONDS: '86400' };

/** Makes the forge and the fleet with its first commit, starts Towline, and waits until all six are healthy. */
export const startWorld = async ({
  kind = 'github',
  files = {},
  environment = NO_POLL,
  clusters = EMBEDDED,
}: {
  kind?: FakeForge['kind'];
  files?: Record<string, string> | ((repositoryURL: string) => Record<string, string>);
  /** Settings of this and of every later start that gives none. */
  environment?: Record<string, string>;
  /** The fleet's clusters dev and prod, as YAML. */
  clusters?: string;
} = {}): Promise<World> => {
  const forge = await (kind === 'github' ? startGitHub() : startGitLab());
  const more = typeof files === 'function' ? files(forge.repositoryURL) : files;
  const start = { ...demoFiles(forge.repositoryURL), ...more };
  const world = await createWorld(forge, { start, environment, clusters });
  await world.start();
  const first = await world.ended(world.forge.commits[0] ?? '');
  if (first.state !== 'success') throw new Error(`the first rollout failed: ${describeWorld(world)}`);
  return world;
};

/** What a failed test's reader wants to see: the statuses that were posted, the last lines of the log. */
const describeWorld = ({ forge, stateDir }: World): string => {
  const statuses = forge.statuses().map((status) => JSON.stringify(status));
  const log = readFileSync(join(stateDir, 'towline.log'), 'utf8').split('\n').slice(-40);
  return [...statuses, ...log].join('\n');
};

const EMBEDDED = `
    - { name: dev, labels: { environment: dev }, embedded: true }
    - { name: prod, labels: { environment: prod }, embedded: true }`;

const createWorld = async (
  forge: FakeForge,
  {
    start,
    environment: settings,
    clusters,
  }: { start: Record<string, string>; environment: Record<string, string>; clusters: string },
): Promise<World> => {
  const folder = stateFolder();
  const stateDir = join(folder.path, 'state');
  const fleet = join(folder.path, 'fleet.yaml');
  writeFileSync(fleet, fleetFile(forge, clusters));
  const repository = await createHistory(forge, start);
  let running: RunningTowline | undefined;
  const towline = (): RunningTowline => {
    if (!running) throw new Error('towline was not started');
    return running;
  };
  const world: World = {
    forge,
    fleet,
    stateDir,
    towline,
    files: repository.files,
    cluster: (name) => openCluster(join(stateDir, 'kubeconfig'), name),
    commit: repository.commit,
    deliver: async (commit, delivery = randomUUID()) => {
      const { webhooks } = await towline().ready();
      const before = forge.commits[forge.commits.indexOf(commit) - 1] ?? '0'.repeat(40);
      const { headers, body } = forge.webhook({ before, after: commit, delivery });
      const answer = await fetch(webhooks[forge.kind], { method: 'POST', headers, body: Buffer.from(body) });
      await answer.arrayBuffer();
      return answer.status;
    },
    push: async (changes) => {
      const commit = await repository.commit(changes);
      const status = await world.deliver(commit);
      if (status !== 202) throw new Error(`the webhook was answered ${status}`);
      return { commit, end: await world.ended(commit) };
    },
    ended: (commit) => towline().next('rollout', (line) => line.commit === commit && isEnd(line)),
    statusOf: (commit) =>
      Object.fromEntries(
        forge
          .statuses()
          .filter(({ sha }) => sha === commit)
          .map(({ context, state, description }) => [context, { state, description }]),
      ),
    planned: (commit) =>
      towline()
        .all('rollout')
        .flatMap((line) => (line.commit === commit ? (line.applications ?? []) : []))
        .map(({ application }) => application),
    launch: (environment = settings) => {
      const args = ['dev', '--fleet', fleet, '--json', '--port', '0', '--state', stateDir];
      running = startTowline(args, { ...SECRETS, ...environment });
      return running;
    },
    start: async (environment) => {
      const started = world.launch(environment);
      await started.ready();
      return started;
    },
    close: async () => {
      await running?.kill();
      await forge.close();
      folder.cleanUp();
    },
  };
  return world;
};

const isEnd = ({ state }: LineOf<'rollout'>): boolean => state !== 'pending' && state !== 'running';

/** The files of main as they are, and commits on top of them, one at a time. */
const createHistory = async (forge: FakeForge, start: Record<string, string>) => {
  const files: Record<string, string> = {};
  let last: Promise<string> = Promise.resolve('');
  const add = async (changes: FileChanges): Promise<string> => {
    for (const [path, content] of Object.entries(changes)) {
      if (content === null) delete files[path];
      else files[path] = String(content);
    }
    const ref = 'refs/heads/main';
    const commit = await forge.bare.commit({ ref, files, ...(forge.commits.length > 0 ? { from: ref } : {}) });
    forge.commits.push(commit);
    return commit;
  };
  const commit = (changes: FileChanges): Promise<string> => {
    last = last.then(() => add(changes));
    return last;
  };
  await commit(start);
  return { commit, files };
};

/** Of one environment of the two. */
const DEPLOYMENTS = {
  github: ', deployments: { prod: { production: true, url: "https://shop.example.com" } }',
  gitlab: '',
};

const fleetFile = ({ kind, repositoryURL, apiURL, slackURL }: FakeForge, clusters: string): string => `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: ${repositoryURL}, targetRevision: main, path: apps }
  repositories:
    - { url: ${repositoryURL}, forge: ${kind}, apiURL: ${apiURL}, credentials: forge, webhookSecret: hook${DEPLOYMENTS[kind]} }
  clusters: ${clusters}
  slack:
    channel: ${CHANNEL}
    credentials: slack
    apiURL: ${slackURL}
    signingSecret: slack-signing
    roles: { U0ALICE: operator, U0BOB: viewer, U0CAROL: { default: operator }, U0DAVE: { payments: operator } }
`;
