import { newestMatching } from './semver-constraint.ts';

/** What a `targetRevision` names. A bare name is a branch or, where there is no such branch, a tag. */
export type Revision =
  | { type: 'head' }
  | { type: 'branch-or-tag'; name: string }
  | { type: 'ref'; ref: string }
  | { type: 'commit'; id: string }
  | { type: 'semver'; constraint: string; satisfies: (tags: readonly string[]) => string | undefined };

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
/** What makes a name a range, as Argo CD decides it: an operator, a wildcard, or a comma. */
const RANGE = /^[\^~<>=!]|^[vV]?\d+(\.\d+)*\.[xX*]|^[*xX]$|\|\||,|^\S+ - \S+$/;

/**
 * Reads a `targetRevision`: absent, empty and `HEAD` are the default branch; a full ref, a full commit id, a semver range
 * over tags, else a branch or tag. Source: https://argo-cd.readthedocs.io/en/stable/user-guide/tracking_strategies/
 */
export const refOfRevision = (targetRevision: string | undefined): Revision => {
  const text = targetRevision?.trim() ?? '';
  if (text === '' || text === 'HEAD') return { type: 'head' };
  if (text.startsWith('refs/')) return { type: 'ref', ref: text };
  if (COMMIT.test(text)) return { type: 'commit', id: text.toLowerCase() };
  if (RANGE.test(text)) {
    return { type: 'semver', constraint: text, satisfies: (tags) => newestMatching(tags, text) };
  }
  return { type: 'branch-or-tag', name: text };
};
