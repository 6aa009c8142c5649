import {
  isRemote,
  type Kustomization,
  lineOf,
  mappingsOf,
  readKustomization,
  resolveEntry,
  textsOf,
} from './kustomization.ts';
import { followBase, type KustomizeWalk, remoteFault, takeRemote } from './kustomize-remote.ts';
import { isFields } from './objects.ts';
import { isFileURL, parseBase } from './other-trees.ts';
import { fail, locate, note, readText, takeFile } from './trace.ts';
import { readYaml } from './yaml-documents.ts';

const DEPTH_AT_MOST = 50;

/**
 * Takes everything that a kustomization's build reads into the bundle: its own file, bases, components, patches,
 * generators' files, and so on. Errors: `kustomization-invalid`, `kustomization-missing-file`, `path-escapes`,
 * `remote-base-unsupported`, `symlink-refused`, naming file, line and entry.
 */
export const followKustomization = (walk: KustomizeWalk, kustomization: Kustomization, depth = 0): void => {
  if (depth > DEPTH_AT_MOST) {
    throw fail('kustomization-invalid', `${kustomization.file}: bases nested more than ${DEPTH_AT_MOST} deep`);
  }
  const { fields } = kustomization;
  refuseCharts(kustomization);
  for (const field of ['resources', 'bases', 'components']) {
    for (const entry of textsOf(fields[field])) followEntry(walk, kustomization, field, entry, depth);
  }
  for (const field of ['generators', 'transformers', 'validators']) {
    for (const entry of textsOf(fields[field])) followPlugin(walk, kustomization, field, entry, depth);
  }
  for (const field of ['crds', 'configurations', 'patchesStrategicMerge']) {
    for (const entry of textsOf(fields[field])) if (!isInline(entry)) takeEntry(walk, kustomization, field, entry);
  }
  for (const field of ['patches', 'patchesJson6902', 'replacements', 'openapi']) {
    for (const { path } of mappingsOf(fields[field])) {
      if (typeof path === 'string') takeEntry(walk, kustomization, field, path);
    }
  }
  for (const field of ['configMapGenerator', 'secretGenerator']) {
    for (const generator of mappingsOf(fields[field])) takeGeneratorFiles(walk, kustomization, field, generator);
  }
};

const refuseCharts = ({ fields, file, text }: Kustomization): void => {
  const field = ['helmCharts', 'helmChartInflationGenerator'].find((name) => fields[name] !== undefined);
  if (field === undefined) return;
  const remedy = 'charts inside a kustomization are not supported: make the chart a source of its own';
  throw fail('source-unsupported', `${file}:${lineOf(text, field)}: ${field}: ${remedy}`, { file });
};

const isInline = (entry: string): boolean => entry.includes('\n') || /^\s*[{[]|:\s/.test(entry);

/** A resource, base or component: a file, a directory with a kustomization, or something remote. */
const followEntry = (walk: KustomizeWalk, from: Kustomization, field: string, entry: string, depth: number): void => {
  if (isRemote(entry)) {
    const base = parseBase(entry);
    if (!base && field === 'components')
      throw remoteFault(from, field, entry, 'is a file, and a component a directory');
    if (!base) return takeEntry(walk, from, field, entry);
    const other = followBase(walk, from, field, { entry, base });
    return other && followDirectory({ ...walk, trace: other.trace }, from, field, other.path, depth);
  }
  const path = resolveEntry(from, field, entry);
  const found = locate(walk.trace, path);
  if (found === 'unread') return;
  if (found !== 'absent' && found.mode === 'directory') followDirectory(walk, from, field, path, depth);
  else takeEntry(walk, from, field, entry);
};

const followDirectory = (
  walk: KustomizeWalk,
  from: Kustomization,
  field: string,
  path: string,
  depth: number,
): void => {
  // Directories of several trees have the same names.
  const key = (walk.trace.prefix ?? '') + path;
  if (walk.seen.has(key)) return;
  walk.seen.add(key);
  const named = `${from.file}:${lineOf(from.text, path.slice(path.lastIndexOf('/') + 1))}: ${field}`;
  const kustomization = readKustomization(walk.trace, path, named);
  if (kustomization) followKustomization(walk, kustomization, depth + 1);
};

/** Takes one file that the kustomization cannot do without. */
const takeEntry = (walk: KustomizeWalk, from: Kustomization, field: string, entry: string): void => {
  if (isFileURL(entry)) return void takeRemote(walk, from, field, entry);
  if (isRemote(entry)) throw remoteFault(from, field, entry);
  const path = resolveEntry(from, field, entry);
  const found = takeFile(walk.trace, path);
  if (found === 'unread' || (found !== 'absent' && found.mode !== 'directory')) return;
  const line = lineOf(from.text, entry);
  // A commit may add it as a file or as a directory.
  note(walk.trace, ['tree', path, null]);
  const message = `${from.file}:${line}: ${field}: ${entry} ${found === 'absent' ? 'does not exist' : 'is a directory'}`;
  throw fail('kustomization-missing-file', message, { file: from.file, line });
};

const takeGeneratorFiles = (
  walk: KustomizeWalk,
  from: Kustomization,
  field: string,
  generator: Record<string, unknown>,
): void => {
  for (const entry of textsOf(generator.files)) takeEntry(walk, from, `${field}.files`, afterKey(entry));
  for (const entry of [...textsOf(generator.envs), ...textsOf(generator.env)]) {
    takeEntry(walk, from, `${field}.envs`, entry);
  }
};

/** `key=path` or a bare path. */
const afterKey = (entry: string): string => entry.slice(entry.indexOf('=') + 1);

/** A generator, transformer or validator: inline, a file of configurations that name files in turn, or a directory. */
const followPlugin = (walk: KustomizeWalk, from: Kustomization, field: string, entry: string, depth: number): void => {
  if (isInline(entry)) return takeConfigured(walk, from, field, entry);
  if (isFileURL(entry)) return takeConfigured(walk, from, field, takeRemote(walk, from, field, entry) ?? '');
  if (isRemote(entry)) throw remoteFault(from, field, entry, 'is remote: copy it into the repository');
  const path = resolveEntry(from, field, entry);
  const found = locate(walk.trace, path);
  if (found === 'unread') return;
  if (found !== 'absent' && found.mode === 'directory') return followDirectory(walk, from, field, path, depth);
  takeEntry(walk, from, field, entry);
  const text = typeof found === 'string' ? undefined : readText(walk.trace, found);
  if (text !== undefined) takeConfigured(walk, from, field, text);
};

/** Files that the built-in plugins' configurations name; they are relative to the kustomization. */
const takeConfigured = (walk: KustomizeWalk, from: Kustomization, field: string, text: string): void => {
  for (const { value } of readYaml(text, { duplicates: 'last' }).documents) {
    if (!isFields(value)) continue;
    if (value.kind === 'HelmChartInflationGenerator') refuseCharts({ ...from, fields: { helmCharts: value } });
    takeGeneratorFiles(walk, from, field, value);
    for (const entry of [...textsOf(value.path), ...textsOf(value.paths)]) {
      if (!isInline(entry)) takeEntry(walk, from, field, entry);
    }
    for (const { path } of mappingsOf(value.replacements)) {
      if (typeof path === 'string') takeEntry(walk, from, field, path);
    }
  }
};
