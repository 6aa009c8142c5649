import { isAbsolute } from 'node:path';
import { AppError, permanent } from '../../domain/errors.ts';
import { createCliTransport } from './cli-transport.ts';
import { showURL } from './git-errors.ts';
import type { GitSettings } from './git-process.ts';
import { createSmartHttp, isForbiddenAddress, type SmartHttp } from './smart-http.ts';
import { readCapabilities } from './smart-refs.ts';
import { createSmartTransport } from './smart-transport.ts';
import type { Transport } from './transport.ts';

export interface TransportOptions {
  url: string;
  credential?: (() => Promise<string | undefined>) | undefined;
  allowInsecure: boolean;
  searchPath?: string | undefined;
}

const refusedURL = (url: string, why: string) =>
  permanent('repository-url-refused', `repository ${showURL(url)}: ${why}`, { details: { repository: showURL(url) } });

/** Refuses what must not be read: see the messages. Errors: AppError `repository-url-refused` (permanent). */
export const checkURL = (url: string, allowInsecure: boolean): void => {
  if (isAbsolute(url)) {
    if (!allowInsecure) throw refusedURL(url, 'paths are for local mode; use https://');
    return;
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || url.startsWith('-')) throw refusedURL(url, 'not a URL; use https://host/path');
  if (parsed.username || parsed.password) throw refusedURL(url, 'move user and password into the credentials secret');
  const allowed = allowInsecure ? ['https:', 'http:', 'file:'] : ['https:'];
  if (!allowed.includes(parsed.protocol)) throw refusedURL(url, `${parsed.protocol} is not allowed; use https://`);
  const local = isForbiddenAddress(parsed.hostname) || /(^|\.)localhost$/.test(parsed.hostname);
  if (local && !allowInsecure) throw refusedURL(url, 'loopback and link-local hosts are for local mode only');
};

/** Settings of every git process that works for this repository. */
export const gitSettings = ({ allowInsecure, searchPath }: TransportOptions): GitSettings => ({
  searchPath,
  protocols: allowInsecure ? 'https:http:file' : 'https',
});

/** Basic authorization from a token or from JSON `{"username", "password"}`. */
const authorizationOf = (credential: string): string => {
  const { username, password } = parsePair(credential) ?? { username: 'x-access-token', password: credential.trim() };
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
};

const parsePair = (text: string): { username: string; password: string } | undefined => {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('username' in value) || !('password' in value))
      return undefined;
    const { username, password } = value;
    return typeof username === 'string' && typeof password === 'string' ? { username, password } : undefined;
  } catch {
    return undefined;
  }
};

export interface OpenedTransport {
  /** Chosen at the first call, by what the server answers. */
  open(): Promise<Transport>;
  close(): void;
}

/**
 * Chooses how to talk: protocol version 2 over HTTP from here where the server speaks it, else the git command line.
 */
export const createTransport = (options: TransportOptions): OpenedTransport => {
  const { url, allowInsecure } = options;
  const authorization = async (): Promise<string | undefined> => {
    const credential = await options.credential?.();
    return credential ? authorizationOf(credential) : undefined;
  };
  const settings = gitSettings(options);
  const http = url.startsWith('http') ? createSmartHttp({ url, authorization, allowInsecure }) : undefined;
  const explain = () => explainFailure(http);
  const choose = async (): Promise<Transport> => {
    checkURL(url, allowInsecure);
    const capabilities = http && (await readCapabilities(http));
    if (http && capabilities) return createSmartTransport({ http, url, capabilities, settings });
    return createCliTransport({ url, settings, authorization, explain });
  };
  let chosen: Promise<Transport> | undefined;
  return {
    open: () => {
      chosen ??= choose().catch((error: unknown) => {
        chosen = undefined;
        throw error;
      });
      return chosen;
    },
    close: () => http?.close(),
  };
};

/** Asks the server itself: its HTTP status says what git's exit status does not. */
const explainFailure = async (http: SmartHttp | undefined): Promise<AppError | undefined> => {
  try {
    await http?.advertisement();
    return undefined;
  } catch (error) {
    return error instanceof AppError ? error : undefined;
  }
};
