import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { ClusterEndpoint } from './endpoint.ts';

/** One HTTP exchange; `path` begins with `/` and holds the query. */
export interface Exchange {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface TransportLimits {
  /** Sockets kept and used at a time. */
  sockets: number;
  /** Until a connection stands, TLS included: a cluster that is down should cost little. */
  connectMilliseconds: number;
  /** Until the whole answer is there. */
  answerMilliseconds: number;
  /** Idle sockets are closed after this long: load balancers drop them silently, a frozen function's are dead. */
  idleMilliseconds: number;
}

export const defaultLimits: TransportLimits = {
  sockets: 10,
  connectMilliseconds: 3_000,
  answerMilliseconds: 30_000,
  idleMilliseconds: 20_000,
};

/** Nobody answered. `code` is Node's (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, …) or `CONNECT_TIMEOUT`, `ANSWER_TIMEOUT`. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type Send = (exchange: Exchange) => Promise<Answer>;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';

const tlsOptions = (endpoint: ClusterEndpoint): https.AgentOptions => ({
  ...(endpoint.certificateAuthority === undefined ? {} : { ca: endpoint.certificateAuthority }),
  ...(endpoint.serverName === undefined ? {} : { servername: endpoint.serverName }),
  ...(endpoint.clientCertificate === undefined ? {} : { cert: endpoint.clientCertificate, key: endpoint.clientKey }),
  rejectUnauthorized: endpoint.skipVerify !== true,
});

const watchConnect = (request: ClientRequest, url: URL, milliseconds: number): void => {
  request.on('socket', (socket: Socket) => {
    if (!socket.connecting) return;
    const message = `no connection to ${url.host} within ${milliseconds} ms`;
    const timer = setTimeout(() => request.destroy(new NoAnswer('CONNECT_TIMEOUT', message)), milliseconds);
    const stop = (): void => clearTimeout(timer);
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', stop);
    socket.once('close', stop);
  });
};

const readAll = (response: IncomingMessage): Promise<Answer> =>
  new Promise((resolve, reject) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      body += chunk;
    });
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
  });

const noAnswer = (error: unknown, url: URL): NoAnswer =>
  error instanceof NoAnswer ? error : new NoAnswer(codeOf(error), `${url.host}: ${codeOf(error)}`, { cause: error });

interface Target {
  url: URL;
  agent: http.Agent;
  limits: TransportLimits;
}

const createAgent = (endpoint: ClusterEndpoint, secure: boolean, limits: TransportLimits): http.Agent => {
  const options = { keepAlive: true, maxSockets: limits.sockets, timeout: limits.idleMilliseconds };
  return secure ? new https.Agent({ ...options, ...tlsOptions(endpoint) }) : new http.Agent(options);
};

const begin = ({ url, agent }: Target, { method, path, headers, body }: Exchange): ClientRequest => {
  const secure = url.protocol === 'https:';
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return (secure ? https : http).request({
    agent,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (secure ? 443 : 80),
    method,
    path: url.pathname.replace(/\/$/, '') + path,
    headers: { ...headers, ...length },
  });
};

const exchangeOnce = (target: Target, exchange: Exchange): { request: ClientRequest; answer: Promise<Answer> } => {
  const { url, limits } = target;
  const request = begin(target, exchange);
  watchConnect(request, url, limits.connectMilliseconds);
  const late = `no answer from ${url.host} within ${limits.answerMilliseconds} ms`;
  const timer = setTimeout(() => request.destroy(new NoAnswer('ANSWER_TIMEOUT', late)), limits.answerMilliseconds);
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => resolve(readAll(response)));
  }).finally(() => clearTimeout(timer));
  request.end(exchange.body);
  return { request, answer };
};

/** A kept connection broke under a request: it never reached the server, or may safely reach it twice. */
const mayRepeat = (request: ClientRequest | undefined, error: unknown, method: Exchange['method']): boolean =>
  request?.reusedSocket === true && codeOf(error) === 'ECONNRESET' && method !== 'POST';

/**
 * Speaks HTTP/1.1 over kept-alive connections (measured: faster here than HTTP/2). A request that a kept connection lost
 * before any answer is sent again once on a new one, unless it creates something. Errors: NoAnswer.
 */
export const createTransport = (endpoint: ClusterEndpoint, limits: TransportLimits = defaultLimits): Send => {
  const url = new URL(endpoint.url);
  const target = { url, agent: createAgent(endpoint, url.protocol === 'https:', limits), limits };
  return async (exchange) => {
    let first: ClientRequest | undefined;
    try {
      const { request, answer } = exchangeOnce(target, exchange);
      first = request;
      return await answer;
    } catch (error) {
      if (!mayRepeat(first, error, exchange.method)) throw noAnswer(error, url);
    }
    return exchangeOnce(target, exchange).answer.catch((error: unknown) => {
      throw noAnswer(error, url);
    });
  };
};
