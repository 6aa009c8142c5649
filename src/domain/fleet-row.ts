import type { ClusterConfig, FleetFile } from './fleet/fleet-file.ts';
import {
  type RepositoryDocuments,
  withFoundRepositories,
  withoutFoundRepositories,
} from './fleet/found-repositories.ts';
import type { AppProject } from './fleet/project.ts';
import type { SettingsDocument } from './fleet/settings-document.ts';
import { type Lease, leaseIsFree, newLease } from './lease.ts';
import { sameRepository } from './repository-url.ts';
import type { Row } from './row.ts';
import { type ArgoSettings, defaultSettings } from './settings/argo-settings.ts';
import { stableText } from './stable-digest.ts';

/**
 * A hook that its forge has stopped calling, or that it sees fail. `until`: when it calls again, as it says; absent: when
 * somebody enables it.
 */
export interface DisabledHook {
  url: string;
  until?: string;
  /** It is called all the same: the HTTP status with which it was answered last. */
  status?: number;
}

/** The one fleet of a stack: its file, and what was last compiled. */
export interface FleetRow extends Row {
  file: FleetFile;
  /** The clusters that are written in the file, where others were found beside them (`clustersFrom`). */
  writtenClusters?: ClusterConfig[];
  /** Git's digest of the file, where it was read from Git. */
  fileDigest?: string;
  /** Digest of the live snapshot, which is also its blob's key; absent before the first compile. */
  snapshot?: string;
  /** Digest of the fleet file and of every document that the snapshot was compiled from. */
  inputs?: string;
  /** Digest of the fleet file and of the directory that they are in: the quick answer. */
  directory?: string;
  /** The commit that the snapshot was compiled from. */
  commit?: string;
  /** Where the fleet's source stands, as the last compile found it. */
  source?: { repository: string; ref: string };
  /** Hooks of ours that a forge has stopped calling, by the repository's registered URL; absent: none that is known. */
  disabledHooks?: Record<string, DisabledHook[]>;
  /** Where the registry stood that the snapshot was compiled from; absent: nothing was ever registered. */
  registered?: number;
  /** Who compiles it: one plan at a time, so that no older fleet is made live after a newer one. */
  compiling?: Lease;
  /** Kept here too, so that a sync checks the newest rules without reading the snapshot. */
  projects: AppProject[];
  /** So that a sync compares and judges by the newest settings; absent: the fleet has no `argocd-cm`. */
  argoSettings?: SettingsDocument;
}

/** The row with the compile taken by `owner`; undefined where somebody else has it. */
export const claimCompile = (row: FleetRow, owner: string, now: number): FleetRow | undefined =>
  leaseIsFree(row.compiling, owner, now) ? { ...row, compiling: newLease(owner, now) } : undefined;

/** The row with what the owner compiled; undefined where the fleet has moved or the compile is another's by now. */
export const finishCompile = (
  row: FleetRow | undefined,
  claimed: FleetRow,
  compiled: Pick<
    FleetRow,
    'commit' | 'inputs' | 'directory' | 'source' | 'registered' | 'snapshot' | 'projects' | 'argoSettings'
  >,
  documents: RepositoryDocuments,
): FleetRow | undefined => {
  if (!row || row.compiling?.owner !== claimed.compiling?.owner || row.snapshot !== claimed.snapshot) return undefined;
  const { compiling: _done, argoSettings: _before, ...rest } = row;
  return { ...rest, ...compiled, file: withFoundRepositories(rest.file, documents) };
};

export const FLEET_ID = 'fleet';

/** What the fleet's `argocd-cm` says, or Argo CD's defaults. */
export const settingsOf = ({ argoSettings }: Pick<FleetRow, 'argoSettings'>): ArgoSettings =>
  argoSettings?.settings ?? defaultSettings();

/** Every environment of the fleet: the distinct values of the environment label over its clusters, sorted. */
export const environmentsOf = (file: FleetFile): string[] =>
  [...new Set(file.clusters.flatMap(({ labels }) => labels[file.environments.clusterLabel] ?? []))].sort();

/** Where the blob cache has the snapshot of this digest. */
export const snapshotKey = (digest: string): string => `snapshots/${digest}.json`;

/**
 * The row with a fleet file that was read anew: what was found beside its clusters stays until it is looked for again. A
 * changed file makes the fleet be compiled again.
 */
export const withFleetFile = (row: FleetRow | undefined, file: FleetFile): FleetRow => {
  const { snapshot: _outdated, writtenClusters, ...rest } = row ?? { id: FLEET_ID, version: 0, projects: [], file };
  // What Secrets register is found again by the next compile, which until then has to read what they are read with.
  const kept = keptRepositories(file, rest.file);
  if (!writtenClusters || !file.clustersFrom) return { ...rest, file: kept };
  const names = new Set(writtenClusters.map(({ name }) => name));
  const found = rest.file.clusters.filter(({ name, secret }) => secret !== undefined || !names.has(name));
  return { ...rest, file: { ...kept, clusters: together(file.clusters, found) }, writtenClusters: file.clusters };
};

/** The file as it is written, without the clusters and repositories that were found. */
export const writtenFile = ({ file, writtenClusters }: Pick<FleetRow, 'file' | 'writtenClusters'>): FleetFile => ({
  ...withoutFoundRepositories(file),
  ...(writtenClusters ? { clusters: writtenClusters } : {}),
});

/** A fleet file with the repositories that Secrets registered beside another one. */
const keptRepositories = (file: FleetFile, before: FleetFile): FleetFile => {
  const isFound = ({ secret }: { secret?: string }): boolean => secret !== undefined;
  const found = before.repositories.filter(
    (one) => isFound(one) && !file.repositories.some(({ url }) => sameRepository(url, one.url)),
  );
  const charts = [...(file.chartRepositories ?? []), ...(before.chartRepositories ?? []).filter(isFound)];
  const chartRepositories = charts.length > 0 ? { chartRepositories: charts } : {};
  return { ...file, repositories: [...file.repositories, ...found], ...chartRepositories };
};

/** The row with the clusters that were found; undefined where they are the same as before. What is written comes first. */
export const withFoundClusters = (row: FleetRow, found: readonly ClusterConfig[]): FleetRow | undefined => {
  const written = row.writtenClusters ?? row.file.clusters;
  const sorted = found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const clusters = together(written, sorted);
  if (row.writtenClusters && stableText(clusters) === stableText(row.file.clusters)) return undefined;
  const { snapshot: _outdated, ...rest } = row;
  return { ...rest, file: { ...row.file, clusters }, writtenClusters: written };
};

const together = (written: readonly ClusterConfig[], found: readonly ClusterConfig[]): ClusterConfig[] => {
  const names = new Set(written.map(({ name }) => name));
  const told = new Map(found.flatMap((one) => (one.secret ? [[one.name, one] as const] : [])));
  return [
    ...written.map((one) => withSecret(one, told.get(one.name))),
    ...found.filter(({ name, secret }) => secret === undefined && !names.has(name)),
  ];
};

/** What is written comes first. */
const withSecret = (written: ClusterConfig, told: ClusterConfig | undefined): ClusterConfig =>
  told?.secret
    ? {
        ...written,
        labels: { ...told.secret.labels, ...written.labels },
        annotations: { ...told.secret.annotations, ...written.annotations },
        secret: told.secret,
        ...(told.foundIn === undefined ? {} : { foundIn: told.foundIn }),
      }
    : written;
