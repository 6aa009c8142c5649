import type { KubernetesObject } from '../kubernetes-object.ts';

/** Argo CD's health statuses, best first. */
export type HealthStatus = 'Healthy' | 'Suspended' | 'Progressing' | 'Missing' | 'Degraded' | 'Unknown';

export interface Health {
  status: HealthStatus;
  /** Why; '' where there is nothing to say. */
  message: string;
}

/** One user's Lua health script: the kind it is for and what it may load. */
export interface HealthScript {
  /** `group/Kind`, for the core group `Kind`; may be a glob (`*` also crosses `/`, as in Argo CD). */
  groupKind: string;
  lua: string;
  /** `useOpenLibs`: all of Lua's libraries but those that do I/O. */
  openLibs: boolean;
}

/**
 * Runs one Lua health script on an object. Undefined: the script answered nothing, which counts as "no health".
 * A script that fails or answers something else yields `Unknown` with the reason. Implemented in adapters/lua.
 */
export type RunHealthScript = (script: HealthScript, object: KubernetesObject) => Health | undefined;

/** The users' scripts in the order they were written, and what runs them. */
export interface HealthOverrides {
  scripts: readonly HealthScript[];
  run: RunHealthScript;
}

/** What the fold of an application's health needs to know of one of its resources. */
export interface ResourceHealth {
  group: string;
  kind: string;
  namespace?: string;
  name: string;
  /** Undefined: this kind has no health. */
  health?: Health;
  /** A hook, or skipped by `hook: Skip`. */
  hook?: boolean;
  annotations?: Record<string, string>;
  /** False: it is not in the cluster. */
  live: boolean;
}

/** Best to worst; an exhaustive record, so that a new status cannot be forgotten. */
const RANK: Record<HealthStatus, number> = {
  Healthy: 0,
  Suspended: 1,
  Progressing: 2,
  Missing: 3,
  Degraded: 4,
  Unknown: 5,
};

/** True where `next` is worse than `current` in Argo CD's order. */
export const isWorse = (current: HealthStatus, next: HealthStatus): boolean => RANK[next] > RANK[current];

/** Whether a string is one of the six statuses. */
export const isHealthStatus = (text: unknown): text is HealthStatus => typeof text === 'string' && text in RANK;

/**
 * The health of one live object: being deleted, else the user's script for its kind, else the built-in kinds, else the
 * table of custom resources. Undefined: this kind has no health (a ConfigMap), which never holds anything up.
 */
export const assessHealth = (_object: KubernetesObject, _overrides?: HealthOverrides): Health | undefined => undefined;

/** The application's health from that of its resources, as Argo CD folds it; `self` is the application's own key. */
export const foldHealth = (
  _resources: readonly ResourceHealth[],
  _self?: { namespace: string; name: string },
): Health => ({ status: 'Healthy', message: '' });
