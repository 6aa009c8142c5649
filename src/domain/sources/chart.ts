import { type ChartUse, scanChart } from './chart-scan.ts';
import { mappingsOf } from './kustomization.ts';
import { isFields } from './objects.ts';
import { otherTree } from './other-trees.ts';
import { directoryDigest, type SourceEntry } from './source-tree.ts';
import { fail, joinPath, locate, note, putFile, readText, type Trace, walkFiles } from './trace.ts';
import { readYaml } from './yaml-documents.ts';

/** Files of a chart that Helm itself reads; the others only count where a template says `.Files`. */
const CHART_FILES = [
  'Chart.yaml',
  'Chart.lock',
  'requirements.yaml',
  'requirements.lock',
  'values.yaml',
  'values.schema.json',
  '.helmignore',
];
const CHART_DIRECTORIES = ['templates', 'charts', 'crds'];

/** A chart taken into the bundle. */
export interface Chart {
  use: ChartUse;
  /** `kubeVersion` of Chart.yaml: Helm refuses other versions. */
  constrainsKubeVersion: boolean;
}

/**
 * Takes a chart into the bundle: what Helm reads of it, and the whole directory where a template (or one of `values`,
 * which `tpl` may render) refers to `.Files`. Dependencies in the same repository (`file://`) are put into `charts/`.
 * Undefined while texts have to be read first. Errors: `chart-invalid`, `chart-dependencies-missing`.
 */
export const takeChart = (trace: Trace, directory: string, values: readonly string[]): Chart | undefined => {
  const own = takeOwn(trace, directory, values);
  if (!own) return undefined;
  const { use, constrainsKubeVersion } = own;
  const nested = takeDependencies(trace, directory, own.metadata, own.files);
  const all = [use, ...nested.map((chart) => chart.use)];
  return {
    use: {
      kubeVersion: all.some((one) => one.kubeVersion),
      apiVersions: all.some((one) => one.apiVersions),
      files: use.files,
    },
    constrainsKubeVersion: constrainsKubeVersion || nested.some((chart) => chart.constrainsKubeVersion),
  };
};

interface OwnChart extends Chart {
  metadata: Record<string, unknown>;
  files: readonly ChartFile[];
}

/** The chart without its dependencies. */
const takeOwn = (trace: Trace, directory: string, values: readonly string[]): OwnChart | undefined => {
  const read = walkFiles(trace, directory, isOfChart);
  const texts = read.map(({ entry }) => readText(trace, entry)).filter((text) => text !== undefined);
  const packed = read.some(({ path }) => path.endsWith('.tgz'));
  const scanned = scanChart([...texts, ...values]);
  const use = packed ? USES_EVERYTHING : scanned;
  const metadata = readMetadata(trace, directory, 'Chart.yaml');
  noteChart(trace, directory, use.files);
  const files = use.files ? walkFiles(trace, directory) : read;
  for (const { path, entry } of files) putFile(trace, under(directory, path), entry.digest);
  if (!metadata) return undefined;
  return { use, constrainsKubeVersion: typeof metadata.kubeVersion === 'string', metadata, files };
};

/** Whether Helm reads what stands there even where no template refers to `.Files`. */
const isOfChart = (path: string): boolean =>
  CHART_FILES.includes(path) || CHART_DIRECTORIES.some((name) => path === name || path.startsWith(`${name}/`));

const under = (directory: string, path: string): string => (directory === '' ? path : `${directory}/${path}`);

const noteChart = (trace: Trace, directory: string, whole: boolean): void => {
  if (whole) return note(trace, ['tree', directory, directoryDigest(trace.tree, directory) ?? null]);
  for (const name of CHART_FILES) {
    const path = under(directory, name);
    const entry = locate(trace, path);
    if (entry === 'unread') continue;
    const isFile = entry !== 'absent' && entry.mode !== 'directory';
    note(trace, isFile ? ['file', entry.path, entry.digest] : ['file', path, null]);
  }
  for (const name of CHART_DIRECTORIES) {
    const path = under(directory, name);
    const entry = locate(trace, path);
    if (entry === 'unread') continue;
    const isDirectory = entry !== 'absent' && entry.mode === 'directory';
    note(trace, isDirectory ? ['tree', entry.path, entry.digest] : ['tree', path, null]);
  }
};

const readMetadata = (trace: Trace, directory: string, name: string): Record<string, unknown> | undefined => {
  const file = under(directory, name);
  const found = locate(trace, file);
  if (found === 'unread') return undefined;
  if (found === 'absent' || found.mode === 'directory') {
    note(trace, ['file', file, null]);
    throw fail('chart-invalid', `${file} does not exist, so ${directory || 'the root'} is no Helm chart`, { file });
  }
  note(trace, ['file', found.path, found.digest]);
  const text = readText(trace, found);
  return text === undefined ? undefined : parseMetadata(file, text);
};

const parseMetadata = (file: string, text: string): Record<string, unknown> => {
  const { documents, problem } = readYaml(text, { duplicates: 'last' });
  if (problem) throw fail('chart-invalid', `${file}:${problem.line}: ${problem.reason}`, { file, line: problem.line });
  const value = documents[0]?.value;
  if (isFields(value)) return value;
  throw fail('chart-invalid', `${file}: is empty or no mapping: it needs name and version`, { file });
};

interface ChartFile {
  path: string;
  entry: SourceEntry;
}

