/** A repository's address taken apart. Host is lower-case; path has no leading or trailing slash and no `.git`. */
interface RepositoryAddress {
  scheme: 'http' | 'https' | 'ssh' | 'git' | 'file';
  host: string;
  port?: string;
  path: string;
}

const SCHEME = /^(https?|ssh|git|file):\/\//i;
/** A user may not start with `-`: `git` and `ssh` would take it for an option. */
const USER = String.raw`(?:[\w.][\w.$-]*(?::[^@/]*)?@)?`;
const HOST = String.raw`([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])`;
const WITH_SCHEME = new RegExp(`^${USER}${HOST}(?::(\\d+))?[:/](.+)$`, 'i');
/** `git@host:path`, and `host/path` as people write it; `host:22:path` carries a port. */
const WITHOUT_SCHEME = new RegExp(`^${USER}${HOST}(?::(\\d+)(?=:))?[:/](.+)$`, 'i');
const DEFAULT_PORTS: Record<string, string> = { http: '80', https: '443' };

const cleanPath = (path: string): string => path.replace(/^\/+|\/+$/g, '').replace(/\.git$/i, '');

/** `ssh.github.com` and `altssh.gitlab.com` serve SSH on port 443 for `github.com` and `gitlab.com`. */
const cleanHost = (host: string): string => host.toLowerCase().replace(/^(?:alt)?ssh\.(?=[^.]+\.)/, '');

const localAddress = (path: string): RepositoryAddress | undefined =>
  path.startsWith('/') ? { scheme: 'file', host: '', path: cleanPath(path) } : undefined;

const schemeOf = (text: string | undefined): RepositoryAddress['scheme'] => {
  const scheme = text?.toLowerCase();
  return scheme === 'http' || scheme === 'https' || scheme === 'git' || scheme === 'file' ? scheme : 'ssh';
};

const parseAddress = (url: string, { keepCase = false } = {}): RepositoryAddress | undefined => {
  const text = url.trim();
  const scheme = SCHEME.exec(text);
  if (scheme?.[1]?.toLowerCase() === 'file') return localAddress(text.slice(scheme[0].length));
  if (text.startsWith('/')) return localAddress(text);
  const match = scheme ? WITH_SCHEME.exec(text.slice(scheme[0].length)) : WITHOUT_SCHEME.exec(text);
  const path = cleanPath(match?.[3] ?? '');
  if (!match?.[1] || path === '') return undefined;
  return {
    scheme: schemeOf(scheme?.[1]),
    host: cleanHost(match[1]),
    ...(match[2] ? { port: match[2] } : {}),
    path: keepCase ? path : path.toLowerCase(),
  };
};

/**
 * One spelling for every way to write a repository's URL: `host/path` in lower case, without scheme, user, port and
 * `.git`, so `GIT@Example.com:Org/Repo.git` and `https://example.com/org/repo` are equal. Local paths keep their case.
 * Undefined: not a repository's URL. To compare two URLs use `sameRepository`, which also looks at ports.
 * Source: the rules by which Argo CD matches a webhook's repository (reference: argocd.md §2).
 */
export const normalizeRepositoryURL = (url: string): string | undefined => {
  const address = parseAddress(url);
  return address && `${address.host}/${address.path}`;
};

/**
 * True where two URLs mean one repository (Argo CD's rules, see `normalizeRepositoryURL`). Ports say nothing between
 * schemes, but two web addresses with unlike non-default ports are two servers (several Git hosts on one machine).
 */
export const sameRepository = (a: string, b: string): boolean => {
  const left = parseAddress(a);
  const right = parseAddress(b);
  if (!left || !right || left.host !== right.host || left.path !== right.path) return false;
  return !differentServers(left, right);
};

const differentServers = (a: RepositoryAddress, b: RepositoryAddress): boolean => {
  const [left, right] = [webPort(a), webPort(b)];
  return left !== undefined && right !== undefined && left !== right;
};

const webPort = ({ scheme, port }: RepositoryAddress): string | undefined =>
  scheme in DEFAULT_PORTS && port !== DEFAULT_PORTS[scheme] ? port : undefined;

/**
 * The path of a repository on its host as it is written (`Acme/Team/Fleet`), without `.git`, or undefined where the URL is
 * none. `root` is the URL path that a forge itself lives under (`/gitlab` of `https://example.com/gitlab/acme/fleet`).
 */
export const repositoryPath = (url: string, root = ''): string | undefined => {
  const path = parseAddress(url, { keepCase: true })?.path;
  const prefix = root.replace(/^\/+|\/+$/g, '');
  return prefix !== '' && path?.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : path;
};
