import type { FollowedSource } from './fleet/followed-sources.ts';
import { sameRepository } from './repository-url.ts';
import { refOfRevision } from './revision.ts';

const TAGS = 'refs/tags/';

/**
 * The full names of the refs that sources of a repository are taken from, whether or not they are there: of a range of
 * versions the newest tag alone. A repository has far fewer revisions than applications, so each is looked at once.
 */
export const followedRefs = (
  sources: readonly FollowedSource[],
  repository: { url: string; refs: Iterable<string>; defaultBranch: string | undefined },
): string[] => {
  const { url, refs, defaultBranch } = repository;
  const tags = [...refs].flatMap((ref) => (ref.startsWith(TAGS) ? [ref.slice(TAGS.length)] : []));
  const revisions = new Map<string, FollowedSource>();
  for (const source of sources) {
    const key = `${source.repoURL}\n${source.targetRevision ?? ''}\n${source.tagPrefix ?? ''}`;
    if (source.chart === undefined && !revisions.has(key)) revisions.set(key, source);
  }
  const own = [...revisions.values()].filter(({ repoURL }) => sameRepository(repoURL, url));
  return [...new Set(own.flatMap((source) => refsOf(source, tags, defaultBranch)))];
};

const refsOf = (
  { targetRevision, tagPrefix }: FollowedSource,
  tags: readonly string[],
  defaultBranch: string | undefined,
): string[] => {
  const revision = refOfRevision(targetRevision, tagPrefix);
  switch (revision.type) {
    case 'head':
      return defaultBranch === undefined ? [] : [defaultBranch];
    case 'branch-or-tag':
      return [`refs/heads/${revision.name}`, `${TAGS}${revision.name}`];
    case 'ref':
      return [revision.ref];
    case 'commit':
      return [];
    case 'semver': {
      const newest = revision.satisfies(tags);
      return newest === undefined ? [] : [`${TAGS}${newest}`];
    }
  }
};
