import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';
import { matchGlob } from '../settings/glob.ts';
import { assessBuiltin } from './builtin/kinds.ts';
import { assessCustom } from './custom/table.ts';
import type { Health, HealthStatus } from './health-status.ts';

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

/** Hooks carry this finalizer while they run, so a hook that is being deleted keeps its own health. */
const HOOK_FINALIZER = 'argocd.argoproj.io/hook-finalizer';

/**
 * The health of one live object: being deleted, else the user's script for its kind, else the built-in kinds, else the
 * table of custom resources. Undefined: this kind has no health (a ConfigMap), which never holds anything up.
 */
export const assessHealth = (object: KubernetesObject, overrides?: HealthOverrides): Health | undefined => {
  const { deletionTimestamp, finalizers } = object.metadata;
  if (deletionTimestamp && !finalizers?.includes(HOOK_FINALIZER))
    return { status: 'Progressing', message: 'Pending deletion' };
  const script = overrides && findScript(overrides.scripts, object);
  if (overrides && script) return overrides.run(script, object);
  return assessBuiltin(object) ?? assessCustom(object);
};

/** The script for exactly this kind, else the first whose glob matches: the order written, where Argo CD's is random. */
const findScript = (scripts: readonly HealthScript[], object: KubernetesObject): HealthScript | undefined => {
  const { group } = parseApiVersion(object.apiVersion);
  const key = group ? `${group}/${object.kind}` : object.kind;
  return (
    scripts.find((script) => script.groupKind === key) ?? scripts.find((script) => matchGlob(script.groupKind, key))
  );
};

/**
 * The application's health: the worst of its resources', leaving out hooks, those with
 * `argocd.argoproj.io/ignore-healthcheck: "true"`, the application itself (`self`), what is missing while anything else is
 * live, and child Applications that are Missing or Unknown. Nothing live at all of what should be: Missing.
 */
export const foldHealth = (
  resources: readonly ResourceHealth[],
  self?: { namespace: string; name: string },
): Health => {
  const own = resources.filter(({ hook }) => !hook);
  if (own.length > 0 && own.every(({ live }) => !live)) return { status: 'Missing', message: '' };
  let worst: Health = { status: 'Healthy', message: '' };
  for (const resource of own.filter((one) => !isLeftOut(one, self))) {
    const { health } = resource;
    if (!health || !resource.live || (isApplication(resource) && isAway(health.status))) continue;
    if (isWorse(worst.status, health.status)) worst = { status: health.status, message: blame(resource, health) };
  }
  return worst;
};

const isApplication = (resource: ResourceHealth): boolean =>
  resource.group === 'argoproj.io' && resource.kind === 'Application';

/** What a child application that is not there yet reports; its parent does not wait for it. */
const isAway = (status: HealthStatus): boolean => status === 'Missing' || status === 'Unknown';

const isLeftOut = (resource: ResourceHealth, self?: { namespace: string; name: string }): boolean => {
  if (resource.annotations?.['argocd.argoproj.io/ignore-healthcheck'] === 'true') return true;
  return isApplication(resource) && resource.name === self?.name && resource.namespace === self?.namespace;
};

/** Names the resource whose health decided, as Argo CD leaves it to the reader to find. */
const blame = (resource: ResourceHealth, health: Health): string =>
  `${resource.kind}/${resource.name}${health.message ? `: ${health.message}` : ''}`;
