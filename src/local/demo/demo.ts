import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetFile } from '../../domain/fleet/fleet-file.ts';
import { parseFleetFile } from '../../domain/fleet/parse-fleet-file.ts';
import type { Log } from '../../ports/log.ts';
import { type GitHost, startGitHost } from '../git-host/start-git-host.ts';
import type { Printer } from '../printer.ts';
import { type Stack, type StackOptions, startStack } from '../stack.ts';
import { lockStateDir } from '../state-dir.ts';
import { demoChange, demoFiles } from './demo-files.ts';

const REPOSITORY = 'fleet';
const BRANCH = 'refs/heads/main';
const SECRET_VARIABLE = 'TOWLINE_SECRET_DEMO_WEBHOOK';

/**
 * Runs the stack on a fleet of its own: a real Git repository served over HTTP, two embedded clusters, six applications.
 * The first start pushes the fleet and then one change, so that there is something to see; later ones go on where the
 * last one ended.
 */
export const startDemo = async (options: DemoOptions): Promise<Stack> => {
  // Before anything of the directory is read or served. The stack takes it again, as the same process.
  const lock = await lockStateDir(options.stateDir);
  try {
    const host = await startHost(options);
    try {
      const stack = await startOn(options, host);
      // What is pushed is taken in first, and the host goes last: until then the stack may read its repository.
      const close = async (): Promise<void> => {
        await host.settled();
        await stack.close();
        await host.close();
      };
      return { ...stack, close };
    } catch (error) {
      await host.close();
      throw error;
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
};

type DemoOptions = Omit<StackOptions, 'fleet' | 'gitURL'>;

/** The Git host, with where its pushes are told once the stack is there. */
type DemoHost = GitHost & { webhook: { current: string; secret: string } };

const startHost = async ({ stateDir, environment, log }: DemoOptions): Promise<DemoHost> => {
  const secret = await keep(join(stateDir, 'demo-webhook-secret'), () => randomBytes(24).toString('hex'));
  const webhook = { current: '', secret };
  const host = await startGitHost({
    root: join(stateDir, 'repositories'),
    port: Number(await keep(join(stateDir, 'demo-git-port'), () => '0')),
    webhook: { url: () => webhook.current, secret: () => secret },
    clock: Date.now,
    newId: randomUUID,
    log,
    searchPath: environment.PATH,
  });
  return { ...host, webhook };
};

const startOn = async (options: DemoOptions, host: DemoHost): Promise<Stack> => {
  const { stateDir, environment } = options;
  await writeFile(join(stateDir, 'demo-git-port'), String(host.port));
  const gitURL = host.url(REPOSITORY);
  const isNew = await makeRepository(host, stateDir);
  environment[SECRET_VARIABLE] = host.webhook.secret;
  const watched = watchRollouts(options.printer);
  const printer = watched.printer;
  const stack = await startStack({ ...options, printer, fleet: demoFleet(gitURL), gitURL, pollAtStart: !isNew });
  host.webhook.current = stack.webhooks.github;
  // Not waited for: the stack serves already, and Ctrl-C ends it however far the push is.
  if (isNew) void pushDemo(host, stateDir, printer, watched.ended).catch(tellUnpushed(options.log));
  return stack;
};

const tellUnpushed =
  (log: Log) =>
  (error: unknown): void =>
    log.error('the demo fleet could not be pushed; the next start tries again', {
      reason: error instanceof Error ? error.message : String(error),
    });

/** Stands in the state directory from before the repository is made until the fleet is pushed to it. */
const UNPUSHED = 'demo-unpushed';

/** True: the fleet is still to be pushed, also where a first start was killed before it had done so. */
const makeRepository = async (host: GitHost, stateDir: string): Promise<boolean> => {
  const marker = join(stateDir, UNPUSHED);
  if (!existsSync(host.directory(REPOSITORY))) await writeFile(marker, '');
  await host.createRepository(REPOSITORY, await emptyFolder(stateDir));
  return existsSync(marker);
};

/** Content of a file of the state directory, made at the first start. */
const keep = async (path: string, make: () => string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch {
    const made = make();
    await writeFile(path, made, { mode: 0o600 });
    return made;
  }
};

const emptyFolder = async (stateDir: string): Promise<string> => {
  const folder = join(stateDir, 'demo-empty');
  await mkdir(folder, { recursive: true });
  return folder;
};

const demoFleet = (gitURL: string): FleetFile => {
  const parsed = parseFleetFile(demoFleetFile(gitURL), { file: 'demo fleet', local: true });
  if (parsed.ok) return parsed.fleet;
  throw new Error(`the demo's fleet file is broken: ${JSON.stringify(parsed.problems)}`);
};

const demoFleetFile = (gitURL: string): string => `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: demo }
spec:
  source: { repoURL: ${gitURL}, targetRevision: main, path: apps }
  repositories:
    - { url: ${gitURL}, forge: git, webhookSecret: demo-webhook }
  clusters:
    - { name: dev, labels: { environment: dev }, embedded: true }
    - { name: prod, labels: { environment: prod }, embedded: true }
`;

/** The fleet in one commit; once it is healthy, a change to one file, which two of the six applications read. */
const pushDemo = async (
  host: GitHost,
  stateDir: string,
  printer: Printer,
  ended: (commit: string) => Promise<void>,
): Promise<void> => {
  printer.note('\nFirst start: the demo fleet is pushed, six applications on two clusters.\n');
  const first = await host.commitFiles(REPOSITORY, BRANCH, demoFiles(host.url(REPOSITORY)), 'Add the demo fleet');
  await rm(join(stateDir, UNPUSHED), { force: true });
  await ended(first);
  printer.note('\nNow one file changes, which the two "web" applications read.\n');
  const second = await host.commitFiles(REPOSITORY, BRANCH, demoChange(), 'Greet again');
  await ended(second);
};

/** The same printer, and a way to wait until the rollout of a commit has ended. */
const watchRollouts = (printer: Printer): { printer: Printer; ended: (commit: string) => Promise<void> } => {
  const finished = new Set<string>();
  const waiting = new Map<string, () => void>();
  return {
    printer: {
      ...printer,
      emit: (event) => {
        printer.emit(event);
        if (event.event !== 'rollout' || event.state === 'pending' || event.state === 'running') return;
        finished.add(event.commit);
        waiting.get(event.commit)?.();
      },
    },
    ended: (commit) =>
      finished.has(commit) ? Promise.resolve() : new Promise((resolve) => waiting.set(commit, resolve)),
  };
};
