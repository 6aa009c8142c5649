import type { FollowedSource } from './fleet/followed-sources.ts';
import { sameRepository } from './repository-url.ts';
import { refOfRevision, refsMeant, tagsAmong } from './revision.ts';

/**
 * The full names of the refs that sources of a repository are taken from, whether or not they are there: of a range of
 * versions the newest tag alone, or what is named like the range. A repository has far fewer revisions than applications,
 * so each is looked at once.
 */
export const followedRefs = (
  sources: readonly FollowedSource[],
  repository: { url: string; refs: Iterable<string>; defaultBranch: string | undefined },
): string[] => {
  const { url, refs, defaultBranch } = repository;
  const tags = tagsAmong(refs);
  const revisions = new Map<string, FollowedSource>();
  for (const source of sources) {
    const key = `${source.repoURL}\n${source.targetRevision ?? ''}\n${source.tagPrefix ?? ''}`;
    if (source.chart === undefined && !revisions.has(key)) revisions.set(key, source);
  }
  const own = [...revisions.values()].filter(({ repoURL }) => sameRepository(repoURL, url));
  const meant = ({ targetRevision, tagPrefix }: FollowedSource): string[] =>
    refsMeant(refOfRevision(targetRevision, tagPrefix), { tags, defaultBranch });
  return [...new Set(own.flatMap(meant))];
};
