import type { Application } from '../fleet/application.ts';
import type { Health } from '../health/health-status.ts';
import type { KubernetesObject, ResourceRef } from '../kubernetes-object.ts';
import type { ArgoSettings } from '../settings/argo-settings.ts';
import type { Action, ActionResult } from './actions.ts';
import type { ResourceSelector } from './selection.ts';

/** When an object is applied; in the order in which they run, `SyncFail` only after a failure. */
export type SyncPhase = 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail' | 'PreDelete' | 'PostDelete';

/** Argo CD's phases of an operation. Terminal: Succeeded, Failed, Error (could not be carried out: the cluster's fault). */
export type OperationPhase = 'Running' | 'Terminating' | 'Succeeded' | 'Failed' | 'Error';

/** What an application is made of in its cluster: written down before it is applied, so that a crash orphans nothing. */
export interface InventoryEntry {
  ref: ResourceRef;
  /** Absent until the object was seen. */
  uid?: string;
  /** A hook: never pruned, deleted with the application. */
  hook?: true;
}

/** What of an application the engine reads. */
export type SyncedApplication = Pick<
  Application,
  'name' | 'namespace' | 'annotations' | 'finalizers' | 'destination' | 'syncPolicy'
>;

/** How an application's objects are marked as its own. */
export type TrackingSettings = Pick<ArgoSettings, 'trackingMethod' | 'instanceLabelKey' | 'installationID'>;

/** How one object is synced: Argo CD's sync options, the resource's annotation over the application's list. */
export interface ResourceOptions {
  validate: boolean;
  skipDryRunOnMissingResource: boolean;
  prune: 'yes' | 'no' | 'confirm';
  pruneLast: boolean;
  delete: 'yes' | 'no' | 'confirm';
  replace: boolean;
  force: boolean;
  serverSideApply: boolean;
}

/** One object as it is to be applied, once for each of its phases. */
export interface Target {
  /** `resourceKey` of `ref`; of a hook without a name, its name is made by the operation. */
  key: string;
  ref: ResourceRef;
  /** With namespace and tracking id, ready to be sent. */
  object: KubernetesObject;
  phases: readonly SyncPhase[];
  hook: boolean;
  wave: number;
  namespaced: boolean;
  /** False for the namespace that CreateNamespace makes: it belongs to nobody and is never pruned. */
  tracked: boolean;
  /** Its kind is not served yet: its definition is among the targets, or is still to come from elsewhere. */
  kind: 'served' | 'defined-here' | 'unknown';
  options: ResourceOptions;
}

export interface SyncProblem {
  severity: 'error' | 'warning';
  /** Stable, kebab-case: `repeated-resource`, `unnamed-resource`, `unknown-hook`, `malformed-object`. */
  code: string;
  message: string;
}

/** What an operation was asked to do; fixed when it starts. */
export interface OperationOptions {
  prune: boolean;
  allowEmpty: boolean;
  /** Only these objects, and no hooks (selective sync, self-heal); absent: all. */
  resources?: readonly ResourceSelector[];
  /** `apply` runs no hooks. */
  strategy: 'hook' | 'apply';
  /** Delete and recreate what cannot be changed in place. */
  force: boolean;
  dryRun: boolean;
  retry?: { limit: number; refresh?: boolean; backoff?: { duration?: string; factor?: number; maxDuration?: string } };
  /** Take objects that another application tracks. */
  adopt: boolean;
}

/** What a person has to allow before the operation deletes it. */
export interface Approval {
  /** `mass-prune`: more than the limit, left in place; the others hold the operation up until they are confirmed. */
  reason: 'mass-prune' | 'prune-confirm' | 'delete-confirm';
  count: number;
  /** Of how many objects of the application. */
  of: number;
  /** The first few resource keys. */
  sample: string[];
}

/**
 * A sync (or cascade deletion) of one application as far as it is: plain JSON, stored between steps, and small: one
 * character per task, text only where something is to be said.
 */
