import type { Problem } from '../problem.ts';
import { sameRepository } from '../repository-url.ts';
import { stableDigest, stableText } from '../stable-digest.ts';
import { type Application, applicationId } from './application.ts';
import { findCluster } from './find-cluster.ts';
import type { ClusterConfig, FleetFile } from './fleet-file.ts';
import type { AppProject } from './project.ts';
import { isAppNamespacePermitted, isSourcePermitted, permitsDestination, refusedDestination } from './project-rules.ts';
import { CONTROL_NAMESPACE } from './read-manifests.ts';
import type { CompiledApplication } from './snapshot.ts';

interface Fault {
  code: string;
  field: string;
  message: string;
}

interface CompileContext {
  fleet: FleetFile;
  projects: readonly AppProject[];
  /** The same document as it was compiled before; its digest is taken over where nothing around it changed. */
  known?: CompiledApplication | undefined;
  /** What is wrong with how it came into the fleet. */
  nesting?: Fault | undefined;
}

/**
 * Finds an application's cluster and holds it against its project. What is wrong stands in its `problems`: it stays in the
 * fleet, so that it is seen, and is not synced.
 */
export const compileApplication = (
  application: Application,
  { fleet, projects, known, nesting }: CompileContext,
): CompiledApplication => {
  const found = findCluster(fleet.clusters, application.destination);
  const cluster = 'cluster' in found ? found.cluster : undefined;
  const project = projects.find(({ name }) => name === application.project);
  const faults: Fault[] = [
    ...(nesting ? [nesting] : []),
    ...('message' in found ? [{ code: 'cluster-unknown', field: 'spec.destination', message: found.message }] : []),
    ...(project ? projectFaults(project, application, { cluster, fleet }) : [missingProject(application, projects)]),
  ];
  const { file, line } = application.origin;
  const problems = faults.map((fault): Problem => ({ severity: 'error', ...fault, file, line }));
  const environment = cluster?.labels[fleet.environments.clusterLabel] ?? '';
  const place = { cluster: cluster?.name ?? '', environment, problems };
  const specDigest = known && isSamePlace(known, place) ? known.specDigest : digestOf(application, place);
  return { ...application, id: applicationId(application), specDigest, ...place };
};

type Place = Pick<CompiledApplication, 'cluster' | 'environment' | 'problems'>;

const isSamePlace = (known: Place, place: Place): boolean =>
  known.cluster === place.cluster &&
  known.environment === place.environment &&
  stableText(known.problems.map(({ message }) => message)) === stableText(place.problems.map(({ message }) => message));

/** Where a document stands, and whether its set is still there, has no bearing on what is applied. */
const digestOf = (
  { origin: _origin, outlivesSet: _alone, ...content }: Application,
  { cluster, environment, problems }: Place,
): string => stableDigest({ ...content, cluster, environment, problems: problems.map(({ message }) => message) });

const missingProject = ({ project }: Application, projects: readonly AppProject[]): Fault => ({
  code: 'project-unknown',
  field: 'spec.project',
  message: `there is no AppProject "${project}"; there are: ${projects.map(({ name }) => name).join(', ')}`,
});

/** The AppProject that a registered repository belongs to; undefined: none, or it is not registered by itself. */
const scopeOf = ({ repositories }: FleetFile, repoURL: string): string | undefined =>
  repositories.find(({ url }) => sameRepository(url, repoURL))?.project;

const foreignRepositories = ({ name }: AppProject, { sources }: Application, fleet: FleetFile): Fault[] =>
  sources.flatMap(({ repoURL }) => {
    const scope = scopeOf(fleet, repoURL);
    const message = `${repoURL} is a repository of project ${scope} alone (its Secret says so), not of ${name}`;
    return scope === undefined || scope === name
      ? []
      : [{ code: 'project-repository', field: 'spec.source.repoURL', message }];
  });

const projectFaults = (
  project: AppProject,
  application: Application,
  { cluster, fleet }: { cluster: ClusterConfig | undefined; fleet: FleetFile },
): Fault[] => {
  const { namespace, sources, destination } = application;
  const refused = sources.filter(
    ({ repoURL }) => !isSourcePermitted(project, repoURL) && scopeOf(fleet, repoURL) !== project.name,
  );
  const isPermitted = cluster === undefined || permitsDestination(project, cluster, destination.namespace);
  return [
    ...refused.map(({ repoURL }) => ({
      code: 'project-source',
      field: 'spec.source.repoURL',
      message: `project ${project.name} does not permit source ${repoURL} (sourceRepos: ${listed(project.sourceRepos)})`,
    })),
    ...foreignRepositories(project, application, fleet),
    ...(project.wantsSignatures ? [signatureFault(project)] : []),
    ...(isPermitted ? [] : [destinationFault(project, cluster, destination.namespace)]),
    ...(isNamespacePermitted(project, application)
      ? []
      : [
          {
            code: 'project-namespace',
            field: 'metadata.namespace',
            message: `project ${project.name} does not permit applications of namespace ${namespace} (sourceNamespaces: ${listed(project.origin ? project.sourceNamespaces : [])})`,
          },
        ]),
  ];
};

/**
 * What is delivered into another namespace than Argo CD's own needs a project that says so: whoever may write into some
 * namespace of the control plane must not get at what the built-in project permits.
 */
const isNamespacePermitted = (project: AppProject, { namespace, origin }: Application): boolean => {
  const isUnsaid = project.origin === undefined && origin.registeredBy !== undefined;
  const said = isUnsaid ? { ...project, sourceNamespaces: [] } : project;
  return isAppNamespacePermitted(said, namespace, CONTROL_NAMESPACE);
};

const signatureFault = ({ name }: AppProject): Fault => ({
  code: 'project-signatures',
  field: 'spec.project',
  message: `project ${name} wants signed commits (signatureKeys, sourceIntegrity), which Towline does not verify: leave it to an Argo CD, or take the rule out`,
});

const destinationFault = (project: AppProject, cluster: ClusterConfig, namespace: string): Fault => ({
  code: 'project-destination',
  field: 'spec.destination',
  message: refusedDestination(project, cluster, namespace),
});

const listed = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));
