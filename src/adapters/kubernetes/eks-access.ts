import type { Cluster, EKSClient } from '@aws-sdk/client-eks';
import { DescribeClusterCommand } from '@aws-sdk/client-eks';
import type { STSClient } from '@aws-sdk/client-sts';
import type { HttpRequest } from '@smithy/protocol-http';
import { transient } from '../../domain/errors.ts';
import type { ClusterAccess } from '../../domain/fleet/fleet-file.ts';
import { assumeRole } from './assume-role.ts';
import type { AwsCall } from './aws-errors.ts';
import { awsError, isAwsDenial } from './aws-errors.ts';
import type { AwsCredentials } from './eks-token.ts';
import { eksToken, roleSessionName, stsAddress } from './eks-token.ts';
import type { ClusterAccessPoint, ClusterEndpoint } from './endpoint.ts';
import type { Timed } from './timed-cache.ts';
import { createTimedCache } from './timed-cache.ts';

export interface EksDeps {
  clock: () => number;
  /** A client for a region; with credentials, one that uses them instead of its own. */
  eks: (region: string, credentials?: AwsCredentials) => EKSClient;
  sts: (region: string) => STSClient;
}

type EksConfig = Extract<ClusterAccess, { type: 'eks' }>;

/** Access to one cluster for one session. Errors: those of `awsError`. */
export type EksAccess = (cluster: string, config: EksConfig, session: string) => Promise<ClusterAccessPoint>;

const minute = 60_000;
const endpointMilliseconds = 10 * minute;
/** EKS accepts a token for 15 minutes after it was signed; clients keep it for 14, less a margin for a long request. */
const tokenMilliseconds = 13 * minute;
/** Assumed credentials must outlive the tokens signed with them: EKS replays the signed URL. */
const credentialsMargin = 15 * minute;

const endpointOf = (call: AwsCall, cluster: Cluster | undefined): ClusterEndpoint => {
  const { endpoint, certificateAuthority, status } = cluster ?? {};
  if (!endpoint || !certificateAuthority?.data) {
    const message = `cluster "${call.cluster}": ${call.resource} has no endpoint yet (status ${status ?? 'unknown'})`;
    throw transient('cluster-unreachable', message, { details: { ...call, status }, retryAfterSeconds: 60 });
  }
  return { url: endpoint, certificateAuthority: Buffer.from(certificateAuthority.data, 'base64').toString('utf8') };
};

const roleOf = async (deps: EksDeps, cluster: string, config: EksConfig, roleARN: string, sessionName: string) => {
  const call = { cluster, action: 'sts:AssumeRole', resource: roleARN };
  const sts = deps.sts(config.region);
  const { credentials, expires } = await assumeRole(sts, { roleARN, sessionName }).catch((error: unknown) => {
    throw awsError(call, error);
  });
  return { value: credentials, until: (expires ?? deps.clock() + 60 * minute) - credentialsMargin };
};

/** As the role where there is one; where the role may only reach Kubernetes, as ourselves. */
const describe = async (
  deps: EksDeps,
  cluster: string,
  { name, region }: EksConfig,
  role: AwsCredentials | undefined,
): Promise<ClusterEndpoint> => {
  const call = { cluster, action: 'eks:DescribeCluster', resource: `cluster "${name}" in ${region}` };
  const send = (client: EKSClient) => client.send(new DescribeClusterCommand({ name }));
  const asRole = role === undefined ? undefined : send(deps.eks(region, role));
  const answer = await (asRole ?? send(deps.eks(region)))
    .catch((error: unknown) => {
      if (asRole === undefined || !isAwsDenial(error)) throw error;
      return send(deps.eks(region));
    })
    .catch((error: unknown) => {
      throw awsError(call, error);
    });
  return endpointOf(call, answer.cluster);
};

const SCHEME = 'Bearer ';

const remedyOf = ({ name, region, roleARN }: EksConfig): string =>
  `Check that EKS cluster "${name}" (${region}) has an access entry for ${roleARN ?? 'the role that Towline runs as'}, with ` +
  'an access policy or Kubernetes group that permits this; a new access entry takes some seconds to work.';

type RoleCredentials = (cluster: string, config: EksConfig, session: string) => Promise<AwsCredentials> | undefined;

/** Credentials of the cluster's role, assumed under the session's name; undefined where it has none. */
const createRoleCredentials = (deps: EksDeps): RoleCredentials => {
  const roles = createTimedCache<AwsCredentials>(deps.clock);
  return (cluster, config, session) => {
    const { roleARN, region } = config;
    if (roleARN === undefined) return undefined;
    const sessionName = roleSessionName(session);
    const key = JSON.stringify([roleARN, region, sessionName]);
    return roles.get(key, () => roleOf(deps, cluster, config, roleARN, sessionName));
  };
};

type MakeToken = (cluster: string, config: EksConfig, session: string) => Promise<Timed<string>>;

const createTokenMaker = (deps: EksDeps, roleCredentials: RoleCredentials): MakeToken => {
  const addresses = createTimedCache<HttpRequest>(deps.clock);
  return async (cluster, config, session) => {
    const { name: clusterName, region } = config;
    const sts = await addresses.get(region, async () => {
      return { value: await stsAddress(deps.sts(region)), until: Number.POSITIVE_INFINITY };
    });
    const credentials =
      (await roleCredentials(cluster, config, session)) ?? (await deps.sts(region).config.credentials());
    const now = deps.clock();
    const value = await eksToken({ clusterName, region, credentials, sts, now: new Date(now) });
    return { value, until: now + tokenMilliseconds };
  };
};

/** Reads endpoints, assumes roles and signs tokens for EKS clusters, keeping each as long as it is good. */
export const createEksAccess = (deps: EksDeps): EksAccess => {
  const { clock } = deps;
  const endpoints = createTimedCache<ClusterEndpoint>(clock);
  const tokens = createTimedCache<string>(clock);
  const roleCredentials = createRoleCredentials(deps);
  const makeToken = createTokenMaker(deps, roleCredentials);

  return async (cluster, config, session) => {
    const { name, region, roleARN } = config;
    const endpoint = await endpoints.get(JSON.stringify([name, region, roleARN]), async () => {
      const role = await roleCredentials(cluster, config, session);
      return { value: await describe(deps, cluster, config, role), until: clock() + endpointMilliseconds };
    });
    const tokenKey = JSON.stringify([name, region, roleARN, roleARN === undefined ? '' : roleSessionName(session)]);
    const header = async () => `${SCHEME}${await tokens.get(tokenKey, () => makeToken(cluster, config, session))}`;
    const renew = (refused = ''): boolean => {
      tokens.forget(tokenKey, refused.slice(SCHEME.length));
      return true;
    };
    return { endpoint, credentials: { header, renew }, remedy: remedyOf(config) };
  };
};
