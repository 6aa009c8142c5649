import type { ResourceRef } from '../kubernetes-object.ts';
import type { OperationOptions, OperationPhase, SyncedApplication } from './sync-operation.ts';

/** One object that is not as Git has it. */
export interface OutOfSyncResource {
  ref: Pick<ResourceRef, 'group' | 'kind' | 'namespace' | 'name'>;
  /** In the cluster only: bringing it in sync means pruning it. */
  requiresPruning: boolean;
}

export interface DecideInput {
  application: Pick<SyncedApplication, 'syncPolicy'>;
  /** What would be applied: a digest of the sources' revisions and of the application's sources. One attempt is made at each. */
  attempt: string;
  sync: 'Synced' | 'OutOfSync' | 'Unknown';
  /** Where it was compared. */
  outOfSync: readonly OutOfSyncResource[];
  /** How many objects the application has, those to be pruned included. */
  resources: number;
  last?: LastAttempt;
  /** A person asked for a sync. */
  requested?: Partial<OperationOptions>;
  /** ms. */
  now: number;
}

/** The operation before. */
export interface LastAttempt {
  attempt: string;
  phase: OperationPhase;
  finishedAt?: number;
  /** Self-heals in a row. */
  heals?: number;
}

export type SyncDecision =
  | { action: 'start'; because: 'requested' | 'new-revision'; options: Partial<OperationOptions> }
  /** `heals`: to be kept for the next decision. */
  | { action: 'start'; because: 'self-heal'; options: Partial<OperationOptions>; heals: number }
  /** There is nothing to do (any more). */
  | { action: 'none'; reason: string }
  /** Only a person can go on. */
  | { action: 'person'; reason: string }
  | { action: 'later'; seconds: number; reason: string };

/** What an automated sync does where the Application says nothing. */
const AUTOMATED_RETRY = { limit: 5 };

/**
 * Whether an operation is to start now. Automated sync: only where something is out of sync, once per attempt whatever came
 * of it, then self-heal (of the objects out of sync alone, so without hooks) with a growing pause; never where every object
 * would go. Source: Argo CD docs, Automated Sync Policy.
 */
export const decideSync = (input: DecideInput): SyncDecision => {
  const { application, last, requested, sync } = input;
  const { automated, retry } = application.syncPolicy;
  if (last?.phase === 'Running' || last?.phase === 'Terminating')
    return { action: 'none', reason: 'another operation is in progress' };
  if (requested) {
    const options = { ...(retry ? { retry } : {}), ...requested };
    return { action: 'start', because: 'requested', options };
  }
  if (sync === 'Synced') return { action: 'none', reason: 'it is in sync' };
  if (!automated?.enabled) return { action: 'person', reason: 'manual sync: automated sync is off' };
  return refusal(input, automated) ?? begin(input, automated);
};

type Automated = NonNullable<SyncedApplication['syncPolicy']['automated']>;

const refusal = ({ outOfSync, resources }: DecideInput, { prune, allowEmpty }: Automated): SyncDecision | undefined => {
  const toPrune = outOfSync.filter(({ requiresPruning }) => requiresPruning).length;
  if (toPrune === 0 || toPrune < outOfSync.length) return undefined;
  if (!prune) return { action: 'person', reason: `${toPrune} objects need pruning, and automated prune is off` };
  if (toPrune >= resources && !allowEmpty)
    return { action: 'person', reason: 'every object would be pruned: allowEmpty is off' };
  return undefined;
};

const begin = (input: DecideInput, { prune, allowEmpty, selfHeal }: Automated): SyncDecision => {
  const { application, attempt, last } = input;
  const options = { prune, allowEmpty, retry: application.syncPolicy.retry ?? AUTOMATED_RETRY };
  if (last?.attempt !== attempt) return { action: 'start', because: 'new-revision', options };
  if (last.phase !== 'Succeeded')
    return { action: 'person', reason: 'the last sync to this revision failed: it is not tried again by itself' };
  if (!selfHeal) return { action: 'none', reason: 'this revision was synced, and self-heal is off' };
  const heals = healsSoFar(last, input.now);
  const wait = (last.finishedAt ?? 0) + healPause(heals) - input.now;
  if (wait > 0) return { action: 'later', seconds: wait / 1000, reason: 'self-heal pauses' };
  const resources = input.outOfSync.filter(({ requiresPruning }) => prune || !requiresPruning).map(({ ref }) => ref);
  const selected = resources.length > 0 ? { resources } : {};
  return { action: 'start', because: 'self-heal', options: { ...options, ...selected }, heals: heals + 1 };
};

const PAUSE_MS = 2000;
const PAUSE_FACTOR = 3;
const PAUSE_MOST_MS = 300_000;

/** 2 s × 3ⁿ, at most 5 minutes. */
const healPause = (heals: number): number => Math.min(PAUSE_MOST_MS, PAUSE_MS * PAUSE_FACTOR ** heals);

/** After a quiet time longer than the longest pause the count begins anew. */
const healsSoFar = ({ heals = 0, finishedAt = 0 }: LastAttempt, now: number): number =>
  now - finishedAt > PAUSE_MOST_MS ? 0 : heals;
