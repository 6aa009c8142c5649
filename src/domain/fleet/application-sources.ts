import type { ApplicationSource } from './application.ts';

/** An Application's `spec.sourceHydrator`: what is rendered, and the branch that the result is kept on. */
export interface SourceHydrator {
  drySource: Omit<ApplicationSource, 'chart' | 'ref' | 'name'>;
  syncSource: { targetBranch: string; path: string; repoURL?: string };
  hydrateTo?: { targetBranch: string };
}

/** The sources that are synced: the hydrated branch before `sources` before `source`, as in Argo CD. */
export const sourcesOf = (spec: {
  source?: ApplicationSource | undefined;
  sources?: ApplicationSource[] | undefined;
  sourceHydrator?: SourceHydrator | undefined;
}): ApplicationSource[] => {
  if (spec.sourceHydrator) return [syncSource(spec.sourceHydrator)];
  if (spec.sources?.length) return spec.sources;
  return spec.source ? [spec.source] : [];
};

/** The branch that holds what a hydrator rendered; its repository is the dry source's where none is named. */
export const syncSource = ({ drySource: dry, syncSource: sync }: SourceHydrator): ApplicationSource => ({
  repoURL: sync.repoURL || dry.repoURL,
  path: sync.path,
  targetRevision: sync.targetBranch,
});

/** What a hydrator renders, as a source. */
export const drySource = ({ drySource: dry }: SourceHydrator): ApplicationSource => ({ ...dry });

const TOOLS = ['helm', 'kustomize', 'directory', 'plugin'] as const;

/** The tool that a source names by its blocks; undefined: none, so its files decide. More than one is an error. */
export const explicitType = (
  source: Partial<ApplicationSource>,
): (typeof TOOLS)[number] | { error: string } | undefined => {
  const given = TOOLS.filter((tool) => source[tool] !== undefined && source[tool] !== null);
  return given.length > 1 ? { error: `multiple application sources defined: ${given.join(', ')}` } : given[0];
};
