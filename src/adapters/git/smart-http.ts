import { lookup as dnsLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { AppError } from '../../domain/errors.ts';
import { statusError, unreachable } from './git-errors.ts';

/** The whole of a request; a first fetch of a large repository may need it. */
const DEADLINE_MS = 60_000;

export interface SmartHttp {
  /** `GET <url>/info/refs?service=git-upload-pack`. */
  advertisement(): Promise<AsyncIterable<Uint8Array>>;
  /** `POST <url>/git-upload-pack`: one command of protocol version 2. */
  command(body: Buffer): Promise<AsyncIterable<Uint8Array>>;
  close(): void;
}

/** Addresses that only this machine or its cloud's metadata service answers on: a repository has no business there. */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('127.0.0.0', 8);
FORBIDDEN.addSubnet('0.0.0.0', 8);
FORBIDDEN.addSubnet('169.254.0.0', 16);
FORBIDDEN.addAddress('::', 'ipv6');
FORBIDDEN.addAddress('::1', 'ipv6');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');

/** True for a loopback, link-local or metadata address; also as an IPv4 address written within IPv6. */
export const isForbiddenAddress = (address: string): boolean => {
  const plain = address.replace(/^\[|\]$/g, '');
  return isIP(plain) !== 0 && FORBIDDEN.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
};

/** Looks a name up and refuses it at the moment of connecting, so that no second look-up can say otherwise. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0);
    const [first] = addresses;
    if (!first || addresses.some(({ address }) => isForbiddenAddress(address))) {
      return callback(Object.assign(new Error('address refused'), { code: 'EADDRREFUSED' }), '', 0);
    }
    return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};

export interface SmartHttpOptions {
  url: string;
  authorization: () => Promise<string | undefined>;
  allowInsecure: boolean;
}

/**
 * Speaks HTTP with a Git server over kept-alive connections. Redirects are not followed. Errors: those of
 * `statusError`, and `repository-unreachable` for what prevented an answer.
 */
export const createSmartHttp = ({ url, authorization, allowInsecure }: SmartHttpOptions): SmartHttp => {
  const base = url.replace(/\/+$/, '');
  const agent = new Agent({
    connect: { timeout: 10_000, ...(allowInsecure ? {} : { lookup: guardedLookup }) },
    keepAliveTimeout: 30_000,
    headersTimeout: DEADLINE_MS,
    bodyTimeout: DEADLINE_MS,
  });
  const send = async (path: string, options: { method: 'GET' | 'POST'; body?: Buffer }) => {
    const header = await authorization();
    const response = await request(`${base}${path}`, {
      ...options,
      dispatcher: agent,
      signal: AbortSignal.timeout(DEADLINE_MS),
      headers: {
        'git-protocol': 'version=2',
        'user-agent': 'git/2 towline',
        ...(options.body && { 'content-type': 'application/x-git-upload-pack-request' }),
        ...(header && { authorization: header }),
      },
    }).catch((cause: unknown) => {
      throw unreachable(url, codeOf(cause), cause);
    });
    if (response.statusCode !== 200) throw await refused(url, response);
    return guarded(url, response.body);
  };
  return {
    advertisement: () => send('/info/refs?service=git-upload-pack', { method: 'GET' }),
    command: (body) => send('/git-upload-pack', { method: 'POST', body }),
    close: () => void agent.destroy().catch(() => undefined),
  };
};

const refused = async (url: string, response: Dispatcher.ResponseData): Promise<AppError> => {
  await response.body.dump();
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return statusError(url, response.statusCode, { retryAfter: header('retry-after'), location: header('location') });
};

/** The body, with a connection that breaks off told as such. */
async function* guarded(url: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (cause) {
    throw cause instanceof AppError ? cause : unreachable(url, codeOf(cause), cause);
  }
}

const codeOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return 'unknown failure';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
};
