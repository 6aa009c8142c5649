import { isRecord } from '../health/fields.ts';
import { readYaml } from '../yaml-document.ts';
import type { ClusterConfig } from './fleet-file.ts';

/** A Kubernetes Secret, as far as it may be one of Argo CD's clusters; values in base64 (`data`) or plain. */
export interface ClusterSecret {
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

const EKS_ENDPOINT =
  /^https:\/\/[A-Z0-9]+\.[\w-]+\.([a-z]{2}(?:-[a-z]+)+-\d)\.eks\.amazonaws\.com(?:\.cn)?(?::443)?\/?$/i;
const SECRET_TYPE = 'argocd.argoproj.io/secret-type';

/** Whether a Secret is one of Argo CD's clusters. */
export const isClusterSecret = ({ metadata }: ClusterSecret): boolean => metadata.labels?.[SECRET_TYPE] === 'cluster';

/**
 * The cluster that one of Argo CD's cluster Secrets describes. Only EKS clusters are taken over, reached by AWS' own
 * authentication: `awsAuthConfig`, and the region out of the server's address. A stored token, certificate or password is
 * never read; `reason` says what is in the way. Source: Argo CD, declarative setup of clusters.
 */
export const clusterFromSecret = (secret: ClusterSecret): { cluster: ClusterConfig } | { reason: string } => {
  const name = valueOf(secret, 'name') || secret.metadata.name;
  const server = valueOf(secret, 'server');
  const config = readConfig(valueOf(secret, 'config'));
  if (server === '') return { reason: `Secret ${secret.metadata.name}: has no server` };
  if (!config) return { reason: `Secret ${secret.metadata.name}: its config is no JSON` };
  const { clusterName, roleARN, profile } = config.awsAuthConfig ?? {};
  const region = EKS_ENDPOINT.exec(server)?.[1];
  if (!clusterName || !region || profile) return { reason: refusal(name, { clusterName, region, profile }) };
  const project = valueOf(secret, 'project');
  return {
    cluster: {
      name,
      server,
      ...(project ? { project } : {}),
      labels: secret.metadata.labels ?? {},
      annotations: secret.metadata.annotations ?? {},
      access: { type: 'eks', name: clusterName, region, ...(roleARN ? { roleARN } : {}) },
    },
  };
};

/** Which cluster a Secret is about, whether or not it can be taken over: its name and the server's address, '' for none. */
export const namedBySecret = (secret: ClusterSecret): { name: string; server: string } => ({
  name: valueOf(secret, 'name') || secret.metadata.name,
  server: valueOf(secret, 'server'),
});

/**
 * The Secret that a text describes: one of Argo CD's cluster Secrets as a manifest (YAML or JSON), or its fields by
 * themselves (`name, server, config, project, labels, annotations`; of the GitOps Bridge also `addons` and `metadata`).
 */
export const clusterSecretOf = ({
  name,
  value,
}: {
  name: string;
  value: string;
}): ClusterSecret | { reason: string } => {
  const { documents, problems } = readYaml(name, value);
  const given = documents[0]?.value;
  if (problems.length > 0 || !isRecord(given))
    return { reason: `secret ${name}: its value is no JSON or YAML mapping` };
  const isManifest = given['kind'] === 'Secret' && isRecord(given['metadata']);
  const metadata = isRecord(given['metadata']) ? given['metadata'] : {};
  if (isManifest) {
    const [data, stringData] = [textsOf(given['data']), textsOf(given['stringData'])];
    return { metadata: metadataOf(metadata, name), data, stringData };
  }
  const { labels, annotations, addons } = given;
  const own = ['name', 'server', 'project', 'config'].flatMap((key) => {
    const text = given[key] ?? (key === 'name' ? given['cluster_name'] : undefined);
    return text === undefined ? [] : [[key, typeof text === 'string' ? text : JSON.stringify(text)]];
  });
  const maps = {
    labels: { ...textsOf(addons), ...textsOf(labels) },
    annotations: { ...textsOf(metadata), ...textsOf(annotations) },
  };
  return { metadata: { name, ...maps }, stringData: Object.fromEntries(own) };
};

const metadataOf = (metadata: Record<string, unknown>, name: string): ClusterSecret['metadata'] => ({
  name: typeof metadata['name'] === 'string' ? metadata['name'] : name,
  labels: textsOf(metadata['labels']),
  annotations: textsOf(metadata['annotations']),
});

/** A mapping's scalars as texts: who writes JSON by hand forgets the quotes of `true`. */
const textsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isRecord(value) ? value : {}).flatMap(([key, one]) =>
      ['string', 'boolean', 'number'].includes(typeof one) ? [[key, String(one)]] : [],
    ),
  );

const valueOf = ({ data, stringData }: ClusterSecret, key: string): string =>
  stringData?.[key] ?? Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');

interface AwsAuthConfig {
  clusterName?: string;
  roleARN?: string;
  profile?: string;
}

const readConfig = (text: string): { awsAuthConfig?: AwsAuthConfig } | undefined => {
  try {
    const value: unknown = JSON.parse(text || '{}');
    if (typeof value !== 'object' || value === null) return undefined;
    return 'awsAuthConfig' in value ? { awsAuthConfig: readAws(value.awsAuthConfig) } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const readAws = (value: unknown): AwsAuthConfig => {
  const fields = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const texts = fields.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
};

const refusal = (name: string, found: { clusterName?: string; region?: string; profile?: string }): string => {
  if (!found.clusterName) {
    return `cluster ${name}: no awsAuthConfig.clusterName; stored tokens and certificates are not used, so list it in the fleet file with eks`;
  }
  if (found.profile)
    return `cluster ${name}: awsAuthConfig.profile names a file of Argo CD's own; give a roleARN instead`;
  return `cluster ${name}: its server is no EKS endpoint, so its region is not known; list it in the fleet file with eks`;
};
