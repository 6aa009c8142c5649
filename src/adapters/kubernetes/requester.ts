import { transient } from '../../domain/errors.ts';
import type { ClusterCredentials } from './endpoint.ts';
import type { FairQueue } from './fair-queue.ts';
import type { RequestSubject } from './request-errors.ts';
import { retryAfterOf } from './request-errors.ts';
import type { Answer, Exchange, Send } from './transport.ts';
import { NoAnswer } from './transport.ts';

export interface RequesterDeps {
  cluster: string;
  /** What the audit log shows as user agent. */
  session: string;
  /** Whose turn it is in the queue. */
  turn: string;
  remedy: string;
  credentials: ClusterCredentials;
  send: Send;
  queue: FairQueue;
  random: () => number;
  sleep: (milliseconds: number) => Promise<void>;
}

/** What one request is; `headers` beyond authorization and user agent. */
export interface ClusterRequest extends Omit<Exchange, 'headers'> {
  headers?: Record<string, string>;
}

/** Sends one request, again while the cluster throttles; answers with any status. Errors: `cluster-unreachable`. */
export type Requester = {
  (request: ClusterRequest): Promise<Answer>;
  /** Who is asked and what to check after a refusal, for the errors of answers. */
  readonly words: Pick<RequestSubject, 'cluster' | 'remedy'>;
};

/** An answer, and with which credentials it was asked for. */
interface Sent {
  answer: Answer;
  authorization: string | undefined;
}

const attempts = 8;
const firstWait = 200;
/** In all, per request: beyond this a queue's delay is cheaper than a waiting worker. */
const longestWait = 15_000;

/** 503 and 429 say that the request was not worked on; a 500 or 504 may be repeated only where the server says when. */
const isThrottled = (answer: Answer): boolean =>
  answer.status === 429 || answer.status === 503 || (answer.status >= 500 && retryAfterOf(answer) !== undefined);

const unreachable = (cluster: string, error: unknown): unknown => {
  if (!(error instanceof NoAnswer)) return error;
  const message = `cluster "${cluster}" cannot be reached: ${error.message}`;
  return transient('cluster-unreachable', message, { cause: error, details: { cluster, reason: error.code } });
};

/** Exponential, with full jitter on top of what the server asked for. */
const waitAfter = (answer: Answer, attempt: number, random: () => number): number =>
  (retryAfterOf(answer) ?? 0) * 1000 + Math.floor(firstWait * 2 ** attempt * random());

/** Binds one session's credentials to one cluster's connections. */
export const createRequester = (deps: RequesterDeps): Requester => {
  const { cluster, session, turn, remedy, credentials, queue, send } = deps;
  const userAgent = `towline (${session.replace(/[^\x20-\x7e]|[()]/g, '-')})`;

  const once = ({ headers, ...request }: ClusterRequest): Promise<Sent> =>
    queue(turn, async () => {
      const authorization = await credentials.header();
      const sent = { 'user-agent': userAgent, accept: 'application/json', ...headers };
      const exchange = { ...request, headers: authorization === undefined ? sent : { ...sent, authorization } };
      const answer = await send(exchange);
      if (answer.status === 429) queue.slower();
      return { answer, authorization };
    }).catch((error: unknown) => {
      throw unreachable(cluster, error);
    });

  const request = async (asked: ClusterRequest): Promise<Answer> => {
    let waited = 0;
    let renewed = false;
    for (let attempt = 0; ; attempt += 1) {
      const { answer, authorization } = await once(asked);
      if (answer.status === 401 && !renewed && credentials.renew(authorization)) {
        renewed = true;
        continue;
      }
      if (!isThrottled(answer) || attempt + 1 >= attempts) return answer;
      const wait = waitAfter(answer, attempt, deps.random);
      waited += wait;
      if (waited > longestWait) return answer;
      await deps.sleep(wait);
    }
  };
  return Object.assign(request, { words: { cluster, remedy } });
};
