import type { Operation, OperationOptions, Target } from './sync-operation.ts';
import { taskCount } from './tasks.ts';

export const DEFAULT_OPTIONS: OperationOptions = {
  prune: false,
  allowEmpty: false,
  strategy: 'hook',
  force: false,
  dryRun: false,
  adopt: false,
};

export interface StartInput {
  id: string;
  /** `delete`: cascade deletion; its targets are what was rendered last, for the hooks, or none. */
  kind?: Operation['kind'];
  generation: number;
  /** ms. */
  now: number;
  /** The commits of the sources, the first one names generated hooks. */
  revisions: readonly string[];
  targets: readonly Target[];
  /** Of the manifests that the targets were made from. */
  targetsDigest: string;
  options: Partial<OperationOptions>;
}

/** A new operation over these targets, with nothing done yet. */
export const startOperation = (input: StartInput): Operation => ({
  id: input.id,
  kind: input.kind ?? 'sync',
  generation: input.generation,
  revisions: input.revisions,
  targetsDigest: input.targetsDigest,
  options: { ...DEFAULT_OPTIONS, ...input.options },
  phase: 'Running',
  message: '',
  startedAt: input.now,
  retryCount: 0,
  attemptStartedAt: input.now,
  stage: 'start',
  states: '-'.repeat(taskCount(input.targets)),
  messages: {},
});

/** Ends an operation early, at its next steps: a hook that runs is deleted, nothing else is undone. */
export const terminate = (operation: Operation): Operation =>
  operation.stage === 'ended' ? operation : { ...operation, phase: 'Terminating' };

/** A hook may be a migration: a newer commit does not end it before it had this long. Longer hangs must not block a fix. */
const HOOK_GRACE_MS = 600_000;

/**
 * Ends an operation for a newer revision, at its next steps; undefined: not now, it is in the middle of a wave or a hook
 * runs. Between steps (not while one's actions run) it is safe where the operation waits or has not begun to apply.
 */
export const supersede = (operation: Operation, now: number): Operation | undefined => {
  const { stage, waiting, waitingSince = now, kind } = operation;
  if (stage === 'ended' || kind === 'delete') return undefined;
  const isHookFresh = waiting === 'hook' && now - waitingSince < HOOK_GRACE_MS;
  if (stage !== 'start' && (waiting === undefined || isHookFresh)) return undefined;
  return { ...operation, phase: 'Terminating', superseded: true };
};
