import { stableDigest } from '../stable-digest.ts';
import type { ChangeGroup, PreviewedApplication, ResourceChange } from './preview-view.ts';

/** One application and what would change in it. */
export interface ChangedApplication extends PreviewedApplication {
  resources: ResourceChange[];
}

/**
 * Applications with the same changes as one group; what is risky comes first, then what concerns most applications. The
 * order of what is given does not matter.
 */
export const groupChanges = (changed: readonly ChangedApplication[]): ChangeGroup[] => {
  const groups = Map.groupBy(changed, ({ resources }) => stableDigest(resources));
  return [...groups.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, alike]) => ({
      applications: alike
        .map(({ application, cluster, environment }) => ({ application, cluster, environment }))
        .toSorted((a, b) => (a.application < b.application ? -1 : 1)),
      resources: alike[0]?.resources ?? [],
    }))
    .toSorted((a, b) => risksIn(b) - risksIn(a) || b.applications.length - a.applications.length);
};

const risksIn = ({ resources }: ChangeGroup): number => resources.reduce((sum, { risks }) => sum + risks.length, 0);
