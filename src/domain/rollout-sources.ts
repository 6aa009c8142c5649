import { sameRepository } from './repository-url.ts';
import type { SourceRevision } from './source-revision.ts';

/** A rollout's row names no more of them: a fleet may take charts from everywhere. */
const SOURCES_KEPT = 50;

/** The commits that a rollout's applications are taken from besides the one that was pushed, and how many more there are. */
export interface OtherSources {
  sources: SourceRevision[];
  moreSources?: number;
}

/**
 * What else a rollout's applications are made of: each repository (chart), ref and commit once, in a stable order, without
 * the one that was pushed. `revisions` are those of all its applications.
 */
export const otherSources = (
  at: Pick<SourceRevision, 'repository' | 'commit'>,
  revisions: Iterable<SourceRevision>,
): OtherSources => {
  const found = new Map<string, SourceRevision>();
  for (const one of revisions) {
    const isPushed =
      one.commit === at.commit && one.chart === undefined && sameRepository(one.repository, at.repository);
    // The ref of a chart is that of its Application: one version is one source.
    const key = [one.repository, one.chart ?? one.ref, one.commit].join('\n');
    if (!isPushed && !found.has(key)) found.set(key, one);
  }
  const all = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const more = all.length - SOURCES_KEPT;
  return { sources: all.slice(0, SOURCES_KEPT), ...(more > 0 ? { moreSources: more } : {}) };
};

/** `acme/config main abcdef0`, `charts.example.com/stable redis 1.2.3`: the last two parts of the repository. */
export const sourceText = ({ repository, ref, commit, chart }: SourceRevision): string =>
  chart === undefined
    ? `${repositoryName(repository)} ${shortRef(ref)} ${commit.slice(0, 7)}`
    : `${repositoryName(repository)} ${chart} ${commit}`;

/** The last two parts of a repository's URL: `acme/fleet`. */
export const repositoryName = (url: string): string =>
  url
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split(/[/:]+/)
    .slice(-2)
    .join('/');

/** A branch or tag by its short name. */
export const shortRef = (ref: string): string => ref.replace(/^refs\/(heads|tags)\//, '');
