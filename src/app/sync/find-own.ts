import { AppError } from '../../domain/errors.ts';
import type { Application } from '../../domain/fleet/application.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import { type ArgoSettings, isExcluded } from '../../domain/settings/argo-settings.ts';
import { isOwn } from '../../domain/sync/tracking.ts';
import type { ApiResource, ClusterReader } from '../../ports/cluster.ts';
import { eachOf } from '../each-of.ts';

const LISTS_IN_FLIGHT = 4;

/** Each kind that can be listed, in one version. */
export const listableKinds = (types: readonly ApiResource[], settings: ArgoSettings, server: string): ApiResource[] => [
  ...new Map(
    types
      .filter((type) => type.verbs.includes('list') && !isExcluded(settings, { ...type, server }))
      .toReversed()
      .map((type) => [`${type.group}/${type.kind}`, type]),
  ).values(),
];

/**
 * Calls `found` with the objects of every namespaced kind in a namespace, kind by kind; kinds that we may not list are
 * left out. Errors: those of ClusterReader but `cluster-denied` and `kind-unknown`.
 */
export const eachInNamespace = async (
  reader: ClusterReader,
  { namespace, settings, server }: { namespace: string; settings: ArgoSettings; server: string },
  found: (objects: readonly KubernetesObject[]) => void,
): Promise<void> => {
  const kinds = listableKinds(await reader.discover(), settings, server).filter(({ namespaced }) => namespaced);
  await eachOf(kinds, LISTS_IN_FLIGHT, async (kind) => found(await listPermitted(reader, kind, namespace)));
};

const listPermitted = (reader: ClusterReader, kind: ApiResource, namespace: string): Promise<KubernetesObject[]> =>
  reader.list(kind, { namespace }).catch((error: unknown) => {
    if (error instanceof AppError && (error.code === 'cluster-denied' || error.code === 'kind-unknown')) return [];
    throw error;
  });

/** The application's own objects in these namespaces, by what they carry: for where no inventory is known. */
export const findOwn = async (
  reader: ClusterReader,
  application: Application,
  settings: ArgoSettings,
  namespaces: readonly string[],
): Promise<KubernetesObject[]> => {
  const own: KubernetesObject[] = [];
  const server = application.destination.server ?? '';
  for (const namespace of namespaces)
    await eachInNamespace(reader, { namespace, settings, server }, (objects) => {
      own.push(...objects.filter((object) => isOwn(object, application, settings)));
    });
  return own;
};
