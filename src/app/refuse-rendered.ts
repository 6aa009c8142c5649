import type { ApplicationRow } from '../domain/application-row.ts';
import { clusterNamed } from '../domain/fleet/find-cluster.ts';
import type { FleetRow } from '../domain/fleet-row.ts';
import { type KubernetesObject, keyOf } from '../domain/kubernetes-object.ts';
import type { Bundle } from '../domain/sources/bundle.ts';
import { readManifests } from '../domain/sources/manifests.ts';
import { NOT_PERMITTED, permitsEverything, type RefusedObject, refusedObjects } from '../domain/sync/rendered-rules.ts';
import type { Store } from '../ports/store.ts';
import { eachOf } from './each-of.ts';
import { type TellDeps, tellOutcome, untold } from './sync/tell-outcome.ts';
import { updateKnownRow } from './update-row.ts';

/** What was rendered just now, and from what. */
export interface Rendered {
  objects: KubernetesObject[];
  bundle: Bundle;
}

export type RefuseDeps = TellDeps & { applications: Store<ApplicationRow> };

const ROWS_AT_ONCE = 100;
const WRITES_IN_FLIGHT = 8;

/**
 * Holds what was rendered against the projects of the applications that wait for it: what a project refuses is their
 * failure, told at once, whatever their cluster or whoever holds their lease is at. Whoever syncs checks again, with what
 * the cluster knows. Errors: the stores' transient ones.
 */
export const refuseRendered =
  (deps: RefuseDeps, fleet: FleetRow) =>
  async (ids: readonly string[], rendered: ReadonlyMap<string, Rendered>): Promise<void> => {
    if (rendered.size === 0 || fleet.projects.every(permitsEverything)) return;
    for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) {
      const rows = await deps.applications.getMany(ids.slice(at, at + ROWS_AT_ONCE));
      await eachOf(rows, WRITES_IN_FLIGHT, (row) => refuse(deps, row, fleet, rendered));
    }
  };

const refuse = async (
  deps: RefuseDeps,
  row: ApplicationRow,
  fleet: FleetRow,
  rendered: ReadonlyMap<string, Rendered>,
): Promise<void> => {
  const { desired } = row;
  if (!desired || desired.error || row.removed) return;
  const message = firstRefusal(row, fleet, rendered);
  if (message === undefined) return;
  const error = { code: NOT_PERMITTED, message };
  const saved = await updateKnownRow(deps.applications, row, (known) => {
    const isSame = known?.desired?.generation === desired.generation && !known.desired.error;
    return isSame ? { ...known, desired: { ...desired, error } } : undefined;
  });
  const told = saved && untold(saved, deps.clock());
  if (!told) return;
  await tellOutcome(deps, saved, told);
  await updateKnownRow(deps.applications, saved, (known) =>
    known?.desired?.generation === desired.generation ? { ...known, told } : undefined,
  );
};

const firstRefusal = (
  { spec, desired }: ApplicationRow,
  { file, projects }: FleetRow,
  rendered: ReadonlyMap<string, Rendered>,
): string | undefined => {
  const project = projects.find(({ name }) => name === spec.project);
  const cluster = clusterNamed(file.clusters, spec.cluster);
  if (!project || !cluster) return undefined;
  for (const key of desired?.renderKeys ?? []) {
    const source = rendered.get(key);
    const [first] = source ? refusedObjects({ project, application: spec, cluster }, source.objects) : [];
    if (source && first) return describe(first, source.bundle);
  }
  return undefined;
};

const describe = ({ object, message }: RefusedObject, bundle: Bundle): string => {
  const file = fileOf(object, bundle);
  return file === undefined ? message : `${file}: ${message}`;
};

/** The plain manifest that an object stands in; what a tool made stands in none. */
const fileOf = (object: KubernetesObject, { files, render }: Bundle): string | undefined => {
  if (render.tool !== 'directory') return undefined;
  return render.manifests.find((file) => {
    const read = readManifests(files, { ...render, manifests: [file] });
    return read.ok && read.objects.some((one) => keyOf(one) === keyOf(object));
  });
};
