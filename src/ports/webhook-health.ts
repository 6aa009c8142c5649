import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';

/** A hook of a repository that points at Towline. */
export interface HookState {
  /** As the forge has it, without its query. */
  url: string;
  /** The forge sends nothing: for a while, or until somebody enables it. */
  disabled?: { until?: string };
  /** The HTTP status with which its last event was answered, as the forge saw it, where that was no success. */
  failing?: number;
}

/**
 * The hooks that a forge has for a repository. Undefined: the token may not see them, or the forge does not tell. Errors:
 * those of `Repository`.
 */
export type ReadHooks = (repository: RepositoryConfig) => Promise<HookState[] | undefined>;
