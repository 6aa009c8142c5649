import { setTimeout as timer } from 'node:timers/promises';
import { permanent } from '../../domain/errors.ts';
import type { ClusterConfig } from '../../domain/fleet/fleet-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ConnectCluster } from '../../ports/cluster.ts';
import { createClusterReader } from './cluster-reader.ts';
import { createClusterWriter } from './cluster-writer.ts';
import type { Discovery } from './discovery.ts';
import { createDiscovery } from './discovery.ts';
import type { EksAccess, EksDeps } from './eks-access.ts';
import type { ClusterAccessPoint, ClusterEndpoint } from './endpoint.ts';
import { fixedCredentials } from './endpoint.ts';
import type { RunCommand } from './exec-credentials.ts';
import { failFast } from './fail-fast.ts';
import type { FairQueue } from './fair-queue.ts';
import { createFairQueue } from './fair-queue.ts';
import type { KubeconfigAccess, ReadFile } from './kubeconfig.ts';
import { observeOnly } from './observe-only.ts';
import type { PatchTypes } from './patch-types.ts';
import { createPatchTypes } from './patch-types.ts';
import { createRequester } from './requester.ts';
import type { Send, TransportLimits } from './transport.ts';
import { createTransport, defaultLimits } from './transport.ts';

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
  /** Waits that many milliseconds; default: a timer. */
  sleep?: (milliseconds: number) => Promise<void>;
  /** Sockets and time-outs; default: `defaultLimits`. */
  limits?: TransportLimits;
  /** Local mode only. Absent: embedded clusters are refused. */
  embedded?: (name: string) => EmbeddedCluster | undefined;
  /** Local mode only: bytes of a kubeconfig and of the files it names. Absent: kubeconfig access is refused. */
  readFile?: ReadFile;
  /** Local mode only: runs what a kubeconfig's `exec` names. Absent: such users are refused. */
  runCommand?: RunCommand;
  /** Clients by region; the SDK's own AWS_ENDPOINT_URL_* handling gives their base URLs. Absent: EKS is refused. */
  aws?: Pick<EksDeps, 'eks' | 'sts'>;
}

/** What all sessions of one cluster share. */
interface SharedCluster {
  endpoint: string;
  send: Send;
  queue: FairQueue;
  discovery: Discovery;
  patchTypes: PatchTypes;
}

const refused = (cluster: string, type: string, where: string) => {
  const message = `cluster "${cluster}": access by ${type} works in ${where} only`;
  return permanent('cluster-access-unsupported', message, { details: { cluster, access: type } });
};

const embeddedAccess = (deps: ConnectClusterDeps, name: string): ClusterAccessPoint => {
  if (!deps.embedded) throw refused(name, 'embedded', 'local mode');
  const found = deps.embedded(name);
  if (!found) throw permanent('cluster-not-found', `no embedded cluster "${name}" is running`, { details: { name } });
  const { url, token, certificateAuthority } = found;
  return {
    endpoint: { url, ...(certificateAuthority === undefined ? {} : { certificateAuthority }) },
    credentials: fixedCredentials(token === undefined ? undefined : `Bearer ${token}`),
    remedy: 'This is an embedded cluster: restart the local stack.',
  };
};

const wait = (milliseconds: number): Promise<void> => timer(milliseconds);

/** How to reach a cluster of any access type. */
const createAccess = (deps: ConnectClusterDeps) => {
  const { clock, readFile, runCommand, aws } = deps;
  // Loaded when first needed: AWS clients and the YAML parser cost a tenth of a second of a cold start.
  let eks: Promise<EksAccess> | undefined;
  let kubeconfig: Promise<KubeconfigAccess> | undefined;
  return async ({ name, access }: ClusterConfig, session: string): Promise<ClusterAccessPoint> => {
    if (access.type === 'embedded') return embeddedAccess(deps, name);
    if (access.type === 'kubeconfig') {
      if (!readFile) throw refused(name, 'kubeconfig', 'local mode');
      kubeconfig ??= import('./kubeconfig.ts').then(({ kubeconfigAccess }) =>
        kubeconfigAccess({ clock, readFile, run: runCommand }),
      );
      return (await kubeconfig)(access);
    }
    if (access.type === 'control-plane') throw refused(name, access.type, 'applications that deliver Argo CD kinds');
    if (!aws) throw refused(name, 'eks', 'a stack with AWS clients');
    eks ??= import('./eks-access.ts').then(({ createEksAccess }) => createEksAccess({ clock, ...aws }));
    return (await eks)(name, access, session);
  };
};

/**
 * Connects to clusters of every access type (src/ports/cluster.ts); to one in observe mode for reads and dry runs only. What clusters share between sessions (kept-alive
 * sockets, the queue for them, discovery) lives as long as the answered function; so do tokens, until they expire.
 * Errors at connecting: `kubeconfig-invalid`, `kubeconfig-unsupported`, `kubeconfig-exec-failed`, `cluster-access-unsupported`, `cluster-not-found`
 * (permanent) and, for EKS, those of the port.
 */
export const connectCluster = (deps: ConnectClusterDeps): ConnectCluster => {
  const { clock, random, sleep = wait, limits = defaultLimits } = deps;
  const access = createAccess(deps);
  const clusters = new Map<string, SharedCluster>();

  const shared = (name: string, at: ClusterEndpoint): SharedCluster => {
    const endpoint = JSON.stringify(at);
    const known = clusters.get(name);
    if (known?.endpoint === endpoint) return known;
    const send = failFast(createTransport(at, limits), clock);
    const queue = createFairQueue(limits.sockets);
    const cluster = { endpoint, send, queue, discovery: createDiscovery(clock), patchTypes: createPatchTypes(clock) };
    clusters.set(name, cluster);
    return cluster;
  };

  return async (config, session, turn = session) => {
    const { endpoint, credentials, remedy } = await access(config, session);
    const { send, queue, discovery, patchTypes } = shared(config.name, endpoint);
    const requesterDeps = { cluster: config.name, session, turn, remedy, credentials, send, queue, random, sleep };
    const connection = { request: createRequester(requesterDeps), discovery, patchTypes };
    const reader = createClusterReader(connection);
    const connected = { ...reader, ...createClusterWriter(connection, reader) };
    return config.mode === 'observe' ? observeOnly(connected) : connected;
  };
};
