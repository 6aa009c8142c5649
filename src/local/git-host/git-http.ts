import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { createReadyProcess, type ReadyProcess } from '../../adapters/git/ready-process.ts';
import { repositoryDirectory } from './hosted-repository.ts';
import { createCommandReader, type RefUpdate } from './ref-update.ts';

export interface GitHandlerOptions {
  root: string;
  /** `git --exec-path`: programs are started from there, without a search and without `git` in front of them. */
  execPath: string;
  searchPath?: string | undefined;
  uploaders: ReturnType<typeof createUploaders>;
  /** What a client asked to be changed and git has accepted or refused; to be compared with the refs. */
  pushed: (name: string, updates: readonly RefUpdate[]) => void;
}

type Service = 'git-upload-pack' | 'git-receive-pack';

/** What a request asks for: the greeting of a service (`GET info/refs`), or the service itself (`POST`). */
interface Route {
  name: string;
  service: Service;
  greeting: boolean;
}

const PATH = /^\/(.+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;
const NO_CACHE = { 'cache-control': 'no-cache, max-age=0, must-revalidate' };

/**
 * Serves Git's smart HTTP protocol. What `git http-backend` would start is started directly: one process less a
 * request (measured: 3.5 instead of 6 ms), and it is missing from some systems' packages. Answers 404 for everything
 * but the protocol's own paths. Source: gitprotocol-http(5).
 */
export const createGitHandler = (options: GitHandlerOptions): RequestListener => {
  const greetings = new Map<string, Buffer>();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = routeOf(request);
    // No browser has anything to do here: a page of another origin must not push or read.
    if (!route || request.headers.origin !== undefined || !(await isServed(options.root, route.name))) {
      response.writeHead(404).end();
      return;
    }
    if (route.greeting) await greet(options, greetings, route, request, response);
    else if (route.service === 'git-receive-pack') await receive(options, route, request, response);
    else await upload(options, route, request, response);
  };
  return (request, response) => {
    serve(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };
};

const isVersion2 = ({ headers }: IncomingMessage): boolean => headers['git-protocol'] === 'version=2';

const routeOf = (request: IncomingMessage): Route | undefined => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, name = '', last = ''] = PATH.exec(decodeURIComponent(url.pathname)) ?? [];
  const greeting = last === 'info/refs';
  const service = greeting ? url.searchParams.get('service') : last;
  if (name === '' || request.method !== (greeting ? 'GET' : 'POST')) return undefined;
  if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return undefined;
  const isRight = greeting || request.headers['content-type'] === `application/x-${service}-request`;
  return isRight ? { name, service, greeting } : undefined;
};

const isServed = async (root: string, name: string): Promise<boolean> => {
  try {
    await access(join(repositoryDirectory(root, name), 'HEAD'));
    return true;
  } catch {
    return false;
  }
};

/** With version 2 the greeting tells what the server can do, not where its refs are: it is asked for once. */
const greet = async (
  options: GitHandlerOptions,
  greetings: Map<string, Buffer>,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const version2 = route.service === 'git-upload-pack' && isVersion2(request);
  const kept = version2 ? greetings.get(route.name) : undefined;
  const body = kept ?? Buffer.concat([opening(route, version2), await collect(start(options, route, request))]);
  if (version2) greetings.set(route.name, body);
  response.writeHead(200, { 'content-type': `application/x-${route.service}-advertisement`, ...NO_CACHE }).end(body);
};

const opening = ({ service }: Route, version2: boolean): Buffer => {
  if (version2) return Buffer.alloc(0);
  const line = `# service=${service}\n`;
  return Buffer.from(`${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`);
};

const resultHeaders = ({ service }: Route) => ({ 'content-type': `application/x-${service}-result`, ...NO_CACHE });

const upload = async (
  options: GitHandlerOptions,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const child = isVersion2(request)
    ? feed(options.uploaders.take(route.name), request)
    : start(options, route, request);
  response.writeHead(200, resultHeaders(route));
  response.on('close', () => child.kill('SIGKILL'));
  await pipeline(child.stdout, response);
};

const receive = async (
  options: GitHandlerOptions,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const commands = createCommandReader();
  const body = await collect(start(options, route, request, commands.take));
  // Told before the client is answered: the webhook is on its way while `git push` still prints.
  if (commands.updates().length > 0) options.pushed(route.name, commands.updates());
  response.writeHead(200, resultHeaders(route)).end(body);
};

const start = (
  options: GitHandlerOptions,
  { name, service, greeting }: Route,
  request: IncomingMessage,
  readAlong?: (chunk: Buffer) => void,
) => {
  const args = ['--stateless-rpc', ...(greeting ? ['--advertise-refs'] : []), repositoryDirectory(options.root, name)];
  return feed(startService(options, service, args, request.headers['git-protocol']), request, readAlong);
};

const startService = (
  { execPath, searchPath }: Pick<GitHandlerOptions, 'execPath' | 'searchPath'>,
  service: Service,
  args: readonly string[],
  protocol: string | string[] | undefined,
) =>
  spawn(join(execPath, service), args, {
    env: environment(execPath, searchPath, protocol),
    stdio: ['pipe', 'pipe', 'pipe'],
  });

type ServiceProcess = ReturnType<typeof startService>;

const feed = (child: ServiceProcess, request: IncomingMessage, readAlong?: (chunk: Buffer) => void): ServiceProcess => {
  child.stderr.resume();
  child.on('error', () => request.destroy());
  // git may have heard enough before the client has said all.
  child.stdin.on('error', () => request.resume());
  const body = bodyOf(request);
  body.on('error', () => child.kill('SIGKILL'));
  if (readAlong) body.on('data', readAlong);
  body.pipe(child.stdin);
  return child;
};

/**
 * Upload services of protocol version 2, by repository, one of each started ahead: they look at nothing before they have
 * heard what is asked for.
 */
export const createUploaders = (options: Pick<GitHandlerOptions, 'root' | 'execPath' | 'searchPath'>) => {
  const ready = new Map<string, ReadyProcess>();
  return {
    take: (name: string): ServiceProcess => {
      const args = ['--stateless-rpc', repositoryDirectory(options.root, name)];
      const one =
        ready.get(name) ?? createReadyProcess(() => startService(options, 'git-upload-pack', args, 'version=2'));
      ready.set(name, one);
      return one.take();
    },
    close: (): void => {
      for (const one of ready.values()) one.close();
    },
  };
};

const bodyOf = (request: IncomingMessage): Readable =>
  request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request;

/** A pushed reference log entry needs a name; nothing else of the machine's configuration is let in. */
const environment = (
  execPath: string,
  searchPath: string | undefined,
  protocol: string | string[] | undefined,
): Record<string, string> => ({
  PATH: `${execPath}:${searchPath ?? '/usr/local/bin:/usr/bin:/bin'}`,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_COMMITTER_NAME: 'towline',
  GIT_COMMITTER_EMAIL: 'towline@127.0.0.1',
  ...(typeof protocol === 'string' && { GIT_PROTOCOL: protocol }),
});

const collect = async (child: { stdout: Readable; once(event: 'close', listener: () => void): unknown }) => {
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  await ended;
  return Buffer.concat(chunks);
};
