/*
 * Types of the first, thin engine (next-step.ts). The whole engine's are in sync-operation.ts and actions.ts: prepareTargets in
 * targets.ts, startOperation and supersede in start-operation.ts, nextStep in step.ts, decideSync in autosync.ts.
 */
import type { KubernetesObject, ResourceRef } from '../kubernetes-object.ts';

/** One object that Towline applied for an application: `group/kind/namespace/name` and the object's identity. */
export interface InventoryEntry {
  ref: ResourceRef;
  /** Absent until the object was seen: it is written down before it is applied, so that a crash orphans nothing. */
  uid?: string;
}

export type OperationPhase = 'Running' | 'Succeeded' | 'Failed';

export interface ResourceResult {
  status: 'Synced' | 'SyncFailed' | 'Pruned' | 'PruneSkipped';
  message: string;
}

/** A sync of one generation, as far as it is: plain JSON, stored after every step. */
export interface Operation {
  id: string;
  generation: number;
  phase: OperationPhase;
  message: string;
  startedAt: number;
  finishedAt?: number;
  /** Index of the group of tasks that comes next. */
  next: number;
  /** Since when the wave before `next` is being waited for. */
  waitingSince?: number;
  /** By resource key. */
  results: Record<string, ResourceResult>;
  /** How often this generation was tried again after a failure. */
  retries: number;
}

/** One object as it is to be applied. */
export interface Target {
  key: string;
  ref: ResourceRef;
  object: KubernetesObject;
  wave: number;
  namespaced: boolean;
  /** False for the namespace that CreateNamespace makes: it belongs to nobody and is never pruned. */
  tracked: boolean;
}

export type Action =
  | { type: 'apply'; key: string; object: KubernetesObject }
  | { type: 'read'; key: string; ref: ResourceRef }
  | { type: 'delete'; key: string; ref: ResourceRef; uid: string; resourceVersion: string };

export interface ActionResult {
  key: string;
  type: Action['type'];
  /** Live after the action; undefined where it is not there. */
  object?: KubernetesObject;
  error?: { code: string; message: string };
}
