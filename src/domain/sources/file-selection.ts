import { anyChar, char, charClass, compileParts, createPartList, notSlash, type PatternPart } from '../linear-match.ts';
import { matchGlob } from '../settings/glob.ts';
import { listDirectory, listFiles, type SourceEntry, type SourceTree } from './source-tree.ts';

/**
 * Which files below a directory a source reads.
 *
 * - `manifests`: Argo CD's `directory` source: names ending in .yaml, .yml, .json or .jsonnet, `include` and `exclude` as
 *   globs over the path relative to the directory, in which `*` also crosses `/`. Besides, whatever `include` says, the
 *   files of the directory itself that would make it another source for `application` (a chart, overrides).
 * - `glob`: a `valueFiles` pattern relative to the directory, in which `*` stops at `/` and `**` does not.
 */
export type FileSelection =
  | {
      directory: string;
      select: 'manifests';
      application: string;
      recurse: boolean;
      include?: string;
      exclude?: string;
    }
  | { directory: string; select: 'glob'; pattern: string };

/** Options for Argo CD, of this application or of another one in the same directory. */
const OVERRIDE = /(?:^|\/)\.argocd-source(?:-[^/]*)?\.yaml$/;

const MANIFEST = /\.(ya?ml|json|jsonnet)$/;

/** The digest of every selected file and link by its path relative to the selection's directory, in walking order. */
export const selectFiles = (tree: SourceTree, selection: FileSelection): Record<string, string> =>
  Object.fromEntries(selectEntries(tree, selection).map(({ name, entry }) => [name, entry.digest]));

/** As `selectFiles`, with the entries. A directory that does not exist holds nothing. */
export const selectEntries = (tree: SourceTree, selection: FileSelection): { name: string; entry: SourceEntry }[] => {
  const start = selection.directory === '' ? 0 : selection.directory.length + 1;
  const all = isDeep(selection) ? listFiles(tree, selection.directory) : filesIn(tree, selection.directory);
  return all
    .filter(({ mode }) => mode !== 'submodule')
    .map((entry) => ({ name: entry.path.slice(start), entry }))
    .filter(({ name }) => isSelected(selection, name));
};

const isDeep = (selection: FileSelection): boolean =>
  selection.select === 'manifests'
    ? selection.recurse
    : selection.pattern.includes('/') || selection.pattern.includes('**');

const filesIn = (tree: SourceTree, directory: string): SourceEntry[] =>
  listDirectory(tree, directory).filter(({ mode }) => mode !== 'directory');

const isSelected = (selection: FileSelection, name: string): boolean => {
  if (selection.select === 'glob') return matchPathGlob(selection.pattern, name);
  if (isMarker(name, selection.application)) return true;
  return isManifest(selection, name);
};

/** Whether a `directory` source reads the file as a manifest. */
export const isManifest = (selection: FileSelection & { select: 'manifests' }, name: string): boolean => {
  const { include, exclude } = selection;
  if (!MANIFEST.test(name) || OVERRIDE.test(name)) return false;
  return (!include || matchGlob(include, name)) && !(exclude && matchGlob(exclude, name));
};

const isMarker = (name: string, application: string): boolean =>
  !name.includes('/') &&
  (name.endsWith('Chart.yaml') || KUSTOMIZATION_NAMES.includes(name) || overrideNames(application).includes(name));

/** The names by which kustomize knows its file. */
export const KUSTOMIZATION_NAMES: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** The files of a source's directory that are merged into its options, in order. */
export const overrideNames = (application: string): string[] => [
  '.argocd-source.yaml',
  `.argocd-source-${application}.yaml`,
];

const compiled = new Map<string, (path: string) => boolean>();

/** Whether a relative path matches a glob with separators: `*` and `?` stop at `/`, `**` spans directories, `{a,b}`, `[a-z]`. */
export const matchPathGlob = (pattern: string, path: string): boolean => {
  const known = compiled.get(pattern) ?? compile(pattern);
  if (compiled.size > 1_000) compiled.clear();
  compiled.set(pattern, known);
  return known(path);
};

const TOKEN = /\*\*\/|\*\*|\*|\?|\[[!^]?[^\]]+\]|\\.|./gs;

const FOLDERS: PatternPart = {
  type: 'repeat',
  parts: [{ type: 'one', fits: notSlash }, { type: 'run', fits: notSlash }, char('/')],
};

const WILDCARDS: Readonly<Record<string, PatternPart>> = {
  '**/': FOLDERS,
  '**': { type: 'run', fits: anyChar },
  '*': { type: 'run', fits: notSlash },
  '?': { type: 'one', fits: notSlash },
};

const compile = (pattern: string): ((path: string) => boolean) => {
  const list = createPartList();
  for (const [token] of pattern.matchAll(TOKEN)) {
    const wildcard = Object.hasOwn(WILDCARDS, token) ? WILDCARDS[token] : undefined;
    if (wildcard) list.add(wildcard);
    else if (token === '{') list.open();
    else if (token === '}' && list.depth() > 0) list.close();
    else if (token === ',' && list.depth() > 0) list.or();
    else if (token.startsWith('[') && token.length > 2) {
      const read = charClass(token.replace(/^\[!/, '[^').replaceAll('\\', '\\\\'));
      // A class such as `[z-a]`: the pattern matches nothing but itself.
      if (!read) return (path) => path === pattern;
      list.add(read);
    } else list.add(char(token.length === 2 && token.startsWith('\\') ? token.slice(1) : token));
  }
  return compileParts(list.end());
};
