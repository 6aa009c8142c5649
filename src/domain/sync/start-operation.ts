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

/** A new operation over these targets, with nothing done yet. `now` in ms. */
export const startOperation = (input: {
  id: string;
  kind?: Operation['kind'];
  generation: number;
  now: number;
  revisions: readonly string[];
  targets: readonly Target[];
  targetsDigest: string;
  options: Partial<OperationOptions>;
}): Operation => ({
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
