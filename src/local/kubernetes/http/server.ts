import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { permanent } from '../../../domain/errors.ts';
import type { Log } from '../../../ports/log.ts';
import { ApiStatus } from '../api-status.ts';
import { sendError } from './answers.ts';
import { readBody } from './body.ts';
import type { ClusterCredentials } from './credentials.ts';
import type { ServerDeps } from './requests.ts';
import { unauthorized } from './requests.ts';
import { serve } from './serve.ts';

export interface RunningServer {
  port: number;
  close(): Promise<void>;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const isAuthorized = ({ headers }: IncomingMessage, token: string): boolean =>
  timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));

/** Probes are answered to anybody, as by a real API server. */
const isOpen = (path: string): boolean => /^\/(version|healthz|livez|readyz)(\/|$)/.test(path);

const answer = async (
  deps: ServerDeps,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'https://127.0.0.1');
  const path = url.pathname;
  const body = await readBody(request);
  if (!isOpen(path) && !isAuthorized(request, token)) throw unauthorized();
  serve(deps, { request, response, path, query: url.searchParams, body });
};

const listen = (server: ReturnType<typeof createServer>, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

/** The port wanted, or, where only the last start's is meant, any free one. */
const listenOn = async (
  server: ReturnType<typeof createServer>,
  wanted: number | undefined,
  last: number,
): Promise<number> => {
  try {
    return await listen(server, wanted ?? last);
  } catch (error) {
    if (!isTaken(error)) throw error;
    if (wanted === undefined) return listen(server, 0);
    const message = `port ${wanted} is in use: give the embedded cluster another, or none`;
    throw permanent('port-in-use', message, { details: { port: wanted }, cause: error });
  }
};

/**
 * Serves a cluster over TLS on 127.0.0.1 to whoever holds its token. Errors: AppError `port-in-use` (permanent) where a port
 * was asked for.
 */
export const startServer = async (
  deps: ServerDeps,
  credentials: ClusterCredentials,
  port: number | undefined,
  log: Log,
): Promise<RunningServer> => {
  const { key, certificate, token } = credentials;
  const server = createServer({ key, cert: certificate, keepAlive: true }, (request, response) => {
    answer(deps, token, request, response).catch((error: unknown) => {
      if (!(error instanceof ApiStatus)) {
        log.error('the embedded cluster failed to answer', { method: request.method, error: String(error) });
      }
      if (response.headersSent) response.destroy();
      else sendError(response, error);
    });
  });
  server.keepAliveTimeout = 75_000;
  const bound = await listenOn(server, port, credentials.port);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: bound, close };
};
