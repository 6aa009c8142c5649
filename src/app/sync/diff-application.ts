import { readCompareOptions } from '../../domain/diff/compare-options.ts';
import { compareResource, type Sides } from '../../domain/diff/compare-resource.ts';
import type { DeleteJqPaths } from '../../domain/diff/ignore-rules.ts';
import { permanent } from '../../domain/errors.ts';
import type { Application } from '../../domain/fleet/application.ts';
import { type KubernetesObject, keyOf, type ResourceRef, refOf } from '../../domain/kubernetes-object.ts';
import type { ArgoSettings } from '../../domain/settings/argo-settings.ts';
import { FIELD_MANAGER } from '../../domain/sync/migrate-fields.ts';
import type { Target } from '../../domain/sync/sync-operation.ts';
import { prepareTargets } from '../../domain/sync/targets.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';
import { compareTargets } from './compare-targets.ts';
import { findOwn } from './find-own.ts';
import { readLive } from './read-live.ts';

export interface DiffInput {
  connection: ClusterConnection;
  application: Application;
  /** As rendered. */
  objects: readonly KubernetesObject[];
  settings: ArgoSettings;
  deleteJqPaths: DeleteJqPaths;
}

/** One object that a sync would change, make or, with prune, delete; masked. */
export interface ResourceDiff {
  ref: ResourceRef;
  sides: Sides;
  /** Why it is an estimate. */
  note?: string;
}

/**
 * What a sync of these objects would change in the cluster, in render order, then what is the application's and in no
 * source. Hooks are left out. Writes nothing. Errors: the cluster's; `malformed-object` and the like (permanent).
 */
export const diffApplication = async (input: DiffInput): Promise<ResourceDiff[]> => {
  const { connection, application, objects, settings, deleteJqPaths } = input;
  const apiResources = await connection.discover();
  const { targets, problems } = prepareTargets({ application, objects, apiResources, settings });
  const error = problems.find(({ severity }) => severity === 'error');
  if (error) throw permanent(error.code, error.message);
  const compared = targets.filter(({ hook, phases }) => !hook && phases.length > 0);
  const live = await readLive(
    connection,
    compared.map(({ ref }) => ref),
  );
  const shared = { connection, application, settings, live, adopt: false, deleteJqPaths, withSides: true };
  const found = await compareTargets({ ...shared, targets: compared });
  const changed = compared.flatMap(({ key, ref }): ResourceDiff[] => {
    const { status, sides, note } = found.get(key) ?? {};
    if (status !== 'OutOfSync') return [];
    const empty = { desired: undefined, live: undefined };
    return [{ ref, sides: sides ?? empty, ...(note ? { note } : {}) }];
  });
  return [...changed, ...(await leftOver(input, targets))];
};

const leftOver = async (input: DiffInput, targets: readonly Target[]): Promise<ResourceDiff[]> => {
  const { connection, application, settings, deleteJqPaths } = input;
  const wanted = new Set(targets.map(({ key }) => key));
  const namespaces = [application.destination.namespace, ...targets.map(({ ref }) => ref.namespace)];
  const named = [...new Set(namespaces)].flatMap((namespace) => namespace || []);
  const own = await findOwn(connection, application, settings, named);
  const left = own.filter((live) => !wanted.has(keyOf(live)) && !isOwned(live));
  const kept = left.filter(({ metadata }) => !readCompareOptions(metadata.annotations).ignoreExtraneous);
  return Promise.all(
    kept.map(async (live) => {
      const { sides } = await compareResource({ live, settings, fieldManager: FIELD_MANAGER, deleteJqPaths });
      return { ref: refOf(live), sides };
    }),
  );
};

/** Made by a controller that copied the tracking id from its owner. */
const isOwned = ({ metadata }: KubernetesObject): boolean => (metadata.ownerReferences ?? []).length > 0;
