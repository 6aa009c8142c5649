import { isRefName } from './git-name.ts';
import { newestMatching, parseConstraint, parseVersion } from './semver-constraint.ts';

/** What a `targetRevision` names. A bare name is a branch or, where there is no such branch, a tag. */
export type Revision =
  | { type: 'head' }
  | { type: 'branch-or-tag'; name: string }
  | { type: 'ref'; ref: string }
  | { type: 'commit'; id: string }
  | {
      type: 'semver';
      constraint: string;
      /** The range as it is written: where no tag is in it, the branch or tag of this name is meant (`1.x`). */
      name: string;
      /** The newest of the tags in the range, with its prefix; undefined: none is. */
      satisfies: (tags: readonly string[]) => string | undefined;
    };

const TAGS = 'refs/tags/';
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

/**
 * Reads a `targetRevision`: absent, empty and `HEAD` are the default branch; then a full ref, a full commit id, a semver
 * range over tags (after `tagPrefix`, where the source has one), else a branch or tag. A full version (`1.2`, `v1.2.3`) is
 * a tag and no range; a range that no tag is in may still be a branch's name. Source: https://argo-cd.readthedocs.io/en/stable/user-guide/tracking_strategies/
 */
export const refOfRevision = (targetRevision: string | undefined, tagPrefix = ''): Revision => {
  const text = targetRevision?.trim() ?? '';
  if (text === '' || text === 'HEAD') return { type: 'head' };
  const ranged = text.replace(/^refs\/tags\//, '');
  if (isRange(ranged)) {
    return {
      type: 'semver',
      constraint: ranged,
      name: ranged,
      satisfies: (tags) => newestTag(tags, ranged, tagPrefix),
    };
  }
  if (text.startsWith('refs/')) return { type: 'ref', ref: text };
  if (COMMIT.test(text)) return { type: 'commit', id: text.toLowerCase() };
  return { type: 'branch-or-tag', name: text };
};

/** A range has a number or a star in it: `x` alone is one by its grammar, but is far more often a branch. */
const isRange = (text: string): boolean =>
  /[\d*]/.test(text) && parseVersion(text) === undefined && parseConstraint(text) !== undefined;

const newestTag = (tags: readonly string[], constraint: string, prefix: string): string | undefined => {
  const own = tags.flatMap((tag) => (tag.startsWith(prefix) ? [tag.slice(prefix.length)] : []));
  const newest = newestMatching(own, constraint);
  return newest === undefined ? undefined : `${prefix}${newest}`;
};

/** The short names of the tags among full ref names. */
export const tagsAmong = (refs: Iterable<string>): string[] =>
  [...refs].flatMap((ref) => (ref.startsWith(TAGS) ? [ref.slice(TAGS.length)] : []));

/**
 * The refs (full names) that a revision may mean, the one that counts first: a branch before a tag of its name, the newest
 * tag of a range before a branch that is named like it. `tags` and `defaultBranch` are the repository's. A commit is none.
 */
export const refsMeant = (
  revision: Revision,
  { tags, defaultBranch }: { tags: readonly string[]; defaultBranch: string | undefined },
): string[] => {
  switch (revision.type) {
    case 'head':
      return defaultBranch === undefined ? [] : [defaultBranch];
    case 'branch-or-tag':
      return named(revision.name);
    case 'ref':
      return [revision.ref];
    case 'commit':
      return [];
    case 'semver': {
      const newest = revision.satisfies(tags);
      return newest === undefined ? named(revision.name) : [`${TAGS}${newest}`];
    }
  }
};

const named = (name: string): string[] => [`refs/heads/${name}`, `${TAGS}${name}`].filter(isRefName);
