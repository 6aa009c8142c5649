import { isObjectId, isShortObjectId } from './git-name.ts';
import { sameRepository } from './repository-url.ts';
import { refOfRevision } from './revision.ts';

/**
 * Whether a source with this targetRevision follows `ref` (full name), given the repository's default branch.
 * Branches and tags are kept apart, unlike in Argo CD, where a bare name is both: a bare name means the branch, and the
 * tag where no such branch exists; so both refs concern it. A range of versions is concerned by every tag in it (with
 * `tagPrefix`, where the source has one), and by a branch that is named like it.
 */
export const followsRef = (
  targetRevision: string | undefined,
  ref: string,
  defaultBranch: string | undefined,
  tagPrefix?: string,
): boolean => {
  const revision = refOfRevision(targetRevision, tagPrefix);
  switch (revision.type) {
    case 'head':
      return ref === defaultBranch || ref === 'HEAD';
    case 'branch-or-tag':
      return isNamed(ref, revision.name) || isShortFor(ref, revision.name);
    case 'ref':
      return ref === revision.ref;
    case 'commit':
      return ref === revision.id;
    case 'semver':
      return (
        (ref.startsWith(TAGS) && revision.satisfies([ref.slice(TAGS.length)]) !== undefined) ||
        isNamed(ref, revision.name)
      );
  }
};

/** A commit whose id begins so. */
const isShortFor = (ref: string, name: string): boolean =>
  isObjectId(ref) && isShortObjectId(name.toLowerCase()) && ref.startsWith(name.toLowerCase());

const isNamed = (ref: string, name: string): boolean => ref === `refs/heads/${name}` || ref === `${TAGS}${name}`;

const TAGS = 'refs/tags/';

/** Whether a source is taken from this (repository, ref). */
export const takesFrom = (
  source: { repoURL: string; targetRevision?: string; tagPrefix?: string; chart?: string },
  at: { repository: string; ref: string; defaultBranch: string | undefined },
): boolean =>
  source.chart === undefined &&
  sameRepository(source.repoURL, at.repository) &&
  followsRef(source.targetRevision, at.ref, at.defaultBranch, source.tagPrefix);

type Source = Parameters<typeof takesFrom>[0];

/** `takesFrom` for many sources and one ref: thousands of applications name few repositories and revisions. */
export const createTakesFrom = (at: Parameters<typeof takesFrom>[1]): ((source: Source) => boolean) => {
  const known = new Map<string, Map<string, boolean>>();
  return (source) => {
    if (source.chart !== undefined) return false;
    const revision = source.tagPrefix
      ? `${source.targetRevision ?? ''}\n${source.tagPrefix}`
      : (source.targetRevision ?? '');
    const revisions = known.get(source.repoURL) ?? new Map<string, boolean>();
    known.set(source.repoURL, revisions);
    const found = revisions.get(revision) ?? takesFrom(source, at);
    revisions.set(revision, found);
    return found;
  };
};
