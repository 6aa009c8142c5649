import { CANARY, MAIN, REPOSITORY, type World } from './engine/world.ts';

/** One manifest, a file of its own. */
export type ObjectModel =
  | { kind: 'ConfigMap' | 'Secret' | 'Deployment'; value: string; annotations?: Record<string, string> }
  | { kind: 'Job'; value: string; annotations: Record<string, string> }
  /** No YAML at all. */
  | { kind: 'Broken' };

export interface ApplicationModel {
  cluster: 'dev' | 'prod';
  path: string;
  /** Default: main. */
  branch?: string;
  finalizer?: boolean;
}

/** What a commit holds: the fleet's documents and the manifests, by folder and name. */
export interface CommitModel {
  applications: Record<string, ApplicationModel>;
  folders: Record<string, Record<string, ObjectModel>>;
}

const FINALIZER = ', finalizers: [resources-finalizer.argocd.argoproj.io]';

const applicationText = (name: string, { cluster, path, branch, finalizer }: ApplicationModel): string => `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd${finalizer ? FINALIZER : ''} }
spec:
  project: default
  source: { repoURL: ${REPOSITORY}, targetRevision: ${branch ?? 'main'}, path: ${path} }
  destination: { name: ${cluster}, namespace: ${name} }
  syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }
`;

const objectText = (name: string, object: ObjectModel): string => {
  if (object.kind === 'Broken') return 'apiVersion: v1\nkind: [\nmetadata: {}\n';
  const { kind, value, annotations = {} } = object;
  const metadata = JSON.stringify({ name, annotations });
  if (kind === 'ConfigMap')
    return `{ apiVersion: v1, kind: ConfigMap, metadata: ${metadata}, data: { value: "${value}" } }`;
  if (kind === 'Secret') {
    return `{ apiVersion: v1, kind: Secret, metadata: ${metadata}, stringData: { value: "${value}", key: ${CANARY} } }`;
  }
  const template = `template: { spec: { containers: [{ name: main, image: "${value}" }] } }`;
  return kind === 'Job'
    ? `{ apiVersion: batch/v1, kind: Job, metadata: ${metadata}, spec: { ${template} } }`
    : `{ apiVersion: apps/v1, kind: Deployment, metadata: ${metadata}, spec: { replicas: 1, ${template} } }`;
};

/** The files of a commit by path. */
export const filesOf = ({ applications, folders }: CommitModel): Record<string, string> => ({
  'README.md': 'a fleet',
  ...Object.fromEntries(
    Object.entries(applications).map(([name, model]) => [`apps/${name}.yaml`, applicationText(name, model)]),
  ),
  ...Object.fromEntries(
    Object.entries(folders).flatMap(([folder, objects]) =>
      Object.entries(objects).map(([name, object]) => [`${folder}/${name}.yaml`, objectText(name, object)]),
    ),
  ),
});

/** Every commit that was made, with its model. */
export type Commits = Map<string, CommitModel>;

/** Commits a model on top of a ref; answers with the commit's id. */
export const commitModel = (world: World, commits: Commits, model: CommitModel, ref = MAIN): string => {
  const before = commits.get(world.repository.heads().get(ref) ?? '');
  const gone = before ? Object.fromEntries(Object.keys(filesOf(before)).map((path) => [path, null])) : {};
  const commit = world.repository.commit(ref, { ...gone, ...filesOf(model) });
  commits.set(commit, structuredClone(model));
  return commit;
};
