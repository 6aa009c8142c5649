import { permanent } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import { isShortObjectId } from '../../domain/git-name.ts';
import { sameRepository } from '../../domain/repository-url.ts';
import { refOfRevision, refsMeant, tagsAmong } from '../../domain/revision.ts';
import type { Repository, Tree } from '../../ports/repository.ts';
import { type ChartTrees, isChartSource } from '../chart-trees.ts';
import type { SourceFiles } from '../inspect-source.ts';
import type { PlanDeps } from './deps.ts';

/** One commit of one repository, as sources read it. */
export interface CommitTree {
  /** Registered URL. */
  repository: string;
  ref: string;
  commit: string;
  tree: Tree;
  files: SourceFiles;
  readBlobs: Repository['readBlobs'];
  /** Not of Git: repository and name of the chart; `commit` is its version. */
  chart?: string;
}

/** What a source says about where it is taken from. */
export interface RevisionSource {
  repoURL: string;
  targetRevision?: string;
  tagPrefix?: string;
  /** A chart of a Helm repository. */
  chart?: string;
  /** One file, at `repoURL`. */
  file?: boolean;
}

export interface TreeReader {
  /**
   * The commit that a source stands at now. Errors: AppError `repository-unregistered`, `revision-missing` (permanent).
   */
  at(source: RevisionSource): Promise<CommitTree>;
}

/** A reader that goes by what a compile registers. */
export interface RegisteringReader extends TreeReader {
  /** From now on these are the registered repositories. */
  register(file: Registrations): void;
}

type Registrations = Pick<FleetRow['file'], 'repositories' | 'chartRepositories'>;

/** Reads trees for one plan: the planned commit is known, other refs are resolved once each. */
export const createTreeReader = (
  deps: Pick<PlanDeps, 'openRepository' | 'charts'>,
  fleet: { file: Registrations },
  here: { repository: string; ref: string; commit: string; tree: Tree },
): RegisteringReader => {
  const known = new Map<string, Promise<CommitTree>>();
  const charts = askedOnce();
  let registered = fleet.file;
  return {
    register: (file) => {
      registered = file;
    },
    at: (source) => {
      const { repoURL, targetRevision, tagPrefix } = source;
      if (isChartSource(source)) return charts(source, () => readChart(deps.charts, registered, source, here));
      const config = registered.repositories.find(({ url }) => sameRepository(url, repoURL));
      if (!config) return Promise.reject(unregistered(repoURL));
      const key = `${config.url}#${targetRevision ?? 'HEAD'}#${tagPrefix ?? ''}`;
      const found = known.get(key) ?? read(deps.openRepository(config), config, source, here);
      known.set(key, found);
      return found;
    },
  };
};

/** What does not answer is asked once in a plan, however many applications read it; what was read is kept elsewhere. */
const askedOnce = () => {
  const asked = new Map<string, Promise<CommitTree>>();
  return (source: RevisionSource, ask: () => Promise<CommitTree>): Promise<CommitTree> => {
    const key = JSON.stringify([source.repoURL, source.chart, source.targetRevision, source.file]);
    const known = asked.get(key);
    if (known) return known;
    const answer = ask();
    asked.set(key, answer);
    answer.then(
      () => asked.delete(key),
      () => undefined,
    );
    return answer;
  };
};

/**
 * A chart as a commit of its own. Its repository and ref are those that are planned: who plans it again starts there.
 * Errors: AppError `chart-…` (permanent).
 */
export const readChart = async (
  charts: ChartTrees | undefined,
  registrations: Pick<FleetRow['file'], 'chartRepositories'>,
  source: RevisionSource,
  here: { repository: string; ref: string },
): Promise<CommitTree> => {
  const chart = chartName(source);
  if (!charts) throw permanent('chart-repository-unsupported', `${chart}: charts of repositories are not read here`);
  const { tree, contents, version } = await charts.load(registrations, source);
  const readBlobs = (digests: readonly string[]) =>
    Promise.resolve(new Map(digests.map((digest) => [digest, contents.get(digest) ?? new Uint8Array()])));
  return { repository: here.repository, ref: here.ref, commit: version, chart, tree, ...reading({ readBlobs }, tree) };
};