/** Takes dependencies of the same repository; answers with them. Others have to be in `charts/`. */
const takeDependencies = (
  trace: Trace,
  directory: string,
  metadata: Record<string, unknown>,
  files: readonly ChartFile[],
): Chart[] => {
  const declared = [...mappingsOf(metadata.dependencies), ...readRequirements(trace, directory)];
  const vendored = vendoredCharts(trace, files);
  const locked = lockedVersions(trace, directory);
  const missing: string[] = [];
  const taken: Chart[] = [];
  for (const { name, version, repository } of declared) {
    if (typeof name !== 'string' || vendored.has(name)) continue;
    if (files.some(({ path }) => path.startsWith(`charts/${name}-`) && path.endsWith('.tgz'))) continue;
    const local = typeof repository === 'string' && repository.startsWith('file://') ? repository.slice(7) : undefined;
    if (local !== undefined) taken.push(...takeLocal(trace, directory, name, local));
    else {
      const found = takeRemote(trace, directory, { name, version, repository, locked: locked.get(name) });
      if (typeof found === 'string') missing.push(found);
      else if (found) taken.push(found);
    }
  }
  if (missing.length === 0 || trace.wanted.size > 0 || trace.others?.wanted.size) return taken;
  const remedy = 'run `helm dependency build` and commit charts/';
  const file = under(directory, 'Chart.yaml');
  throw fail('chart-dependencies-missing', `${file}: dependencies not in charts/: ${missing.join(', ')}: ${remedy}`, {
    file,
  });
};

interface Dependency {
  name: string;
  version: unknown;
  repository: unknown;
  /** What Chart.lock says. */
  locked: string | undefined;
}

/** A dependency of a Helm repository or OCI registry goes below `charts/`, as `helm dependency build` does it. */
const takeRemote = (trace: Trace, directory: string, dependency: Dependency): Chart | string | undefined => {
  const { name, version, repository, locked } = dependency;
  const text = describe(name, version, repository);
  if (typeof repository !== 'string' || !/^(?:https?|oci):\/\//.test(repository)) return text;
  const targetRevision = locked ?? (typeof version === 'string' ? version : '');
  const other = otherTree(trace, { type: 'chart', repoURL: repository, chart: name, targetRevision });
  if (!other) return undefined;
  if ('reason' in other) return `${text}: ${other.reason}`;
  const files = [...other.trace.tree.entries.values()].filter(({ mode }) => mode === 'file');
  for (const { path, digest } of files) {
    const at = under(directory, `charts/${name}-${other.trace.tree.commit}/${path}`);
    trace.files.set(at, { path: at, digest, ...(other.trace.ref === undefined ? {} : { ref: other.trace.ref }) });
  }
  const texts = files.flatMap((entry) => (isPacked(entry) ? [] : (readText(other.trace, entry) ?? [])));
  return { use: files.some(isPacked) ? USES_EVERYTHING : scanChart(texts), constrainsKubeVersion: true };
};

const isPacked = ({ path }: SourceEntry): boolean => path.endsWith('.tgz');
const USES_EVERYTHING: ChartUse = { kubeVersion: true, apiVersions: true, files: true };

/** The versions that Chart.lock (requirements.lock) pins, by the chart's name. */
const lockedVersions = (trace: Trace, directory: string): Map<string, string> => {
  const versions = new Map<string, string>();
  for (const name of ['Chart.lock', 'requirements.lock']) {
    const found = locate(trace, under(directory, name));
    if (typeof found === 'string' || found.mode === 'directory') continue;
    const text = readText(trace, found);
    for (const one of text === undefined ? [] : mappingsOf(parseMetadata(found.path, text).dependencies)) {
      if (typeof one.name === 'string' && typeof one.version === 'string') versions.set(one.name, one.version);
    }
  }
  return versions;
};

const describe = (name: string, version: unknown, repository: unknown): string => {
  const wanted = typeof version === 'string' ? `${name} ${version}` : name;
  return `${wanted} (${typeof repository === 'string' && repository !== '' ? repository : 'no repository'})`;
};

const readRequirements = (trace: Trace, directory: string): Record<string, unknown>[] => {
  const found = locate(trace, under(directory, 'requirements.yaml'));
  if (typeof found === 'string' || found.mode === 'directory') return [];
  const text = readText(trace, found);
  return text === undefined ? [] : mappingsOf(parseMetadata(found.path, text).dependencies);
};

/** Names of the charts in `charts/`: a directory's own, and what its Chart.yaml says. */
const vendoredCharts = (trace: Trace, files: readonly ChartFile[]): Set<string> => {
  const names = new Set<string>();
  for (const { path, entry } of files) {
    const directory = /^charts\/([^/]+)\/Chart\.yaml$/.exec(path)?.[1];
    if (directory === undefined) continue;
    names.add(directory);
    const name = /^name:\s*["']?([\w.-]+)/m.exec(readText(trace, entry) ?? '')?.[1];
    if (name !== undefined) names.add(name);
  }
  return names;
};

/**
 * What `helm dependency build` does for a `file://` dependency: the chart goes below `charts/` as it stands, without what it
 * depends on in turn, unless that is in its own `charts/`.
 */
const takeLocal = (trace: Trace, directory: string, name: string, path: string): Chart[] => {
  const file = under(directory, 'Chart.yaml');
  const source = path.startsWith('/') ? undefined : joinPath(directory, path);
  if (!source || source === directory || directory.startsWith(`${source}/`)) {
    throw fail('path-escapes', `${file}: dependency ${name}: file://${path} is no other directory of the repository`, {
      file,
    });
  }
  note(trace, ['tree', source, directoryDigest(trace.tree, source) ?? null]);
  const inner: Trace = { ...trace, files: new Map() };
  const chart = takeOwn(inner, source, []);
  for (const taken of inner.files.values()) {
    const at = under(directory, `charts/${name}/${taken.path.slice(source.length + 1)}`);
    trace.files.set(at, { ...taken, path: at });
  }
  return chart ? [chart] : [];
};
