import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';

/** A request as it arrived. */
export interface SeenRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What to answer: 200 and JSON unless said otherwise. `drop` closes the connection without a word, `hang` never answers. */
export interface ScriptedAnswer {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  drop?: boolean;
  hang?: boolean;
}

export interface ScriptedServer extends AsyncDisposable {
  url: string;
  requests: SeenRequest[];
  /** Connections ever made. */
  connections(): number;
  /** The most requests that were open at a time. */
  mostAtOnce(): number;
}

/** An HTTP server on a free loopback port that answers as `answer` says. */
export const startScriptedServer = async (
  answer: (request: SeenRequest, count: number) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedServer> => {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const seen = { connections: 0, open: 0, most: 0 };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.open += 1;
    seen.most = Math.max(seen.most, seen.open);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url = '', headers } = request;
    const arrived = { method, url, headers, body };
    requests.push(arrived);
    const { status = 200, headers: extra = {}, json, text, drop, hang } = await answer(arrived, requests.length);
    seen.open -= 1;
    if (drop) request.socket.destroy();
    if (drop || hang) return;
    response.writeHead(status, { 'content-type': 'application/json', ...extra });
    response.end(text ?? JSON.stringify(json));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket) => {
    seen.connections += 1;
    sockets.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    connections: () => seen.connections,
    mostAtOnce: () => seen.most,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
