import type { GlobalProject } from '../settings/argo-settings.ts';
import { matchesSelector } from './applicationset/label-selector.ts';
import type { AppProject } from './project.ts';

/**
 * Projects with what the global projects of `argocd-cm` add to those that their selectors take: sources, destinations, kinds
 * and windows, never to themselves. The projects themselves where there is nothing to add.
 * Source: Argo CD docs, Projects, Configuring Global Projects.
 */
export const withGlobalProjects = (
  projects: readonly AppProject[],
  globals: readonly GlobalProject[] = [],
): AppProject[] =>
  projects.map((project) =>
    globals
      .filter(({ projectName, labelSelector }) => {
        return projectName !== project.name && matchesSelector(labelSelector, project.labels ?? {});
      })
      .flatMap(({ projectName }) => projects.filter(({ name }) => name === projectName))
      .reduce(merged, project),
  );

const merged = (project: AppProject, added: AppProject): AppProject => ({
  ...project,
  sourceRepos: [...project.sourceRepos, ...added.sourceRepos],
  destinations: [...project.destinations, ...added.destinations],
  syncWindows: [...project.syncWindows, ...added.syncWindows],
  ...both('clusterResourceWhitelist', project, added),
  ...both('clusterResourceBlacklist', project, added),
  ...both('namespaceResourceWhitelist', project, added),
  ...both('namespaceResourceBlacklist', project, added),
});

type KindList = `${'cluster' | 'namespace'}Resource${'White' | 'Black'}list`;

/** An absent list and an empty one are told apart; an empty one that is added says nothing. */
const both = (field: KindList, project: AppProject, added: AppProject): Partial<Pick<AppProject, KindList>> => {
  const [own, more = []] = [project[field], added[field]];
  return own === undefined && more.length === 0 ? {} : { [field]: [...(own ?? []), ...more] };
};
