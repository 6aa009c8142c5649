import type { Forge } from './fleet-file.ts';

/** Host and port, lower case; '' for a path. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '');
const schemeOf = (url: string): string => (url.startsWith('http://') ? 'http' : 'https');

/** The forge of a repository: what its entry says, else by its host's name; `git` where that says nothing. */
export const forgeOf = ({ forge, url }: { forge?: Forge | undefined; url: string }): Forge => {
  if (forge) return forge;
  const host = hostOf(url);
  if (host === 'github.com' || host.startsWith('github.')) return 'github';
  return host === 'gitlab.com' || host.startsWith('gitlab.') ? 'gitlab' : 'git';
};

/** Where a forge of that host has its API; undefined: it has none. */
export const defaultAPI = (forge: Forge, url: string): string | undefined => {
  const host = hostOf(url);
  if (forge === 'github') return host === 'github.com' ? 'https://api.github.com' : `${schemeOf(url)}://${host}/api/v3`;
  return forge === 'gitlab' ? `${schemeOf(url)}://${host}/api/v4` : undefined;
};

const LOOPBACK = /^(localhost$|127\.|0\.|\[::1?\]|169\.254\.|\[f[ce]|\[::ffff:)/;

/** What is wrong with the address of something that Towline is to read; `local`: on one machine. */
export const addressFault = (url: string, local: boolean): string | undefined => {
  if (local && (url.startsWith('/') || url.startsWith('file://'))) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['https:', 'http:'].includes(parsed.protocol)) {
    return `must be an https:// URL, not "${hidden(url)}"`;
  }
  if (parsed.username || parsed.password) return 'must hold no user or password: name a secret in credentials';
  if (local) return undefined;
  if (parsed.protocol === 'http:') return `must be https://, not "${url}" (http:// works in local mode only)`;
  return LOOPBACK.test(parsed.hostname) ? `must not be this machine's own address, "${url}"` : undefined;
};

/** Without what may be a password. */
const hidden = (url: string): string => url.replace(/\/\/[^@/]*@/, '//…@');
