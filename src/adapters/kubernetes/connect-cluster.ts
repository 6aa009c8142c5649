import type { EKSClient } from '@aws-sdk/client-eks';
import type { STSClient } from '@aws-sdk/client-sts';
import { permanent } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ConnectCluster } from '../../ports/cluster.ts';
import type { Log } from '../../ports/log.ts';

/** An embedded cluster as the local stack names it. `certificateAuthority` is PEM text. */
export interface EmbeddedCluster {
  url: string;
  token?: string;
  certificateAuthority?: string;
}

export interface ConnectClusterDeps {
  clock: Clock;
  /** In [0, 1): spreads back-off. */
  random: () => number;
  log: Log;
  /** Waits that many milliseconds; default: a timer. */
  sleep?: (milliseconds: number) => Promise<void>;
  /** Local mode only. Absent: embedded clusters are refused. */
  embedded?: (name: string) => EmbeddedCluster | undefined;
  /** Local mode only: bytes of a kubeconfig and of the files it names. Absent: kubeconfig access is refused. */
  readFile?: (path: string) => Promise<Uint8Array>;
  /** Clients by region; the SDK's own AWS_ENDPOINT_URL_* handling gives their base URLs. Absent: EKS is refused. */
  aws?: { eks: (region: string) => EKSClient; sts: (region: string) => STSClient };
}

/** Connects to clusters of every access type; keeps connections, discovery and tokens for as long as it lives. */
export const connectCluster =
  (_deps: ConnectClusterDeps): ConnectCluster =>
  async (config) => {
    throw permanent('cluster-access-unsupported', `cluster ${config.name}: not built yet`);
  };
