import { type Kustomization, lineOf } from './kustomization.ts';
import { isFields } from './objects.ts';
import { otherKey, otherPrefix, otherTree, remoteFile, shownURL } from './other-trees.ts';
import { fail, locate, type OtherRequest, readText, type Trace } from './trace.ts';

/** What following a kustomization carries along. */
export interface KustomizeWalk {
  trace: Trace;
  seen: Set<string>;
  /** Kustomizations whose remote entries were replaced by paths in the bundle, by their own. */
  replaced: Map<string, Record<string, unknown>>;
}

/**
 * A base in another repository: read at its commit, put beside the source's files, and named by its path there. Undefined:
 * texts are wanted first. Errors: `remote-base-unsupported` naming file and line.
 */
export const followBase = (
  walk: KustomizeWalk,
  from: Kustomization,
  field: string,
  { entry, base }: { entry: string; base: OtherRequest },
): { trace: Trace; path: string } | undefined => {
  const other = otherTree(walk.trace, base);
  if (!other) return undefined;
  if ('reason' in other) throw remoteFault(from, field, entry, other.reason);
  const up = ((walk.trace.prefix ?? '') + from.directory)
    .split('/')
    .filter(Boolean)
    .map(() => '..');
  replaceEntry(walk, from, field, entry, [...up, `${other.trace.prefix ?? ''}${other.path}`].join('/'));
  const found = locate(other.trace, other.path);
  if (found === 'unread') return undefined;
  if (found !== 'absent' && found.mode === 'directory') return other;
  throw remoteFault(from, field, entry, `names ${other.path || 'the root'}, which is no directory there`);
};

/**
 * Takes a file at a URL: its content stands in the kustomization's own directory, as kustomize reads no file outside of
 * it. Answers with its text; undefined: it is wanted first.
 * Errors: `remote-file-missing` naming file, line and URL.
 */
export const takeRemote = (
  walk: KustomizeWalk,
  from: Kustomization,
  field: string,
  url: string,
): string | undefined => {
  const { trace } = walk;
  const other = remoteFile(trace, url);
  if (!other) return undefined;
  if ('reason' in other) {
    const line = lineOf(from.text, url);
    const message = `${from.file}:${line}: ${field}: ${shownURL(url)} cannot be read: ${other.reason}`;
    throw fail('remote-file-missing', message, { file: from.file, line });
  }
  const found = locate(other.trace, other.path);
  if (typeof found === 'string') return undefined;
  const name = otherPrefix(otherKey({ type: 'file', url })) + other.path;
  const at = (trace.prefix ?? '') + (from.directory === '' ? name : `${from.directory}/${name}`);
  trace.files.set(at, { path: at, digest: found.digest, ...(other.trace.ref ? { ref: other.trace.ref } : {}) });
  replaceEntry(walk, from, field.slice(0, `${field}.`.indexOf('.')), url, name);
  return readText(other.trace, found);
};

/** The fault of an entry that is read from elsewhere and cannot be. */
export const remoteFault = (
  { file, text }: Kustomization,
  field: string,
  entry: string,
  remedy = 'is remote, which only bases may be: copy it into the repository',
) => {
  const line = lineOf(text, entry);
  return fail('remote-base-unsupported', `${file}:${line}: ${field}: ${entry} ${remedy}`, { file, line });
};

const replaceEntry = (
  { trace, replaced }: KustomizeWalk,
  from: Kustomization,
  field: string,
  entry: string,
  target: string,
): void => {
  const at = (trace.prefix ?? '') + from.file;
  const fields = replaced.get(at) ?? from.fields;
  replaced.set(at, { ...fields, [field]: withEntry(fields[field], entry, target) });
};

/** Fields whose texts are files; those of `files` may have a key before. */
const FILES = ['path', 'files', 'envs', 'env'];

/** The value of a field with an entry replaced, wherever kustomize takes a file there. */
const withEntry = (value: unknown, entry: string, target: string): unknown => {
  if (value === entry) return target;
  if (Array.isArray(value)) return value.map((one: unknown) => withEntry(one, entry, target));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (name === 'files') return [name, withFile(one, entry, target)];
      return [name, FILES.includes(name) ? withEntry(one, entry, target) : one];
    }),
  );
};

/** `key=URL`, or a URL whose last part is the key. */
const withFile = (value: unknown, url: string, target: string): unknown => {
  if (Array.isArray(value)) return value.map((one: unknown) => withFile(one, url, target));
  if (value === url) return `${url.slice(url.lastIndexOf('/') + 1)}=${target}`;
  if (typeof value !== 'string' || !value.endsWith(`=${url}`)) return value;
  return value.slice(0, -url.length) + target;
};
