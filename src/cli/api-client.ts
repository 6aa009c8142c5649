import * as v from 'valibot';
import { permanent } from '../domain/errors.ts';
import { Refused } from './api-answers.ts';
import { type CommandInput, usage } from './command-line.ts';
import { awsIdentity, executeApiRegion, type Identity, signedHeaders } from './sign-request.ts';

/** What a command against a running stack gets from the outside. */
export interface RemoteInput extends CommandInput {
  fetch?: typeof fetch;
  clock?: () => number;
  pause?: (milliseconds: number) => Promise<void>;
  /** Who asks, where the server is an API Gateway endpoint; default: AWS' own chain (variables, profile, SSO, role). */
  identity?: () => Promise<Identity>;
  /** Whether `write` goes to a terminal: then colours and a line that changes. */
  isTerminal?: boolean;
  /** Asks whether something is meant; absent: there is nobody to ask. */
  confirm?: ((question: string) => Promise<boolean>) | undefined;
}

/** A running stack's API. Errors: AppError `server-unreachable`, `answer-unreadable` or the server's own (permanent). */
export interface ApiClient {
  get<Schema extends v.GenericSchema>(path: string, schema: Schema): Promise<v.InferOutput<Schema>>;
  post<Schema extends v.GenericSchema>(path: string, body: object, schema: Schema): Promise<v.InferOutput<Schema>>;
}

/** The options that all commands against a running stack have, for `readOptions`. */
export const REMOTE_OPTIONS = {
  server: { type: 'string' },
  output: { type: 'string', short: 'o' },
  timeout: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const DEFAULT_SERVER = 'http://127.0.0.1:8484';
const ANSWER_WITHIN_MS = 30_000;

/** The client for `--server`, TOWLINE_SERVER or the local stack's default. Errors: AppError `usage` (rejected). */
export const createApiClient = (input: RemoteInput, given: string | undefined): ApiClient => {
  const server = given ?? input.environment['TOWLINE_SERVER'] ?? DEFAULT_SERVER;
  const base = URL.canParse(server) ? new URL(server) : undefined;
  if (!base?.protocol.startsWith('http')) throw usage(`--server ${server} is not an http(s) URL`);
  const ask = async <Schema extends v.GenericSchema>(path: string, init: Init, schema: Schema) => {
    const text = await request(input, new URL(`api/v1/${path}`, `${base.href.replace(/\/*$/, '')}/`), init);
    const answer = v.safeParse(schema, parseJson(text));
    if (answer.success) return answer.output;
    throw permanent('answer-unreadable', `${server} does not answer as Towline does: is it the right --server?`);
  };
  const headers = { 'content-type': 'application/json' };
  return {
    get: (path, schema) => ask(path, { method: 'GET', headers: {}, body: undefined }, schema),
    post: (path, body, schema) => ask(path, { method: 'POST', headers, body: JSON.stringify(body) }, schema),
  };
};

interface Init {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body: string | undefined;
}

/** Signed where the server is an API Gateway endpoint, which lets in only who may `execute-api:Invoke`. */
const headersOf = async (input: RemoteInput, url: URL, { method, headers, body = '' }: Init) => {
  const region = executeApiRegion(url);
  if (region === undefined) return headers;
  const { identity = awsIdentity, clock = Date.now } = input;
  return signedHeaders({ method, url, headers, body }, { identity: await identity(), region, now: new Date(clock()) });
};

/** The text of a good answer; what else comes is an error. */
const request = async (input: RemoteInput, url: URL, init: Init): Promise<string> => {
  const { fetch: send = fetch } = input;
  const headers = await headersOf(input, url, init);
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const response = await send(url, { ...init, headers, redirect: 'error', signal });
    const text = await response.text();
    if (response.ok) return text;
    const refused = v.safeParse(Refused, parseJson(text));
    if (refused.success) throw permanent(refused.output.error, refused.output.message);
    if (response.status === 403) throw permanent('server-denied', denied(url));
    throw permanent('server-failed', `${url.origin} answered ${response.status} to ${url.pathname}`);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
    const remedy = 'is the stack running? --server URL or TOWLINE_SERVER names another';
    throw permanent('server-unreachable', `${url.origin} does not answer: ${remedy}`, { cause: error });
  }
};

const denied = ({ origin, pathname }: URL): string =>
  `${origin} answered 403 to ${pathname}: your AWS identity needs execute-api:Invoke there`;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `NAMESPACE/NAME`, or a name in Argo CD's own namespace, as a path of the API. Errors: AppError `usage` (rejected). */
export const applicationPath = (name: string | undefined): string => {
  const parts = name?.split('/') ?? [];
  if (name === undefined || parts.includes('')) throw usage('NAME is missing: give NAME or NAMESPACE/NAME');
  if (parts.length > 2) throw usage(`${name} is not NAME or NAMESPACE/NAME`);
  return `applications/${(parts.length === 1 ? ['argocd', ...parts] : parts).map(encodeURIComponent).join('/')}`;
};

const DEFAULT_TIMEOUT_SECONDS = 600;

/** `--timeout` in seconds (default 600) as a point in time (ms). Errors: AppError `usage` (rejected). */
export const deadlineOf = ({ clock = Date.now }: RemoteInput, timeout: string | undefined): number => {
  const seconds = timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : Number(timeout);
  if (Number.isFinite(seconds) && seconds > 0) return clock() + seconds * 1_000;
  throw usage(`--timeout ${timeout} is not a number of seconds`);
};

/** Waits between two looks at the server (ms). */
export const pauseFor = ({ pause = delay }: RemoteInput, milliseconds: number): Promise<void> => pause(milliseconds);

const delay = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
