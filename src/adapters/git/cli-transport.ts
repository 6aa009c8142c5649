import type { AppError } from '../../domain/errors.ts';
import { isObjectId } from '../../domain/git-name.ts';
import { cacheBroken, unreachable } from './git-errors.ts';
import { type GitRun, type GitSettings, runGit } from './git-process.ts';
import type { ObjectStore } from './object-store.ts';
import type { FetchedRefs, RemoteRefs, Transport } from './transport.ts';

const TIMEOUT_MS = 60_000;
const FETCH = ['fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];

export interface CliTransportOptions {
  url: string;
  settings: GitSettings;
  /** Value of the `Authorization` header, for http(s). */
  authorization: () => Promise<string | undefined>;
  /** Says why the server cannot be read, after git failed without a usable reason. */
  explain: () => Promise<AppError | undefined>;
}

/**
 * Talks through the git command line: file paths, and servers that know only older protocols. One `git fetch` both
 * resolves refs and brings their objects; only its failure costs a second command that tells why.
 */
export const createCliTransport = (options: CliTransportOptions): Transport => {
  const listRefs = () => listRemote(options);
  const fetch = async (store: ObjectStore, names: readonly string[], fresh: boolean): Promise<FetchedRefs> => {
    if (await runFetch(options, store, names, fresh)) return { ids: await readBack(store, names) };
    const remote = await listRefs();
    const present = names.filter((name) => isObjectId(name) || remote.ids.has(name));
    const ids = new Map<string, string>();
    for (const name of present) {
      const fetched = await runFetch(options, store, [name], fresh);
      const id = fetched ? await store.readKept(name) : undefined;
      if (id) ids.set(name, id);
      else if (!isObjectId(name) || !(await isHealthy(options, store))) throw cacheBroken(`git did not fetch ${name}`);
    }
    return { ids, head: remote.head };
  };
  return {
    listRefs,
    objectFormat: async () => {
      const [first] = (await listRefs()).ids.values();
      return first && (first.id.length === 64 ? 'sha256' : 'sha1');
    },
    fetch: (store, names, { fresh = false } = {}) => fetch(store, names, fresh),
  };
};

const gitRun = async ({ url, authorization }: CliTransportOptions): Promise<GitRun> => {
  const header = url.startsWith('http') ? await authorization() : undefined;
  return header ? { authorization: { url, header } } : {};
};

/** False: git failed. `--refetch` sends everything again, whatever the store says that it has. */
const runFetch = async (
  options: CliTransportOptions,
  store: ObjectStore,
  names: readonly string[],
  fresh: boolean,
): Promise<boolean> => {
  const refspecs = names.map((name) => `+${name}:${store.keptRef(name)}`);
  const args = [...FETCH, ...(fresh ? ['--refetch'] : []), '--end-of-options', options.url, ...refspecs];
  const run = { ...(await gitRun(options)), cwd: store.directory, timeoutMs: TIMEOUT_MS };
  const result = await runGit(options.settings, args, run);
  if (result.status !== 0) await store.removeLocks();
  // 128: git or the server gave up. 1: all came, and could not be stored whole.
  if (result.status === 1) throw cacheBroken(result.stderr);
  if (result.timedOut) throw unreachable(options.url, `git fetch took more than ${TIMEOUT_MS / 1000} s`);
  return result.status === 0;
};

/** git fails alike where the server has not got an object and where the cache is damaged: this tells them apart. */
const isHealthy = async ({ settings }: CliTransportOptions, store: ObjectStore): Promise<boolean> => {
  const args = ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'];
  return (await runGit(settings, args, { cwd: store.directory, timeoutMs: TIMEOUT_MS })).status === 0;
};

const readBack = async (store: ObjectStore, names: readonly string[]): Promise<Map<string, string>> => {
  const ids = new Map<string, string>();
  for (const name of names) {
    const id = await store.readKept(name);
    if (id === undefined) throw cacheBroken(`git left no ref for ${name}`);
    ids.set(name, id);
  }
  return ids;
};

const listRemote = async (options: CliTransportOptions): Promise<RemoteRefs> => {
  const args = ['ls-remote', '--symref', '--end-of-options', options.url];
  const result = await runGit(options.settings, args, { ...(await gitRun(options)), timeoutMs: TIMEOUT_MS });
  if (result.status === 0) return parseRefs(result.stdout.toString('utf8'));
  if (result.timedOut) throw unreachable(options.url, `git ls-remote took more than ${TIMEOUT_MS / 1000} s`);
  throw (await options.explain()) ?? unreachable(options.url, result.stderr);
};

const SYMREF = 'ref: ';
const PEELED = '^{}';

/** Lines of `git ls-remote --symref`: `ref: <target>\tHEAD`, `<id>\t<ref>`, `<id>\t<ref>^{}` after an annotated tag. */
const parseRefs = (text: string): RemoteRefs => {
  const ids = new Map<string, { id: string; peeled?: string }>();
  let head: string | undefined;
  for (const line of text.split('\n')) {
    const [left = '', name = ''] = line.split('\t');
    if (left.startsWith(SYMREF) && name === 'HEAD') head = left.slice(SYMREF.length);
    if (!isObjectId(left)) continue;
    const tag = name.endsWith(PEELED) ? ids.get(name.slice(0, -PEELED.length)) : undefined;
    if (tag) tag.peeled = left;
    else ids.set(name, { id: left });
  }
  return { ids, ...(head !== undefined && ids.has('HEAD') && { head }) };
};
