import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseFleetFile } from '../src/domain/fleet/parse-fleet-file.ts';
import { demoFiles } from '../src/local/demo/demo-files.ts';
import { startGitHost } from '../src/local/git-host/start-git-host.ts';
import { startStack } from '../src/local/stack.ts';
import type { TowlineEvent } from '../src/ports/events.ts';
import type { Log } from '../src/ports/log.ts';

const BRANCH = 'refs/heads/main';

/** The local stack on a fleet of its own (the demo's unless told), and a way to push and wait for the rollout's end. */
export const startBenchStack = async (
  dir: string,
  log: Log,
  {
    clusters = EMBEDDED,
    files = demoFiles,
  }: { clusters?: string; files?: (repoURL: string) => Record<string, string> } = {},
) => {
  const webhook = { url: '' };
  const host = await startGitHost({
    root: join(dir, 'repositories'),
    port: 0,
    webhook: { url: () => webhook.url, secret: () => 'bench' },
    clock: Date.now,
    newId: randomUUID,
    log,
  });
  mkdirSync(join(dir, 'empty'));
  await host.createRepository('fleet', join(dir, 'empty'));
  const parsed = parseFleetFile(fleetFile(host.url('fleet'), clusters), { file: 'bench', local: true });
  if (!parsed.ok) throw new Error('the fleet file is broken');
  const seen: TowlineEvent[] = [];
  const waiting = new Map<string, () => void>();
  const emit = (event: TowlineEvent): void => {
    seen.push(event);
    if (event.event === 'rollout' && event.state !== 'pending' && event.state !== 'running')
      waiting.get(event.commit)?.();
  };
  const stack = await startStack({
    fleet: parsed.fleet,
    port: 0,
    stateDir: join(dir, 'state'),
    environment: Object.assign(process.env, { TOWLINE_SECRET_BENCH: 'bench' }),
    printer: { ready: () => undefined, note: () => undefined, stopping: () => undefined, emit },
    log,
    pollAtStart: false,
  });
  webhook.url = stack.webhooks.github;
  const pushAndWait = async (files: Record<string, string>) => {
    seen.length = 0;
    const commit = await host.commitFiles('fleet', BRANCH, files, 'Change');
    const pushedAt = Date.now();
    await new Promise<void>((resolve) => {
      waiting.set(commit, resolve);
      if (seen.some((event) => event.event === 'rollout' && event.commit === commit && event.state === 'success'))
        resolve();
    });
    return { commit, pushedAt, events: [...seen] };
  };
  const first = await pushAndWait(files(host.url('fleet')));
  return {
    pushAndWait,
    first,
    close: async () => {
      await host.close();
      await stack.close();
    },
  };
};

const EMBEDDED = `
    - { name: dev, labels: { environment: dev }, embedded: true }
    - { name: prod, labels: { environment: prod }, embedded: true }`;

const fleetFile = (url: string, clusters: string): string => `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: bench }
spec:
  source: { repoURL: ${url}, targetRevision: main, path: apps }
  repositories: [{ url: ${url}, forge: git, webhookSecret: bench }]
  clusters: ${clusters}
`;
