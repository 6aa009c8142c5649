import { sameRepository } from './repository-url.ts';
import { refOfRevision } from './revision.ts';

/**
 * Whether a source with this targetRevision follows `ref` (full name), given the repository's default branch.
 * Branches and tags are kept apart, unlike in Argo CD, where a bare name is both: a bare name means the branch, and the
 * tag where no such branch exists; so both refs concern it.
 */
export const followsRef = (
  targetRevision: string | undefined,
  ref: string,
  defaultBranch: string | undefined,
): boolean => {
  const revision = refOfRevision(targetRevision);
  switch (revision.type) {
    case 'head':
      return ref === defaultBranch || ref === 'HEAD';
    case 'branch-or-tag':
      return ref === `refs/heads/${revision.name}` || ref === `refs/tags/${revision.name}`;
    case 'ref':
      return ref === revision.ref;
    case 'commit':
      return ref === revision.id;
    case 'semver':
      return ref.startsWith('refs/tags/');
  }
};

/** Whether a source is taken from this (repository, ref). */
export const takesFrom = (
  source: { repoURL: string; targetRevision?: string; chart?: string },
  at: { repository: string; ref: string; defaultBranch: string | undefined },
): boolean =>
  source.chart === undefined &&
  sameRepository(source.repoURL, at.repository) &&
  followsRef(source.targetRevision, at.ref, at.defaultBranch);
