import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { permanent } from '../domain/errors.ts';

/**
 * Serves a fetch handler on loopback; port 0 picks a free one.
 * Errors: AppError `port-in-use`, `port-refused` (permanent) naming the port.
 */
export const listen = async (
  fetch: (request: Request) => Response | Promise<Response>,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> => {
  const answer = getRequestListener(fetch);
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portError(port, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const portError = (port: number, error: NodeJS.ErrnoException) =>
  error.code === 'EADDRINUSE'
    ? permanent('port-in-use', `port ${port} is in use: give another with --port N, or --port 0 for any free one`)
    : permanent('port-refused', `cannot listen on port ${port}: ${error.code}`);
