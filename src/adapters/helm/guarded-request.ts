import { lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { Agent, fetch } from 'undici';
import { AppError, permanent, transient } from '../../domain/errors.ts';

export interface GuardedRequest {
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent to the first host only, unless `everywhere`. */
  authorization?: string | undefined;
  everywhere?: boolean;
  maxBytes: number;
  /** For each answer; 30 s by default. */
  timeoutMs?: number;
}

export interface GuardedAnswer {
  status: number;
  headers: Headers;
  body: Uint8Array;
  /** After redirects. */
  url: string;
}

/** GETs a URL that a tenant named, following redirects. Errors: AppError `chart-repository-*`, `chart-too-large`. */
export type Requester = (request: GuardedRequest) => Promise<GuardedAnswer>;

const TIMEOUT_MS = 30_000;
const REDIRECTS_AT_MOST = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Addresses that belong to nobody outside: this machine, private networks, the metadata service. */
const INSIDE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  INSIDE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  INSIDE.addSubnet(network, prefix, 'ipv6');
}

const isInside = (address: string): boolean => INSIDE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

const refused = (url: string, reason: string): AppError =>
  permanent('chart-repository-refused', `${shown(url)} ${reason}`);

/** Without query and user, which may be secrets. */
const shown = (url: string): string => {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
};

/**
 * Makes requests as they may be made for tenants: https only and to public addresses, looked at after the name is resolved
 * (a name may resolve to something else a moment later). `allowInsecure` (local mode) takes http:// and any address.
 */
export const createRequester = ({ allowInsecure }: { allowInsecure: boolean }): Requester => {
  const dispatcher = allowInsecure ? new Agent() : new Agent({ connect: { lookup: lookupOutside } });
  const check = (url: string): void => {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !['https:', 'http:'].includes(parsed.protocol)) {
      throw permanent('chart-repository-refused', `${JSON.stringify(url.slice(0, 200))} is no https:// URL`);
    }
    if (parsed.username || parsed.password) throw refused(url, 'holds a user or password: name a secret instead');
    if (allowInsecure) return;
    if (parsed.protocol === 'http:') throw refused(url, 'is http://, which works in local mode only');
    const host = parsed.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && isInside(host)) throw refused(url, 'is an address inside');
  };
  return async (request) => {
    let { url } = request;
    const first = hostOf(url, check);
    for (let redirects = 0; redirects <= REDIRECTS_AT_MOST; redirects += 1) {
      check(url);
      const isFirst = new URL(url).host === first || request.everywhere;
      const headers: Record<string, string> = { 'user-agent': 'towline', ...request.headers };
      if (isFirst && request.authorization) headers['authorization'] = request.authorization;
      const { maxBytes, timeoutMs = TIMEOUT_MS } = request;
      const answer = await get(url, headers, { dispatcher, maxBytes, timeoutMs });
      const location = answer.headers.get('location');
      if (!REDIRECTS.has(answer.status) || !location) return { ...answer, url };
      url = new URL(location, url).href;
    }
    throw refused(request.url, `redirects more than ${REDIRECTS_AT_MOST} times`);
  };
};

const hostOf = (url: string, check: (url: string) => void): string => {
  check(url);
  return new URL(url).host;
};

const lookupOutside: typeof lookup = ((hostname: string, options: object, callback: LookupCallback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const inside = error ? undefined : addresses.find(({ address }) => isInside(address));
    if (inside) callback(Object.assign(new Error('an address inside'), { code: 'EADDRINSIDE' }), []);
    else callback(error, addresses);
  });
}) as typeof lookup;

type LookupCallback = (error: NodeJS.ErrnoException | null, addresses: { address: string; family: number }[]) => void;

const get = async (
  url: string,
  headers: Record<string, string>,
  { dispatcher, maxBytes, timeoutMs }: { dispatcher: Agent; maxBytes: number; timeoutMs: number },
): Promise<Omit<GuardedAnswer, 'url'>> => {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { headers, redirect: 'manual', dispatcher, signal });
    const body = await readUpTo(response.body ?? [], maxBytes);
    if (!body) throw permanent('chart-too-large', `${shown(url)} has more than ${maxBytes} bytes`);
    return { status: response.status, headers: new Headers([...response.headers]), body };
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (codeOf(error) === 'EADDRINSIDE') throw refused(url, 'resolves to an address inside');
    throw transient('chart-repository-unreachable', `${shown(url)} does not answer (${codeOf(error) ?? 'no answer'})`, {
      cause: error,
    });
  }
};

const readUpTo = async (body: AsyncIterable<Uint8Array> | never[], maxBytes: number): Promise<Buffer | undefined> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};

/** The code of an error or of what it wraps: undici says `fetch failed` and keeps the reason in `cause`. */
const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'TimeoutError' ? 'timeout' : codeOf(error.cause);
};
