import { clusterNamed } from './find-cluster.ts';
import type { FleetFile } from './fleet-file.ts';
import { by } from './gather-documents.ts';
import type { CompiledApplication, FleetSnapshot } from './snapshot.ts';
import { readSubscriptions, type Subscriptions } from './subscriptions.ts';

/**
 * What becomes of an application that is gone from the fleet: its objects go too where it carries Argo CD's resources
 * finalizer, else they stay and Towline forgets them. Where its cluster is gone from the fleet nothing is deleted.
 */
export interface RemovedApplication {
  id: string;
  fate: 'delete' | 'forget';
  project: string;
  notify?: Subscriptions;
  /** Why somebody has to approve first; absent: it may go. */
  waits?: string;
}

const FINALIZER = /^resources-finalizer\.argocd\.argoproj\.io(?:\/(?:foreground|background))?$/;

/** That many may go at once, or a tenth, whichever is more. */
const FEW = 3;
const SHARE = 0.1;

/**
 * The applications that one compile takes out of the fleet. Where they are more than a few of the fleet, of a set, of a
 * parent or of a cluster at once, those wait for approval: more often a mistake than a wish.
 */
export const removedApplications = (
  before: FleetSnapshot,
  after: FleetSnapshot,
  fleet: FleetFile,
): RemovedApplication[] => {
  const here = new Set(after.applications.map(({ id }) => id));
  const removed = before.applications.filter(({ id }) => !here.has(id)).toSorted(by(({ id }) => id));
  const crowded = crowdedScopes(before.applications, removed);
  return removed.map((one) => {
    const waits = scopesOf(one).flatMap((scope) => crowded.get(scope) ?? [])[0];
    const deletes =
      clusterNamed(fleet.clusters, one.cluster) !== undefined &&
      one.finalizers.some((finalizer) => FINALIZER.test(finalizer));
    const notify = readSubscriptions(one.annotations);
    return {
      id: one.id,
      fate: deletes ? 'delete' : 'forget',
      project: one.project,
      ...(notify ? { notify } : {}),
      ...(waits === undefined ? {} : { waits }),
    };
  });
};

/** What an application belongs to, as people call it. */
const scopesOf = ({ applicationSet, cluster, origin }: CompiledApplication): string[] => [
  'the fleet',
  ...(applicationSet ? [`ApplicationSet ${applicationSet}`] : []),
  ...(origin.registeredBy ? [`Application ${origin.registeredBy}`] : []),
  ...(cluster ? [`cluster ${cluster}`] : []),
];

/** The scopes that lose too many, with the sentence that says so. */
const crowdedScopes = (
  all: readonly CompiledApplication[],
  removed: readonly CompiledApplication[],
): Map<string, string> => {
  const totals = countByScope(all);
  const crowded = new Map<string, string>();
  for (const [scope, count] of countByScope(removed)) {
    const total = totals.get(scope) ?? 0;
    if (count <= Math.max(FEW, total * SHARE)) continue;
    crowded.set(scope, `${count} of ${total} applications of ${scope} would go at once: approve it, or put them back`);
  }
  return crowded;
};

const countByScope = (applications: readonly CompiledApplication[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const scope of applications.flatMap(scopesOf)) counts.set(scope, (counts.get(scope) ?? 0) + 1);
  return counts;
};
