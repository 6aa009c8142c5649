import type { UsedFacts } from './cluster-row.ts';
import type { CompiledApplication } from './fleet/snapshot.ts';
import type { Trigger } from './fleet/subscriptions.ts';
import type { Health } from './health/health-status.ts';
import type { ResourceRef } from './kubernetes-object.ts';
import type { Lease } from './lease.ts';
import type { Origin } from './origin.ts';
import type { OutcomePhase } from './rollout.ts';
import type { Row } from './row.ts';
import type { SourceRevision } from './source-revision.ts';
import type { InventoryEntry, Operation, OperationOptions } from './sync/sync-operation.ts';

/** A rollout that lost its say over an application before it had come to its end there. */
export interface Displaced {
  rollout: string;
  /** What took its place, in one sentence. */
  message: string;
}

/** What the application must become. A failure before rendering (path missing, bad kustomization) stands in `error`. */
export interface Desired {
  generation: number;
  rollout: string;
  revisions: SourceRevision[];
  /** One render key per source, in the order of the sources; empty where `error` is set. */
  renderKeys: string[];
  reason: string;
  plannedAt: number;
  /** The push that it comes of; absent: no push, but a person or the fleet itself. */
  origin?: Origin;
  /** What its charts read of the cluster; absent: nothing. */
  facts?: UsedFacts;
  error?: { code: string; message: string };
}

/** What was last applied in full. */
export interface Applied {
  generation: number;
  rollout: string;
  revisions: SourceRevision[];
  renderKeys: string[];
  /** Digest of what the keys were rendered to: other keys of the same manifests need no operation. */
  manifests?: string;
  at: number;
}

export interface ResourceState {
  group: string;
  version: string;
  kind: string;
  namespace?: string;
  name: string;
  sync: 'Synced' | 'OutOfSync' | 'Unknown';
  health?: Health;
  message?: string;
  /** Digest of the live object when it was last found as desired (`contentDigest`): still that, it needs no dry run. */
  equal?: string;
  /** When our field manager last changed it, by our own doing (`writtenAt`). */
  written?: string;
  /** In the cluster and in no source any more. */
  prune?: true;
}

/** What the last comparison with the cluster came to; what became of each object is in `ResourceState`. */
export interface Compared {
  at: number;
  /** Of what the live objects were compared with (`desiredDigest`). */
  desired: string;
  /** Seconds until the next one, where the fleet's settings say so. */
  seconds?: number;
  /** Why it could not be compared; absent: it was. */
  error?: string;
  /** Objects of the destination's namespace that no application has, where the project wants to know. */
  orphaned?: { count: number; sample: string[] };
}

/** A dry run that a person asked for, and what it came to: nothing but `requested` until it was made. */
export interface DryRun {
  requested: number;
  options: Partial<OperationOptions>;
  at?: number;
  phase?: Operation['phase'];
  message?: string;
  /** What the cluster refused. */
  failed?: (ResourceRef & { message: string })[];
}

/** One application: what it should be, what it is, and the operation that brings the one to the other. */
export interface ApplicationRow extends Row {
  spec: CompiledApplication;
  desired?: Desired;
  applied?: Applied;
  /** The render key that it waits for: the sparse index `awaiting`. */
  awaiting?: string;
  lease?: Lease;
  /** Counts the leases taken: a writer with a lower fence is late. Never goes down. */
  fence: number;
  operation?: Operation;
  /** What a person has to do before anything is applied; absent: nothing. */
  waiting?: string;
  /** The generation that a person asked to sync; above the desired one: that which a plan is to make. */
  syncRequested?: number;
  /** Options of the sync that was asked for; absent: as the Application says. */
  syncOptions?: Partial<OperationOptions>;
  /** What a person allowed the operation on this generation to delete. */
  approved?: { generation: number; prune?: true; delete?: true };
  dryRun?: DryRun;
  /** The operation that a person terminated. */
  terminated?: string;
  /** The generation that a person stopped: it is not applied unless one asks for it. */
  aborted?: number;
  /** Rolled back to a generation of its history; `instead` is what Git says, set aside until it moves or is resumed. */
  pinned?: { generation: number; at: number; instead: Desired };
  inventory: InventoryEntry[];
  /** What was applied last has hooks that run when the application goes. */
  deletionHooks?: true;
  resources: ResourceState[];
  health: Health;
  sync: 'Synced' | 'OutOfSync' | 'Unknown';
  compared?: Compared;
  /** What subscribers were told of at rest: how often, and when last (ms). */
  alerted?: Partial<Record<Trigger, { count: number; at: number }>>;
  /** When a comparison was last asked for, or is to be made apart from its interval (ms). */
  refresh?: number;
  /** How often a second writer under our name was found since the last sync, and what it wrote. */
  rival?: { count: number; sample: string };
  /** The self-heal that is to be started, or runs: for this generation, the so-manyth in a row. */
  healing?: { generation: number; heals: number; options: Partial<OperationOptions> };
  /** The rollout and the state of the last outcome told, so that one is told once. */
  told?: { rollout: string; phase: OutcomePhase; message?: string; stage?: 'render' | 'health' };
  /** Rollouts that are still to be told that another one decides by now; absent: none. */
  displaced?: Displaced[];
  times: Partial<Record<'planned' | 'rendered' | 'applied' | 'healthy', number>>;
  /** What was applied in full, newest first. */
  history: Applied[];
  /** The ref that it is taken from was deleted: it stays as it is, and people are told so. */
  refGone?: { ref: string; message: string };
  /** Gone from Git: to be deleted (with the resources finalizer) or forgotten. */
  removed?: boolean;
  /** Why somebody has to approve that it goes; absent: it may. */
  removalWaits?: string;
}
