import { permanent } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import { sameRepository } from '../../domain/repository-url.ts';
import { refOfRevision } from '../../domain/revision.ts';
import { followsRef } from '../../domain/tracking-ref.ts';
import type { Repository, Tree } from '../../ports/repository.ts';
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
}

export interface TreeReader {
  /**
   * The commit that a source stands at now. Errors: AppError `repository-unregistered`, `revision-missing` (permanent).
   */
  at(source: { repoURL: string; targetRevision?: string }): Promise<CommitTree>;
}

/** Reads trees for one plan: the planned commit is known, other refs are resolved once each. */
export const createTreeReader = (
  deps: Pick<PlanDeps, 'openRepository'>,
  fleet: { file: Pick<FleetRow['file'], 'repositories'> },
  here: { repository: string; ref: string; commit: string; tree: Tree },
): TreeReader => {
  const known = new Map<string, Promise<CommitTree>>();
  return {
    at: ({ repoURL, targetRevision }) => {
      const config = fleet.file.repositories.find(({ url }) => sameRepository(url, repoURL));
      if (!config) return Promise.reject(unregistered(repoURL));
      const key = `${config.url}#${targetRevision ?? 'HEAD'}`;
      const found = known.get(key) ?? read(deps.openRepository(config), config, targetRevision, here);
      known.set(key, found);
      return found;
    },
  };
};

const unregistered = (repoURL: string) =>
  permanent(
    'repository-unregistered',
    `repository ${repoURL} is not registered: add it to spec.repositories of the fleet file`,
    { details: { repoURL } },
  );

const read = async (
  repository: Repository,
  config: RepositoryConfig,
  targetRevision: string | undefined,
  here: { repository: string; ref: string; commit: string; tree: Tree },
): Promise<CommitTree> => {
  const isHere =
    here.repository === config.url && followsRef(targetRevision, here.ref, await repository.defaultBranch());
  if (isHere) return { ...here, ...reading(repository, here.tree) };
  const { ref, commit } = await resolveRevision(repository, config.url, targetRevision);
  const tree = await repository.listTree(commit);
  return { repository: config.url, ref, commit, tree, ...reading(repository, tree) };
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

const resolveRevision = async (
  repository: Repository,
  url: string,
  targetRevision: string | undefined,
): Promise<{ ref: string; commit: string }> => {
  for (const ref of await candidates(repository, targetRevision)) {
    const commit = await repository.resolve(ref);
    if (commit !== undefined) return { ref, commit };
  }
  throw permanent(
    'revision-missing',
    `targetRevision ${targetRevision ?? 'HEAD'} does not exist in ${url}: push it or change the Application`,
  );
};

const candidates = async (repository: Repository, targetRevision: string | undefined): Promise<string[]> => {
  const revision = refOfRevision(targetRevision);
  switch (revision.type) {
    case 'head':
      return [(await repository.defaultBranch()) ?? 'HEAD'];
    case 'branch-or-tag':
      return [`refs/heads/${revision.name}`, `refs/tags/${revision.name}`];
    case 'ref':
      return [revision.ref];
    case 'commit':
      return [revision.id];
    case 'semver':
      return newestTag(await repository.listRefs(), revision.satisfies);
  }
};

const newestTag = (refs: ReadonlyMap<string, string>, best: (versions: string[]) => string | undefined): string[] => {
  const tags = [...refs.keys()].flatMap((ref) =>
    ref.startsWith('refs/tags/') ? [ref.slice('refs/tags/'.length)] : [],
  );
  const tag = best(tags);
  return tag === undefined ? [] : [`refs/tags/${tag}`];
};
