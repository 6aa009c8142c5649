import { createHash } from 'node:crypto';
import { isKind, permanent } from '../domain/errors.ts';
import type { ChartRepositoryConfig, FleetFile } from '../domain/fleet/fleet-file.ts';
import { type ArchiveTree, treeOfArchive, treeOfFile } from '../domain/sources/chart-tree.ts';
import { remoteFileName } from '../domain/sources/other-trees.ts';
import { readTar } from '../domain/sources/tar.ts';
import type { BlobCache } from '../ports/blob-cache.ts';
import type { ChartVersion, OpenCharts, RemoteFileConfig } from '../ports/charts.ts';

/** What names a chart, or an archive of files in an OCI registry (no `chart`). */
export interface ChartSource {
  repoURL: string;
  chart?: string | undefined;
  /** A version or a range. */
  targetRevision?: string | undefined;
  /** One file, at `repoURL`. */
  file?: boolean | undefined;
}

type Registrations = Pick<FleetFile, 'chartRepositories'>;

/** Charts as trees. Errors: AppError `chart-…` (permanent: the other side may answer again, but no plan waits for it). */
export interface ChartTrees {
  /** The version that a source means now. */
  resolve(fleet: Registrations, source: ChartSource): Promise<ChartVersion>;
  /** That version's files. */
  load(fleet: Registrations, source: ChartSource): Promise<ArchiveTree & { version: string }>;
}

/** Charts that stay unpacked for the next plan of this process. */
const KEPT = 16;

/** Whether a source is a chart of a Helm repository, an artifact of an OCI registry, or a file at a URL: none of Git's. */
export const isChartSource = ({ chart, repoURL, file }: Pick<ChartSource, 'chart' | 'repoURL' | 'file'>): boolean =>
  (chart !== undefined && chart !== '') || file === true || repoURL.startsWith('oci://');

interface ChartTreesDeps {
  openCharts: OpenCharts;
  blobs: BlobCache;
  /** What becomes of a chart whose repository does not answer, in words for people. */
  later?: string;
}

/** Resolves and reads charts; archives are kept in the blob cache under their digest, so that a version is fetched once. */
export const createChartTrees = (deps: ChartTreesDeps): ChartTrees => {
  const named = naming(deps);
  const kept = new Map<string, Promise<ArchiveTree>>();
  const resolve = (fleet: Registrations, source: ChartSource): Promise<ChartVersion> =>
    named(
      deps.openCharts(registrationOf(fleet, source)).resolve(source.chart || undefined, source.targetRevision ?? ''),
    );
  return {
    resolve,
    load: async (fleet, source) => {
      const version = await resolve(fleet, source);
      const key = `${version.digest ?? version.url} ${version.version} ${version.layout === 'file' ? version.url : ''}`;
      const tree = kept.get(key) ?? named(read(deps, registrationOf(fleet, source), version));
      kept.delete(key);
      kept.set(key, tree);
      tree.catch(() => kept.delete(key));
      for (const [oldest] of kept) if (kept.size > KEPT) kept.delete(oldest);
      return { ...(await tree), version: version.version };
    },
  };
};

/** What does not answer now is the application's failure for now: the other applications of the plan go on. */
const naming =
  ({ later = ': tried again with the next poll' }: ChartTreesDeps) =>
  async <T>(asked: Promise<T>): Promise<T> => {
    try {
      return await asked;
    } catch (error) {
      if (!isKind(error, 'transient')) throw error;
      throw permanent(error.code, `${error.message}${later}`, { cause: error });
    }
  };

const read = async (
  { openCharts, blobs }: { openCharts: OpenCharts; blobs: BlobCache },
  config: ChartRepositoryConfig | RemoteFileConfig,
  version: ChartVersion,
): Promise<ArchiveTree> => {
  const cached = version.digest && (await blobs.get(chartKey(version.digest)));
  const archive = cached || (await openCharts(config).fetch(version));
  const digest = createHash('sha256').update(archive).digest('hex');
  if (version.digest !== undefined && version.digest !== digest) {
    throw permanent('chart-digest-mismatch', `${version.url} is not what its repository says: its digest is ${digest}`);
  }
  if (!cached && version.digest) await blobs.put(chartKey(digest), archive);
  return treeOf(openCharts(config).unpack(archive), version);
};

/** Where the blob cache has the archive of this digest. */
const chartKey = (digest: string): string => `charts/${digest}.tgz`;

const treeOf = (bytes: Uint8Array, { version, url, layout }: ChartVersion): ArchiveTree => {
  if (layout === 'file') return treeOfFile(remoteFileName(url), bytes, version);
  const tar = readTar(bytes);
  const tree = 'reason' in tar ? tar : treeOfArchive(tar.files, { revision: version, strip: layout === 'chart' });
  if ('reason' in tree) throw permanent('chart-invalid', `${url}: ${tree.reason}`);
  return tree;
};

const plain = (url: string): string => url.replace(/^oci:\/\//, '').replace(/\/+$/, '');

/** The registration whose URL the repository's begins with, the longest counting; a public repository needs none. */
const registrationOf = (
  { chartRepositories = [] }: Registrations,
  { repoURL, file }: ChartSource,
): ChartRepositoryConfig | RemoteFileConfig => {
  if (file) return { url: repoURL, type: 'file' };
  const [found] = chartRepositories
    .filter(({ url }) => plain(repoURL) === plain(url) || plain(repoURL).startsWith(`${plain(url)}/`))
    .toSorted((a, b) => b.url.length - a.url.length);
  const type = /^https?:\/\//.test(repoURL) ? 'helm' : 'oci';
  return found ? { ...found, url: repoURL } : { url: repoURL, type };
};