export interface Operation {
  id: string;
  kind: 'sync' | 'delete';
  /** The desired generation it brings about. */
  generation: number;
  revisions: readonly string[];
  /** What its objects were rendered under, so that it can be taken up after the application moved on. */
  renderKeys?: readonly string[];
  /** Of the targets that `states` counts; other targets need another operation. */
  targetsDigest: string;
  options: OperationOptions;
  /** How many self-heals in a row this is; absent: it is none. */
  heals?: number;
  phase: OperationPhase;
  message: string;
  startedAt: number;
  finishedAt?: number;
  /** Attempts after the first; `retryAt` is set while the next one is waited for. */
  retryCount: number;
  retryAt?: number;
  attemptStartedAt: number;
  /** How the first attempt failed, where another was or is to be made. */
  firstFailure?: string;
  /** Where it is. */
  stage: OperationStage;
  syncPhase?: SyncPhase;
  wave?: number;
  /** When the last wave's last action was answered: the delay between waves counts from it. */
  waveAt?: number;
  /** What it waits for; absent while it acts. */
  waiting?: WaitReason;
  /** Since when the same thing is waited for: polls get slower with it. */
  waitingSince?: number;
  /** Steps in a row that a transient error held up. */
  stumbles?: number;
  /** Writes since the last one that succeeded which found their object changed under our hands. */
  lostRaces?: number;
  /** The namespace that CreateNamespace makes was found missing: look for it, whatever the inventory says. */
  ensureNamespace?: true;
  /** One letter per task (target × phase, in the order of the targets): see `TaskState`. */
  states: string;
  /** By task index, or by resource key for prunes: why it failed, is waited for or was skipped. */
  messages: Record<string, string>;
  /** What is to be pruned, by resource key: `<state letter><wave>`; fixed once planned. */
  prunes?: Record<string, string>;
  approval?: Approval;
  /** How it will end once failure hooks have run and hooks are cleaned up. */
  ending?: {
    phase: 'Succeeded' | 'Failed' | 'Error';
    message: string;
    /** Trying again would change nothing: no retry. */
    final?: true;
    superseded?: true;
  };
  /** Ended because a newer revision came. */
  superseded?: true;
}

/**
 * `start`: look, check and dry-run; `namespace`: made; `waves`: apply and prune; `failing`: SyncFail hooks; `cleanup`: finalizers and delete
 * policies of hooks; `ended`. A deletion goes `start`, `pre-delete`, `deleting`, `post-delete`, `cleanup`, `ended`.
 */
export type OperationStage =
  | 'start'
  | 'namespace'
  | 'waves'
  | 'failing'
  | 'cleanup'
  | 'pre-delete'
  | 'deleting'
  | 'post-delete'
  | 'ended';

export type WaitReason = 'health' | 'hook' | 'wave-delay' | 'deletion' | 'retry' | 'approval' | 'kind' | 'cluster';

export interface StepInput {
  operation: Operation;
  application: SyncedApplication;
  settings: TrackingSettings;
  targets: readonly Target[];
  inventory: readonly InventoryEntry[];
  /**
   * What was seen since the operation last waited, by resource key; a key with `undefined`: seen not to be there. Kept with
   * `observe`; begun anew, empty, after every wait.
   */
  live: ReadonlyMap<string, KubernetesObject | undefined>;
  /** Of the actions that the step before asked for; empty after a wait and in a new run. */
  results: readonly ActionResult[];
  healthOf: (object: KubernetesObject) => Health | undefined;
  /** Why the project refuses this object; undefined: it permits it. */
  permitted: (ref: ResourceRef, namespaced: boolean) => string | undefined;
  /** Keys found out of sync, for ApplyOutOfSyncOnly; absent: not compared, so everything is applied. */
  outOfSync?: ReadonlySet<string>;
  /** For RespectIgnoreDifferences: the target with the live values of ignored fields. */
  withIgnoredFields?: (target: KubernetesObject, live: KubernetesObject) => KubernetesObject;
  /** What a person allowed. */
  approved?: { prune?: boolean; delete?: boolean };
  /** Seconds between two waves; Argo CD's 2 where absent. */
  waveDelaySeconds?: number;
  now: number;
}

export interface Step {
  operation: Operation;
  actions: Action[];
  /** Store operation and inventory before the actions are run: they cannot be told from older ones afterwards. */
  storeFirst: boolean;
  /** The inventory where it changed; to be stored together with the operation. */
  inventory?: InventoryEntry[];
  /**
   * Call again with no results after so many seconds (may be a fraction). `refresh`: resolve the revision again first. After
   * the reason `kind` read discovery anew and prepare the targets again: a kind's scope is known only then.
   */
  wait?: { seconds: number; reason: WaitReason; message: string; refresh?: true };
  done: boolean;
}

/** One object's outcome, as Argo CD's syncResult shows it. */
export interface ResourceResult {
  key: string;
  ref: ResourceRef;
  syncPhase: SyncPhase;
  status?: 'Synced' | 'SyncFailed' | 'Pruned' | 'PruneSkipped';
  hookPhase?: 'Running' | 'Succeeded' | 'Failed';
  message: string;
}