/** `https://charts.example/nginx`: repository and chart in one, for people. */
export const chartName = ({ repoURL, chart }: { repoURL: string; chart?: string }): string =>
  chart ? `${repoURL.replace(/\/+$/, '')}/${chart}` : repoURL;

const unregistered = (repoURL: string) =>
  permanent(
    'repository-unregistered',
    `repository ${repoURL} is not registered: add it to spec.repositories of the fleet file`,
    { details: { repoURL } },
  );

/** Where a name means several refs (a branch, else a tag; a range of tags), only the first that is there counts. */
const read = async (
  repository: Repository,
  config: RepositoryConfig,
  source: RevisionSource,
  here: { repository: string; ref: string; commit: string; tree: Tree },
): Promise<CommitTree> => {
  for (const ref of await candidates(repository, source)) {
    if (here.repository === config.url && ref === here.ref) return { ...here, ...reading(repository, here.tree) };
    const commit = await repository.resolve(ref);
    if (commit === undefined) continue;
    const tree = await repository.listTree(commit);
    const name = isShortObjectId(ref) ? commit : ref;
    return { repository: config.url, ref: name, commit, tree, ...reading(repository, tree) };
  }
  throw revisionMissing(source, config.url);
};

const PRERELEASES = ' (prereleases are only in a range that names one, such as >=1.0.0-0)';

const revisionMissing = ({ targetRevision = 'HEAD', tagPrefix }: RevisionSource, url: string) => {
  const revision = refOfRevision(targetRevision, tagPrefix);
  if (revision.type === 'semver') {
    const tags = tagPrefix ? `tag with the prefix ${tagPrefix}` : 'tag';
    const text = `no ${tags} of ${url} is in the range ${targetRevision}: push one, or change the Application`;
    return permanent('revision-missing', `${text}${PRERELEASES}`);
  }
  const isShort = isShortObjectId(targetRevision.toLowerCase());
  const remedy = isShort ? 'write the whole commit id, 40 or 64 digits' : 'push it or change the Application';
  return permanent('revision-missing', `targetRevision ${targetRevision} does not exist in ${url}: ${remedy}`);
};

/** How sources read the files of a tree: texts by path (what is no file is missing), blobs by digest. */
export const reading = (
  repository: Pick<Repository, 'readBlobs'>,
  tree: Tree,
): Pick<CommitTree, 'files' | 'readBlobs'> => ({
  readBlobs: (digests: readonly string[]) => repository.readBlobs(digests),
  files: {
    readText: async (paths: readonly string[]) => {
      const wanted = paths.flatMap((path) => {
        const entry = tree.entries.get(path);
        return entry && entry.mode !== 'directory' && entry.mode !== 'submodule' ? [entry] : [];
      });
      const blobs = await repository.readBlobs(wanted.map(({ digest }) => digest));
      return new Map(wanted.map(({ path, digest }) => [path, Buffer.from(blobs.get(digest) ?? []).toString('utf8')]));
    },
  },
});

const candidates = async (repository: Repository, { targetRevision, tagPrefix }: RevisionSource): Promise<string[]> => {
  const revision = refOfRevision(targetRevision, tagPrefix);
  if (revision.type === 'commit') return [revision.id];
  if (revision.type === 'head') return [(await repository.defaultBranch()) ?? 'HEAD'];
  const tags = revision.type === 'semver' ? tagsAmong((await repository.listRefs()).keys()) : [];
  const short = revision.type === 'branch-or-tag' ? revision.name.toLowerCase() : '';
  const refs = refsMeant(revision, { tags, defaultBranch: undefined });
  return isShortObjectId(short) ? [...refs, short] : refs;
};
