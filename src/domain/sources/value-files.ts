import { matchPathGlob, selectEntries } from './file-selection.ts';
import { isFileURL, remoteFile, shownURL } from './other-trees.ts';
import { environmentOf, expand, type SourceContext } from './source-context.ts';
import { directoryDigest } from './source-tree.ts';
import { fail, joinPath, note, putFile, type Trace, takeFile } from './trace.ts';

/** Where files of `ref` sources stand in a bundle. */
const REF_ROOT = '$ref';

interface Place {
  trace: Trace;
  /** Path in the trace's tree. */
  path: string;
  /** The same in the bundle. */
  bundlePath: string;
}

/**
 * The value files of a Helm source in the order in which they apply, as paths in the bundle. Patterns stand for their
 * matches (see `placeOf`), less the files that are also listed by themselves. Files that are looked for and absent are inputs too.
 * Errors: `value-file-missing`, `value-file-refused`, `path-escapes`, `ref-source-missing`.
 */
export const takeValueFiles = (context: SourceContext, directory: string): string[] => {
  const { valueFiles = [], ignoreMissingValueFiles = false } = context.source.helm ?? {};
  const places = valueFiles.map((named) => ({ named, place: resolveValueFile(context, directory, String(named)) }));
  const listed = new Set(places.flatMap(({ place }) => (place && !isPattern(place.path) ? [place.bundlePath] : [])));
  const taken = places.flatMap(({ named, place }) => {
    if (!place) return [];
    const matches = isPattern(place.path) ? takeMatches(place) : takeOne(place);
    if (matches.length > 0) return isPattern(place.path) ? matches.filter((path) => !listed.has(path)) : matches;
    if (ignoreMissingValueFiles || place.trace.wanted.size > 0) return [];
    const reason = isPattern(place.path) ? 'matches no file: add one' : 'does not exist: add it';
    const message = `helm.valueFiles: ${named} (${place.path}) ${reason}, or set helm.ignoreMissingValueFiles`;
    throw fail('value-file-missing', message, { file: place.path });
  });
  return [...new Set(taken)];
};

/** A `fileParameters` file, as its path in the bundle. Errors: as `takeValueFiles`. */
export const takeParameterFile = (context: SourceContext, directory: string, named: string): string => {
  const place = resolveValueFile(context, directory, named);
  if (!place) return '';
  const [path] = takeOne(place);
  if (path !== undefined || place.trace.wanted.size > 0) return path ?? '';
  throw fail('value-file-missing', `helm.fileParameters: ${named} (${place.path}) does not exist`, {
    file: place.path,
  });
};

const isPattern = (path: string): boolean => /[*?[]/.test(path);

const takeOne = ({ trace, path, bundlePath }: Place): string[] => {
  const { prefix = '' } = trace;
  const found = takeFile(trace, path, bundlePath.slice(prefix.length));
  return typeof found === 'string' || found.mode === 'directory' ? [] : [bundlePath];
};

const takeMatches = ({ trace, path, bundlePath }: Place): string[] => {
  const fixed = path.slice(0, path.search(/[^/]*[*?[]/)).replace(/\/$/, '');
  const pattern = fixed === '' ? path : path.slice(fixed.length + 1);
  const root = bundlePath.slice(0, bundlePath.length - path.length);
  const selection = { directory: fixed, select: 'glob', pattern } as const;
  const entries = selectEntries(trace.tree, selection).filter(({ name }) => matchPathGlob(pattern, name));
  const matches = Object.fromEntries(entries.map(({ name, entry }) => [name, entry.digest]));
  note(trace, ['files', selection, directoryDigest(trace.tree, fixed) ?? null, matches]);
  return entries
    .toSorted((a, b) => (placeOf(pattern, a.name) < placeOf(pattern, b.name) ? -1 : 1))
    .flatMap(({ entry }) => {
      if (entry.mode === 'symlink') return takeOne({ trace, path: entry.path, bundlePath: root + entry.path });
      putFile(trace, root + entry.path, entry.digest);
      return [root + entry.path];
    });
};

/**
 * By what matches are sorted: a directory's own files come before those below it, directories by name; a pattern that ends in
 * `**` finds both mixed. Source: doublestar, with which Argo CD expands them.
 */
const placeOf = (pattern: string, name: string): string => {
  const parts = name.split('/');
  if (/(?:^|\/)\*\*$/.test(pattern)) return parts.join('\0');
  return parts.map((part, index) => `${index === parts.length - 1 ? '\u0001' : '\u0002'}${part}`).join('\0');
};

/**
 * Argo CD's rules: `$name/…` from a `ref` source, `/…` from the repository's root, a URL from there, else from the source's
 * directory. Undefined: the file of a URL is wanted now.
 */
const resolveValueFile = (context: SourceContext, directory: string, named: string): Place | undefined => {
  const [first = '', ...rest] = named.split('/');
  const ref = first.startsWith('$') ? context.refs.get(first.slice(1)) : undefined;
  if (ref) {
    const path = inRepository(named, joinPath('', expand(context, rest.join('/'))));
    return { trace: ref, path, bundlePath: `${REF_ROOT}/${ref.ref}/${path}` };
  }
  if (isUnknownRef(context, first)) {
    const remedy = `no source of the Application has ref: ${first.slice(1)}`;
    throw fail('ref-source-missing', `helm: ${named}: ${remedy}`);
  }
  const expanded = expand(context, named);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(expanded)?.[1];
  if (scheme !== undefined) return remotePlace(context, expanded, scheme);
  const path = inRepository(named, joinPath(expanded.startsWith('/') ? '' : directory, expanded));
  return { trace: context.trace, path, bundlePath: path };
};

const isUnknownRef = (context: SourceContext, first: string): boolean =>
  /^\$[A-Za-z0-9_-]+$/.test(first) && !Object.hasOwn(environmentOf(context), first.slice(1));

/** A file at a URL, where Argo CD's settings allow its scheme. */
const remotePlace = ({ trace, valuesFileSchemes }: SourceContext, url: string, scheme: string): Place | undefined => {
  if (!valuesFileSchemes.includes(scheme.toLowerCase())) {
    const allowed = valuesFileSchemes.join(', ') || 'none';
    const reason = `the scheme ${scheme} is not allowed (helm.valuesFileSchemes of argocd-cm: ${allowed})`;
    throw fail('value-file-refused', `helm.valueFiles: ${url}: ${reason}: put the file into a repository`);
  }
  if (!isFileURL(url)) {
    throw fail('value-file-refused', `helm.valueFiles: ${url}: only https:// is read: put the file into a repository`);
  }
  const other = remoteFile(trace, url);
  if (!other) return undefined;
  if ('reason' in other)
    throw fail('remote-file-missing', `helm.valueFiles: ${shownURL(url)} cannot be read: ${other.reason}`);
  return { trace: other.trace, path: other.path, bundlePath: `${other.trace.prefix ?? ''}${other.path}` };
};

const inRepository = (named: string, path: string | undefined): string => {
  if (path !== undefined && path !== '') return path;
  throw fail('path-escapes', `helm.valueFiles: ${named.replaceAll('\0', '␀')} leads out of the repository`);
};
