import type { Problem } from '../problem.ts';
import { problemAt, validateDocument } from '../validate-document.ts';
import { type Path, readYaml } from '../yaml-document.ts';
import { checkFleet, DEFAULT_LABEL, doubtsOfFleet } from './check-fleet.ts';
import type {
  ChartRepositoryConfig,
  ClusterAccess,
  ClusterConfig,
  ClusterSource,
  FleetFile,
  RepositoryConfig,
  SlackConfig,
} from './fleet-file.ts';
import {
  type ClusterManifest,
  type ClusterSourceManifest,
  type FleetManifest,
  FleetSchema,
  type RepositoryManifest,
} from './fleet-schema.ts';
import { defaultAPI, forgeOf } from './forge-address.ts';

export type ParsedFleet = { warnings: Problem[] } & (
  | {
      ok: true;
      fleet: FleetFile;
      /** What is allowed and probably not meant, to be said to who starts a stack. */
      doubts: Problem[];
      /** An error with what stands at a path of the file, found out by more than the file. */
      problem: (path: Path, message: string) => Problem;
    }
  | { ok: false; problems: Problem[] }
);

/**
 * Reads a fleet file. Everything wrong with it comes in one answer, each problem with file, line, field, value and what is
 * allowed. `local` allows what only makes sense on one machine: http:// and loopback hosts, kubeconfig and embedded clusters.
 */
export const parseFleetFile = (content: string, { file, local }: { file: string; local: boolean }): ParsedFleet => {
  const { documents, problems: syntax } = readYaml(file, content);
  const [document, second] = documents;
  if (syntax.length > 0) return failed(syntax);
  if (!document) return failed([fileProblem(file, 1, EMPTY)]);
  if (second) {
    return failed([
      fileProblem(file, second.lineOf([]), 'this is a second document, and a fleet file is one: remove it'),
    ]);
  }
  const { output, problems } = validateDocument(FleetSchema, document, file);
  const unknown = problems.filter(({ severity }) => severity === 'warning');
  if (!output) {
    return { ok: false, warnings: unknown, problems: problems.filter(({ severity }) => severity !== 'warning') };
  }
  const told = (severity: Problem['severity']) => (path: Path, message: string) =>
    problemAt(document, file, path, { severity, code: 'field-invalid', message });
  const problem = told('error');
  const checks = checkFleet(output, local).map(({ path, message }) => problem(path, message));
  if (checks.length > 0) return { ok: false, warnings: unknown, problems: checks };
  const doubts = doubtsOfFleet(output).map(({ path, message }) => told('warning')(path, message));
  return { ok: true, warnings: unknown, doubts, fleet: toFleet(output), problem };
};

const EMPTY = 'holds no document; a fleet file starts with apiVersion: towline.dev/v1alpha1 and kind: Fleet';

const failed = (problems: Problem[]): ParsedFleet => ({ ok: false, warnings: [], problems });

const fileProblem = (file: string, line: number, message: string): Problem => ({
  severity: 'error',
  code: 'fleet-file-invalid',
  file,
  line,
  field: '',
  message,
});

const toFleet = ({ metadata, spec }: FleetManifest): FleetFile => ({
  name: metadata.name,
  source: {
    repoURL: spec.source.repoURL,
    targetRevision: spec.source.targetRevision ?? 'HEAD',
    path: spec.source.path ?? '',
  },
  repositories: gitRepositories(spec).map(toRepository),
  ...chartRepositories(spec),
  clusters: withInCluster((spec.clusters ?? []).map(toCluster), spec.clustersFrom !== undefined),
  ...(spec.clustersFrom ? { clustersFrom: spec.clustersFrom.flatMap(toClusterSource) } : {}),
  ...(spec.plugins ? { plugins: spec.plugins } : {}),
  environments: spec.environments ?? { clusterLabel: DEFAULT_LABEL },
  ...(spec.slack ? { slack: toSlack(spec.slack) } : {}),
  ...(spec.mode ? { mode: spec.mode } : {}),
  ...(spec.adopt ? { adopt: true } : {}),
});

