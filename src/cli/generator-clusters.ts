import { rejected } from '../domain/errors.ts';
import { generatorClusters } from '../domain/fleet/applicationset/fleet-clusters.ts';
import type { GeneratorCluster } from '../domain/fleet/applicationset/generator-inputs.ts';
import { type ClusterSecret, isClusterSecret } from '../domain/fleet/cluster-secret.ts';
import { IN_CLUSTER_NAME, IN_CLUSTER_SERVER } from '../domain/fleet/find-cluster.ts';
import { parseFleetFile } from '../domain/fleet/parse-fleet-file.ts';
import { formatProblem } from '../domain/problem.ts';
import { readYaml } from '../domain/yaml-document.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The clusters that a file names, as the cluster generator sees them: Argo CD's cluster Secrets (YAML documents, a List or
 * a JSON list), or a fleet file. Beside Secrets there is the cluster that Argo CD itself runs in, unless one of them is it.
 * `warn` hears of Secrets that are no clusters. Errors: AppError `clusters-invalid` (rejected) with file and line, never
 * with a Secret's value.
 */
export const readClusters = (file: string, text: string, warn: (text: string) => void): GeneratorCluster[] => {
  const { documents, problems } = readYaml(file, text);
  const [problem] = problems;
  if (problem) throw rejected('clusters-invalid', formatProblem(problem));
  if (documents.some(({ value }) => isRecord(value) && value['kind'] === 'Fleet')) return fromFleet(file, text, warn);
  const located = documents.flatMap((document) => {
    const { value } = document;
    if (!Array.isArray(value)) return [{ value, line: document.lineOf([]) }];
    return value.map((one: unknown, index) => ({ value: one, line: document.lineOf([index]) }));
  });
  return withImplied(located.flatMap(({ value, line }) => fromSecret(value, `${file}:${line}`, warn)));
};

const fromFleet = (file: string, text: string, warn: (text: string) => void): GeneratorCluster[] => {
  const parsed = parseFleetFile(text, { file, local: true });
  if (!parsed.ok) throw rejected('clusters-invalid', parsed.problems.map(formatProblem).join('; '));
  if (parsed.fleet.clustersFrom) warn(`${file}: clusters that spec.clustersFrom finds are not looked up`);
  return generatorClusters(parsed.fleet.clusters);
};

const fromSecret = (value: unknown, place: string, warn: (text: string) => void): GeneratorCluster[] => {
  if (!isRecord(value) || value['kind'] !== 'Secret') {
    throw rejected('clusters-invalid', `${place}: is neither one of Argo CD's cluster Secrets nor a fleet file`);
  }
  const secret = readSecret(value, place);
  if (!isClusterSecret(secret)) {
    warn(`${place}: Secret ${secret.metadata.name} is no cluster: argocd.argoproj.io/secret-type is not cluster`);
    return [];
  }
  const server = valueOf(secret, 'server').replace(/\/+$/, '');
  if (server === '') throw rejected('clusters-invalid', `${place}: Secret ${secret.metadata.name} has no server`);
  const project = valueOf(secret, 'project');
  return [
    {
      name: valueOf(secret, 'name') || secret.metadata.name,
      server,
      ...(project ? { project } : {}),
      labels: secret.metadata.labels ?? {},
      annotations: secret.metadata.annotations ?? {},
    },
  ];
};

const readSecret = (value: Record<string, unknown>, place: string): ClusterSecret => {
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {};
  const { name } = metadata;
  if (typeof name !== 'string') throw rejected('clusters-invalid', `${place}: metadata.name is missing`);
  const texts = (map: unknown, field: string): Record<string, string> => textsOf(map, `${place}: ${field}`);
  return {
    metadata: {
      name,
      labels: texts(metadata['labels'], 'metadata.labels'),
      annotations: texts(metadata['annotations'], 'metadata.annotations'),
    },
    data: texts(value['data'], 'data'),
    stringData: texts(value['stringData'], 'stringData'),
  };
};

const textsOf = (map: unknown, place: string): Record<string, string> => {
  if (map === undefined || map === null) return {};
  if (!isRecord(map)) throw rejected('clusters-invalid', `${place}: must be a mapping`);
  const texts = Object.entries(map).map(([key, value]): [string, string] => {
    if (typeof value === 'string') return [key, value];
    throw rejected('clusters-invalid', `${place}.${key}: must be a string: write it in quotes`);
  });
  return Object.fromEntries(texts);
};

const valueOf = ({ data, stringData }: ClusterSecret, key: string): string =>
  stringData?.[key] ?? Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');

/** Source: Argo CD lists its own cluster whether or not somebody registered it. */
const withImplied = (clusters: readonly GeneratorCluster[]): GeneratorCluster[] => {
  if (clusters.some(({ server }) => server === IN_CLUSTER_SERVER)) return [...clusters];
  const own = { name: IN_CLUSTER_NAME, server: IN_CLUSTER_SERVER, labels: {}, annotations: {}, implied: true };
  return [...clusters, own];
};
