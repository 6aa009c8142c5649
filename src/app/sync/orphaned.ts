import type { Compared } from '../../domain/application-row.ts';
import type { Application } from '../../domain/fleet/application.ts';
import type { AppProject } from '../../domain/fleet/project.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { ArgoSettings } from '../../domain/settings/argo-settings.ts';
import { isOrphan, warnsOfOrphans } from '../../domain/sync/orphans.ts';
import type { ClusterReader } from '../../ports/cluster.ts';
import { eachInNamespace } from './find-own.ts';

export interface OrphanQuestion {
  application: Pick<Application, 'destination'>;
  project: AppProject | undefined;
  settings: ArgoSettings;
}

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
  const names: string[] = [];
  await eachInNamespace(reader, { namespace, settings, server }, (objects) => {
    names.push(...objects.filter((object) => isOrphan(object, project, settings)).map(nameOf));
  });
  return { count: names.length, sample: names.toSorted().slice(0, SAMPLE) };
};

const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name ?? ''}`;
