import type { Compared } from '../../domain/application-row.ts';
import { AppError } from '../../domain/errors.ts';
import type { Application } from '../../domain/fleet/application.ts';
import type { AppProject } from '../../domain/fleet/project.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import { type ArgoSettings, isExcluded } from '../../domain/settings/argo-settings.ts';
import { isOrphan, warnsOfOrphans } from '../../domain/sync/orphans.ts';
import type { ApiResource, ClusterReader } from '../../ports/cluster.ts';
import { eachOf } from '../each-of.ts';

export interface OrphanQuestion {
  application: Pick<Application, 'destination'>;
  project: AppProject | undefined;
  settings: ArgoSettings;
}

const LISTS_IN_FLIGHT = 4;
const SAMPLE = 10;

/**
 * The objects of the application's namespace that belong to no application, by one list per kind that we may list;
 * undefined where the project does not want to know. Errors: those of ClusterReader but `cluster-denied`.
 */
export const findOrphans = async (
  reader: ClusterReader,
  { application, project, settings }: OrphanQuestion,
): Promise<Compared['orphaned']> => {
  const { namespace, server = '' } = application.destination;
  if (!project || !namespace || !warnsOfOrphans(project)) return undefined;
  const kinds = listable(await reader.discover()).filter((kind) => !isExcluded(settings, { ...kind, server }));
  const names: string[] = [];
  await eachOf(kinds, LISTS_IN_FLIGHT, async (kind) => {
    const objects = await listPermitted(reader, kind, namespace);
    names.push(...objects.filter((object) => isOrphan(object, project, settings)).map(nameOf));
  });
  return { count: names.length, sample: names.toSorted().slice(0, SAMPLE) };
};

const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name ?? ''}`;

/** Each kind in one version. */
const listable = (types: readonly ApiResource[]): ApiResource[] => [
  ...new Map(
    types
      .filter(({ namespaced, verbs }) => namespaced && verbs.includes('list'))
      .toReversed()
      .map((type) => [`${type.group}/${type.kind}`, type]),
  ).values(),
];

const listPermitted = (reader: ClusterReader, kind: ApiResource, namespace: string): Promise<KubernetesObject[]> =>
  reader.list(kind, { namespace }).catch((error: unknown) => {
    if (error instanceof AppError && (error.code === 'cluster-denied' || error.code === 'kind-unknown')) return [];
    throw error;
  });
