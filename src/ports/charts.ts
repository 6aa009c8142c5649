import type { ChartRepositoryConfig } from '../domain/fleet/fleet-file.ts';

/** One version of a chart, or of another archive of files, as its repository knows it. */
export interface ChartVersion {
  version: string;
  /** SHA-256 of the archive, hex, where the repository tells it. */
  digest?: string;
  /** Where the archive is: a URL. */
  url: string;
  /** `chart`: everything in one directory, as Helm packs it; `files`: as it is; `file`: no archive but one file. */
  layout: 'chart' | 'files' | 'file';
}

/**
 * Reads a Helm repository (HTTP) or an OCI registry. Errors: AppError `chart-repository-unreachable` (transient),
 * `chart-repository-denied`, `chart-repository-refused`, `chart-repository-invalid`, `chart-missing`, `chart-too-large`
 * (permanent).
 */
export interface ChartRepository {
  /** The version that `wanted` (a version or a range) means now. `chart` is absent for an OCI artifact of files. */
  resolve(chart: string | undefined, wanted: string): Promise<ChartVersion>;
  /** The archive as the repository has it. */
  fetch(version: ChartVersion): Promise<Uint8Array>;
  /** The tar in an archive. */
  unpack(archive: Uint8Array): Uint8Array;
}

/** Opens the repository; the same object for the same registration, so that what it keeps is kept. */
export type OpenCharts = (config: ChartRepositoryConfig | RemoteFileConfig) => ChartRepository;

/** One file at a URL, which has no versions: it stands at the digest of what is there now. */
export interface RemoteFileConfig {
  url: string;
  type: 'file';
}
