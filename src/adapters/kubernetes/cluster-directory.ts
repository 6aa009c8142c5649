import { DescribeClusterCommand, type EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  type SecretListEntry,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import { type AppError, permanent, transient } from '../../domain/errors.ts';
import type { ClusterSource } from '../../domain/fleet/fleet-file.ts';
import type { ClusterDirectory, EksCluster, StoredClusterSecret } from '../../ports/cluster-directory.ts';
import { assumeRole } from './assume-role.ts';
import { isAwsDenial } from './aws-errors.ts';
import type { AwsCredentials } from './eks-token.ts';
import { createTimedCache, type TimedCache } from './timed-cache.ts';

export interface ClusterDirectoryDeps {
  clock: () => number;
  /** Clients for a region; with credentials, ones that use them. Region undefined: the stack's own. */
  eks: (region: string, credentials?: AwsCredentials) => EKSClient;
  secretsManager: (region: string | undefined, credentials?: AwsCredentials) => SecretsManagerClient;
  sts: (region: string | undefined) => STSClient;
}

type EksSource = ClusterSource & { type: 'eks' };
type SecretsSource = ClusterSource & { type: 'secretsManager' };
type Source = EksSource | SecretsSource;

const MINUTE = 60_000;
/** Lists are asked for every minute; what AWS says of one cluster is asked for less often. */
const DESCRIBED_MS = 10 * MINUTE;
const CREDENTIALS_MARGIN_MS = 5 * MINUTE;
const ASKED_AT_ONCE = 8;
const SESSION = 'towline-schedule';

/** Looks for clusters in AWS accounts, as the role of each source where it has one. */
export const createClusterDirectory = (deps: ClusterDirectoryDeps): ClusterDirectory => {
  const roles = createTimedCache<AwsCredentials>(deps.clock);
  const described = createTimedCache<EksCluster | undefined>(deps.clock);
  const values = new Map<string, { changed: string; value: string }>();
  const credentialsOf = async ({ region, roleARN }: Source): Promise<AwsCredentials | undefined> => {
    if (roleARN === undefined) return undefined;
    return roles.get(`${region} ${roleARN}`, async () => {
      const request = assumeRole(deps.sts(region), { roleARN, sessionName: SESSION });
      const { credentials, expires } = await told(request, { action: 'sts:AssumeRole', on: roleARN });
      return { value: credentials, until: (expires ?? deps.clock() + 60 * MINUTE) - CREDENTIALS_MARGIN_MS };
    });
  };
  return {
    eks: async (source) => {
      const client = deps.eks(source.region, await credentialsOf(source));
      const find = { client, source, described, until: deps.clock() + DESCRIBED_MS };
      const names = await listClusters(client, source);
      const clusters: EksCluster[] = [];
      for (let at = 0; at < names.length; at += ASKED_AT_ONCE) {
        const page = await Promise.all(names.slice(at, at + ASKED_AT_ONCE).map((name) => describe(find, name)));
        clusters.push(...page.flatMap((cluster) => (cluster && hasTags(cluster, source) ? [cluster] : [])));
      }
      return clusters;
    },
    secrets: async (source) => {
      const client = deps.secretsManager(source.region, await credentialsOf(source));
      const entries = await listSecrets(client, source);
      return Promise.all(entries.map((entry) => readSecret(client, entry, { source, values })));
    },
  };
};

/** Errors: `clusters-denied`, `clusters-unreachable`, by the SDK's name for what went wrong. */
const told = <Answer>(request: Promise<Answer>, { action, on }: { action: string; on: string }): Promise<Answer> =>
  request.catch((error: unknown): never => {
    throw directoryError(error, action, on);
  });

const directoryError = (error: unknown, action: string, on: string): AppError => {
  const name = error instanceof Error ? error.name : 'unknown';
  const options = { details: { action, on, error: name }, cause: error };
  return isAwsDenial(error)
    ? permanent('clusters-denied', `AWS refused ${action} on ${on} (${name}); allow it in IAM`, options)
    : transient('clusters-unreachable', `${action} on ${on} failed (${name})`, options);
};

const placeOf = ({ region, roleARN }: Source): string =>
  `${region ?? 'the own region'}${roleARN === undefined ? '' : ` as ${roleARN}`}`;

const listClusters = async (client: EKSClient, source: EksSource): Promise<string[]> => {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = client.send(new ListClustersCommand(nextToken ? { nextToken } : {}));
    const answer = await told(page, { action: 'eks:ListClusters', on: placeOf(source) });
    names.push(...(answer.clusters ?? []));
    nextToken = answer.nextToken;
  } while (nextToken);
  return names;
};

interface Find {
  client: EKSClient;
  source: EksSource;
  described: TimedCache<EksCluster | undefined>;
  until: number;
}

/** What can be reached: undefined while a cluster is made or taken away. */
const describe = ({ client, source, described, until }: Find, name: string): Promise<EksCluster | undefined> =>
  described.get(JSON.stringify([source.region, source.roleARN, name]), async () => {
    const request = client.send(new DescribeClusterCommand({ name })).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return { cluster: undefined };
      throw error;
    });
    const on = `cluster "${name}" in ${placeOf(source)}`;
    const { cluster } = await told(request, { action: 'eks:DescribeCluster', on });
    const { endpoint, status = '', tags = {} } = cluster ?? {};
    if (!endpoint || !REACHABLE.has(status)) return { value: undefined, until: 0 };
    return { value: { name, endpoint, tags }, until };
  });

/** A cluster that is updated serves; one whose update failed is ACTIVE again. */
const REACHABLE = new Set(['ACTIVE', 'UPDATING']);

const hasTags = (cluster: EksCluster, { tags }: EksSource): boolean =>
  Object.entries(tags).every(([key, value]) => cluster.tags[key] === value);

const listSecrets = async (client: SecretsManagerClient, source: SecretsSource): Promise<SecretListEntry[]> => {
  const entries: SecretListEntry[] = [];
  let token: string | undefined;
  const filters = [
    { Key: 'name' as const, Values: [source.prefix] },
    { Key: 'tag-key' as const, Values: ['towline'] },
    { Key: 'tag-value' as const, Values: ['cluster'] },
  ];
  do {
    const page = client.send(new ListSecretsCommand({ Filters: filters, ...(token ? { NextToken: token } : {}) }));
    const answer = await told(page, { action: 'secretsmanager:ListSecrets', on: placeOf(source) });
    entries.push(...(answer.SecretList ?? []));
    token = answer.NextToken;
  } while (token);
  // The filters look for beginnings of words.
  return entries.filter(
    ({ Name = '', Tags = [] }) =>
      Name.startsWith(source.prefix) && Tags.some(({ Key, Value }) => Key === 'towline' && Value === 'cluster'),
  );
};

/** A value is read again when it has changed. */
const readSecret = async (
  client: SecretsManagerClient,
  { ARN = '', Name = '', LastChangedDate }: SecretListEntry,
  { source, values }: { source: SecretsSource; values: Map<string, { changed: string; value: string }> },
): Promise<StoredClusterSecret> => {
  const name = Name.slice(source.prefix.length).replace(/^\/+/, '');
  const changed = LastChangedDate?.toISOString() ?? '';
  const known = values.get(ARN);
  if (known && changed !== '' && known.changed === changed) return { name, value: known.value };
  const request = client.send(new GetSecretValueCommand({ SecretId: ARN }));
  const answer = await told(request, { action: 'secretsmanager:GetSecretValue', on: `secret ${Name}` });
  const value = answer.SecretString ?? '';
  values.set(ARN, { changed, value });
  return { name, value };
};
