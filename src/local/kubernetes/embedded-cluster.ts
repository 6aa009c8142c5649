import type { Log } from '../../ports/log.ts';

export interface EmbeddedClusterOptions {
  /** As in the fleet file. */
  name: string;
  /** On 127.0.0.1; absent: the one of the last start where it is free, else any free one. */
  port?: number;
  /** Folder of this cluster alone: objects, token and certificate. Made where it is missing. */
  stateDir: string;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Makes uids. */
  newId: () => string;
  log: Log;
}

export interface RunningCluster {
  /** `https://127.0.0.1:port`. */
  url: string;
  token: string;
  /** PEM text of the self-signed certificate. */
  certificateAuthority?: string;
  close(): Promise<void>;
}

export type StartEmbeddedCluster = (options: EmbeddedClusterOptions) => Promise<RunningCluster>;

/** Starts one embedded cluster on loopback. */
export const startEmbeddedCluster: StartEmbeddedCluster = async ({ name }) => {
  throw new Error(`the embedded cluster ${name} is being written`);
};
