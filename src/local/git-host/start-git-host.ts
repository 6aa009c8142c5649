import { mkdir, realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { runGit } from '../../adapters/git/git-process.ts';
import { permanent } from '../../domain/errors.ts';
import type { Clock, NewId } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { createDelivery } from './deliver-push.ts';
import { createGitHandler, createUploaders } from './git-http.ts';
import { commitFiles, createRepository, type FileChanges, repositoryDirectory } from './hosted-repository.ts';
import { createPushPayload } from './push-payload.ts';

export interface GitHostOptions {
  /** Directory of the repositories: `<root>/<name>.git`. Made when it is not there. */
  root: string;
  /** TCP port on 127.0.0.1; 0 picks a free one. */
  port: number;
  /** Where each push is told, and the secret that signs it; asked at every push. */
  webhook: { url: () => string; secret: () => string };
  clock: Clock;
  newId: NewId;
  log: Log;
  /** `PATH` to look for git in; default: the usual places. */
  searchPath?: string | undefined;
}

export interface GitHost {
  port: number;
  /** URL to clone from and push to: `http://127.0.0.1:<port>/<name>.git`. */
  url(name: string): string;
  /** The bare repository on disk. */
  directory(name: string): string;
  /**
   * Makes a bare repository with one commit on `main` that holds a folder's files (without `.git`); left as it is where
   * it exists. No webhook is sent. True: it was made now.
   */
  createRepository(name: string, folder: string): Promise<boolean>;
  /**
   * Commits files to a ref, as a push would: the webhook is sent, the call does not wait for its answer. A file of
   * `null` is deleted. Answers with the new commit's id.
   */
  commitFiles(name: string, ref: string, files: FileChanges, message: string): Promise<string>;
  /** Resolves when no webhook is under way. */
  settled(): Promise<void>;
  /** Stops listening and waits until the webhooks under way are sent. */
  close(): Promise<void>;
}

/**
 * Serves bare repositories over Git's smart HTTP protocol on the loopback interface (clone, fetch, push, without a
 * password) and tells each change of a ref to a webhook, as GitHub does. Errors: AppError `git-missing`,
 * `port-in-use` (permanent).
 */
export const startGitHost = async (options: GitHostOptions): Promise<GitHost> => {
  await mkdir(options.root, { recursive: true });
  const root = await realpath(options.root);
  const settings = { searchPath: options.searchPath, protocols: 'file' };
  const found = await runGit(settings, ['--exec-path'], { timeoutMs: 10_000 });
  const execPath = found.stdout.toString('utf8').trim();
  if (found.status !== 0) throw permanent('git-missing', 'git does not run: install git 2.36 or newer');
  let base = '';
  const url = (name: string): string => `${base}/${name}.git`;
  const payloads = createPushPayload({ root, settings, url });
  const delivery = createDelivery({ ...options, payload: payloads.build });
  const programs = { root, execPath, searchPath: options.searchPath };
  const uploaders = createUploaders(programs);
  const handler = createGitHandler({ ...programs, uploaders, pushed: delivery.pushed });
  const server = createServer(handler);
  const port = await listen(server, options.port);
  base = `http://127.0.0.1:${port}`;
  return {
    port,
    url,
    directory: (name) => repositoryDirectory(root, name),
    createRepository: (name, folder) => createRepository({ root, settings, clock: options.clock }, name, folder),
    commitFiles: async (name, ref, files, message) => {
      const change = await commitFiles({ root, settings, clock: options.clock }, name, { ref, files, message });
      delivery.pushed(name, [change]);
      return change.after;
    },
    settled: delivery.settled,
    close: async () => {
      await closeServer(server);
      uploaders.close();
      await delivery.settled();
      payloads.close();
    },
  };
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(port, error)));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });

const refused = (port: number, error: NodeJS.ErrnoException) => {
  const reason = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${error.code})`;
  const remedy = 'free it, or start anew with another --state DIR';
  return permanent('port-in-use', `port ${port}, where the repository has been served until now, ${reason}: ${remedy}`);
};

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
