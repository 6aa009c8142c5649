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
