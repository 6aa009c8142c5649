import { matchPathGlob } from '../../../sources/file-selection.ts';
import { matchGlob } from '../../glob.ts';
import { matchPath } from '../../path-match.ts';
import type { GitGenerator, Params, PathItem } from '../application-set.ts';
import { type GeneratorContext, noteRead, take, withValues } from '../context.ts';
import { firstDocument } from '../first-document.ts';
import { type GitInput, gitKey } from '../generator-inputs.ts';
import { flatten, goText, normalizeName } from '../go-text.ts';
import { setError } from '../render.ts';

const FAILED = 'error generating params from git';

/** One set of params a directory that matches, or a file that matches (several where it holds a list). */
export const generateGit = (generator: GitGenerator, context: GeneratorContext): Params[] => {
  const { repoURL, revision = 'HEAD', directories = [], files = [] } = generator;
  if (directories.length === 0 && files.length === 0) throw setError('the git generator needs directories or files');
  const [type, items] = directories.length > 0 ? (['directories', directories] as const) : (['files', files] as const);
  noteRead(context, { type, repoURL, revision, items });
  const prefix = directories.length > 0 ? `${FAILED}: error getting directories from repo` : FAILED;
  const input = context.inputs.git[gitKey(generator)];
  const tree = take(context, input, { type: 'git', repoURL, revision }, (error) => `${prefix}: ${error}`);
  if (!tree) return [];
  return directories.length > 0 ? fromDirectories(generator, tree, context) : fromFiles(generator, tree, context);
};

const fromDirectories = (generator: GitGenerator, tree: GitInput, context: GeneratorContext): Params[] =>
  selectDirectories(generator.directories ?? [], tree.directories).map((path) =>
    withValues(pathParams({}, path, undefined, generator, context), generator.values, context),
  );

/** Whatever the order of the items, an excluded directory is out. Those that begin with a dot are never looked at. */
export const selectDirectories = (items: readonly PathItem[], directories: readonly string[]): string[] => {
  const isIn = (path: string, exclude: boolean): boolean =>
    items.some((item) => (item.exclude ?? false) === exclude && matchPath(item.path, path));
  return directories.filter((path) => isIn(path, false) && !isIn(path, true) && !HIDDEN.test(path));
};

const HIDDEN = /(?:^|\/)\./;

const fromFiles = (generator: GitGenerator, tree: GitInput, context: GeneratorContext): Params[] => {
  const paths = selectFiles(generator.files ?? [], tree.files, context.inputs.newGlobbing ?? false);
  const missing = paths.filter((path) => tree.contents[path] === undefined);
  if (missing.length > 0) {
    const { repoURL, revision = 'HEAD' } = generator;
    context.needs.push({ type: 'gitFiles', repoURL, revision, paths: missing });
    return [];
  }
  return paths.flatMap((path) => paramsOfFile(path, tree.contents[path] ?? '', generator, context));
};

/** The files that some item takes and none leaves out, by name; `newGlobbing`: `*` stops at `/`. */
export const selectFiles = (items: readonly PathItem[], paths: readonly string[], newGlobbing: boolean): string[] => {
  const matches = newGlobbing ? matchPathGlob : matchPathspec;
  const isIn = (path: string, exclude: boolean): boolean =>
    items.some((item) => (item.exclude ?? false) === exclude && matches(item.path, path));
  return paths.filter((path) => isIn(path, false) && !isIn(path, true)).toSorted((a, b) => (a < b ? -1 : 1));
};

/** As `git ls-files` reads a pattern: `*` crosses `/`, braces mean nothing, and a directory means all that is below it. */
const matchPathspec = (pattern: string, path: string): boolean => {
  const spelled = pattern
    .replace(/^\.?\//, '')
    .replaceAll(/[{}]/g, '\\$&')
    .replaceAll('[^', '[!');
  return path.startsWith(`${pattern.replace(/\/$/, '')}/`) || matchGlob(spelled, path);
};

/** The params of one file: its fields (a list's, each for itself), its path, and the generator's values. */
export const paramsOfFile = (
  path: string,
  text: string,
  generator: Pick<GitGenerator, 'values' | 'pathParamPrefix'>,
  context: GeneratorContext,
): Params[] => {
  const directory = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
  const filename = path.slice(path.lastIndexOf('/') + 1);
  return readObjects(path, text).map((object) => {
    const fields = context.set.goTemplate ? object : textFields(object);
    return withValues(pathParams(fields, directory, filename, generator, context), generator.values, context);
  });
};

const textFields = (object: Params): Params =>
  Object.fromEntries(Object.entries(flatten(object)).map(([key, value]) => [key, goText(value)]));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readObjects = (path: string, text: string): Params[] => {
  const fail = (reason: string) =>
    setError(`${FAILED}: unable to process file '${path}': unable to parse file: ${reason}`);
  const read = firstDocument(text);
  if ('fault' in read) throw fail(read.fault);
  const { value } = read;
  if (value === null || value === undefined) return [{}];
  if (isRecord(value)) return [value];
  // An empty list is as good as an empty file, an empty item as an empty mapping.
  const items: unknown[] = Array.isArray(value) ? value.map((one: unknown) => one ?? {}) : [value];
  if (items.every(isRecord)) return items.length > 0 ? items : [{}];
  throw fail('it has to hold a mapping, or a list of mappings');
};

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const pathParams = (
  fields: Params,
  path: string,
  filename: string | undefined,
  { pathParamPrefix: prefix }: Pick<GitGenerator, 'pathParamPrefix'>,
  { set }: GeneratorContext,
): Params => {
  const own = {
    basename: baseOf(path),
    basenameNormalized: normalizeName(baseOf(path)),
    ...(filename === undefined ? {} : { filename, filenameNormalized: normalizeName(filename) }),
  };
  const segments = path.split('/');
  if (set.goTemplate) {
    const nested = { path, ...own, segments };
    return prefix ? { ...fields, [prefix]: { path: nested } } : { ...fields, path: nested };
  }
  const name = prefix ? `${prefix}.path` : 'path';
  const named = Object.entries(own).map(([key, value]) => [`${name}.${key}`, value]);
  const numbered = segments.flatMap((segment, index) => (segment === '' ? [] : [[`${name}[${index}]`, segment]]));
  return { ...fields, [name]: path, ...Object.fromEntries([...named, ...numbered]) };
};