const toSlack = ({
  channel,
  credentials,
  apiURL,
  ...rest
}: NonNullable<FleetManifest['spec']['slack']>): SlackConfig => ({
  channel,
  credentials,
  apiURL: apiURL ?? 'https://slack.com/api/',
  ...(rest.signingSecret ? { signingSecret: rest.signingSecret } : {}),
  ...(rest.roles ? { roles: rest.roles } : {}),
  ...(rest.channels ? { channels: rest.channels } : {}),
  ...(rest.mentions ? { mentions: rest.mentions } : {}),
});

const isCharts = ({ type, url }: RepositoryManifest): boolean =>
  type === 'helm' || type === 'oci' || (type === undefined && url.startsWith('oci://'));

const gitRepositories = ({ repositories, source }: FleetManifest['spec']): RepositoryManifest[] =>
  repositories?.filter((one) => !isCharts(one)) ?? [{ url: source.repoURL }];

const chartRepositories = ({ repositories = [] }: FleetManifest['spec']): Pick<FleetFile, 'chartRepositories'> => {
  const charts = repositories.filter(isCharts).map(
    (given): ChartRepositoryConfig => ({
      url: given.url,
      type: given.type === 'helm' ? 'helm' : 'oci',
      ...(given.credentials ? { credentials: given.credentials } : {}),
      ...(given.passCredentials ? { passCredentials: true } : {}),
    }),
  );
  return charts.length > 0 ? { chartRepositories: charts } : {};
};

const toRepository = (given: RepositoryManifest): RepositoryConfig => {
  const forge = forgeOf(given);
  const apiURL = given.apiURL ?? defaultAPI(forge, given.url);
  return {
    url: given.url,
    forge,
    ...(apiURL ? { apiURL } : {}),
    ...(given.credentials ? { credentials: given.credentials } : {}),
    ...(given.webhookSecret ? { webhookSecret: given.webhookSecret } : {}),
    ...(given.deployments ? { deployments: given.deployments } : {}),
  };
};

/** Where there is only one cluster, it is the in-cluster one. */
const withInCluster = (clusters: ClusterConfig[], hasMore: boolean): ClusterConfig[] => {
  const [only, second] = clusters;
  return only && !second && !hasMore ? [{ ...only, inCluster: true }] : clusters;
};

const toCluster = (given: ClusterManifest): ClusterConfig => ({
  name: given.name,
  ...(given.server ? { server: given.server } : {}),
  ...(given.inCluster ? { inCluster: true } : {}),
  ...(given.project ? { project: given.project } : {}),
  ...(given.mode ? { mode: given.mode } : {}),
  labels: given.labels ?? {},
  annotations: given.annotations ?? {},
  access: accessOf(given),
});

const accessOf = ({ eks, kubeconfig }: ClusterManifest): ClusterAccess => {
  if (eks) return { type: 'eks', ...eks };
  return kubeconfig ? { type: 'kubeconfig', ...kubeconfig } : { type: 'embedded' };
};

/** One for each region. */
const eksSources = ({ region, regions = [], roleARN, tags = {} }: NonNullable<ClusterSourceManifest['eks']>) =>
  [...new Set([...(region ? [region] : []), ...regions])].map((one) => ({
    type: 'eks' as const,
    region: one,
    ...(roleARN ? { roleARN } : {}),
    tags,
  }));

const toClusterSource = ({ secretsIn, secretsManager, eks }: ClusterSourceManifest): ClusterSource[] => [
  ...(secretsIn
    ? [{ type: 'secretsIn' as const, cluster: secretsIn.cluster, namespace: secretsIn.namespace ?? 'argocd' }]
    : []),
  ...(secretsManager ? [{ type: 'secretsManager' as const, ...secretsManager }] : []),
  ...(eks ? eksSources(eks) : []),
];
