import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGitHost } from '../../src/local/git-host/start-git-host.ts';
import { createMemoryLog } from './memory-ports.ts';

export interface ServedBare {
  url: string;
  close(): Promise<void>;
}

/** Serves a bare repository over smart HTTP as `demo/app`, through the local Git host. */
export const serveBare = async (directory: string): Promise<ServedBare> => {
  const root = await mkdtemp(join(tmpdir(), 'towline-root-'));
  await symlink(directory, join(root, 'app.git'));
  const host = await startGitHost({
    root,
    port: 0,
    webhook: { url: () => 'http://127.0.0.1:9/nobody', secret: () => 'unused' },
    clock: () => 1_700_000_000_000,
    newId: randomUUID,
    log: createMemoryLog(),
    searchPath: process.env.PATH,
  });
  const close = async () => {
    await host.close();
    await rm(root, { recursive: true, force: true });
  };
  return { url: host.url('app'), close };
};

/** A Git server in front of another: `answer` may answer a request itself (true), or change its headers first. */
export const serveThrough = async (
  target: string,
  answer: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<ServedBare & { requests: { url: string; authorization: string | undefined }[] }> => {
  const requests: { url: string; authorization: string | undefined }[] = [];
  const base = new URL(target);
  const server = createServer((incoming, response) => {
    requests.push({ url: incoming.url ?? '', authorization: incoming.headers.authorization });
    if (answer(incoming, response)) return;
    const { host: _host, ...headers } = incoming.headers;
    const onward = request(
      { host: base.hostname, port: base.port, path: incoming.url, method: incoming.method, headers },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    requests,
    url: `http://127.0.0.1:${port}${base.pathname}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
