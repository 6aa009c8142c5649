import { permitsObject } from '../../domain/fleet/project-rules.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import { isRegisteredKind, undeliverable } from '../../domain/registry/registration-row.ts';
import { startOperation } from '../../domain/sync/start-operation.ts';
import type { Operation, OperationOptions } from '../../domain/sync/sync-operation.ts';
import { applied } from './applied.ts';
import type { SyncDeps } from './deps.ts';
import type { Advance, Look } from './look.ts';
import { type Prepared, prepareRun } from './prepare-run.ts';
import { runSteps } from './run-steps.ts';

export interface OperationInput extends Look {
  objects: readonly KubernetesObject[];
  /** What an operation that is begun here is to do. */
  options: Partial<OperationOptions>;
}

/** Starts the operation on the desired generation, or takes it up where an earlier worker left it, and runs it on. */
export const runOperation = async (deps: SyncDeps, input: OperationInput): Promise<Advance> => {
  const prepared = await prepareRun(deps, input, input.objects);
  const operation = currentOperation(deps, input, prepared);
  const malformed = prepared.problems.find(({ severity }) => severity === 'error');
  const refused = malformed?.message ?? refusals(input, prepared);
  if (refused) return failed(deps, operation, refused);
  if (input.observe) return observed(deps, operation);
  const ran = await runSteps(deps, input, prepared, operation);
  return 'ended' in ran ? applied(deps, ran.ended) : ran.advance;
};

const currentOperation = (
  deps: SyncDeps,
  { row, adopt, options }: OperationInput,
  { targets, targetsDigest }: Prepared,
): Operation => {
  const { desired, operation, healing } = row;
  const generation = desired?.generation ?? 0;
  if (isContinued(operation, generation, targetsDigest)) return operation;
  const renderKeys = desired?.renderKeys ?? [];
  const started = startOperation({
    id: deps.newId(),
    generation,
    now: deps.clock(),
    revisions: desired?.revisions.map(({ commit }) => commit) ?? [],
    targets,
    targetsDigest,
    options: { adopt, ...options },
  });
  const heals = healing?.generation === generation ? { heals: healing.heals } : {};
  return { ...started, renderKeys, ...heals };
};

/** Settings may have changed what an operation's states count; one that an older version began has none to tell by. */
const isContinued = (
  operation: Operation | undefined,
  generation: number,
  targetsDigest: string,
): operation is Operation => {
  if (operation?.generation !== generation || operation.stage === 'ended' || operation.kind === 'delete') return false;
  return operation.renderKeys === undefined || operation.targetsDigest === targetsDigest;
};

/** The project's rules on what was really rendered, whatever was registered. */
const refusals = ({ project, cluster, row }: OperationInput, { targets }: Prepared): string | undefined => {
  if (!project) return `there is no AppProject "${row.spec.project}"`;
  for (const { ref, namespaced, tracked, phases } of targets) {
    const isServed =
      cluster.access.type !== 'control-plane' || phases.length === 0 || !tracked || isRegisteredKind(ref);
    if (!isServed) return undeliverable(ref);
    const refused = tracked ? permitsObject(project, row.spec, cluster, ref, namespaced) : undefined;
    if (refused) return refused.message;
  }
  return undefined;
};

const failed = (deps: SyncDeps, operation: Operation, message: string): Advance => ({
  change: {
    operation: { ...operation, phase: 'Failed', stage: 'ended', message, finishedAt: deps.clock() },
    sync: 'OutOfSync',
  },
  clear: ['awaiting', 'waiting', 'healing'],
});

const observed = (deps: SyncDeps, operation: Operation): Advance => ({
  change: {
    operation: { ...operation, phase: 'Succeeded', stage: 'ended', message: 'observe mode', finishedAt: deps.clock() },
    waiting: 'observe mode: nothing is applied',
    sync: 'OutOfSync',
  },
  clear: ['awaiting'],
});
