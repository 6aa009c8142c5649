import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { annotationOptionValue, hasAnnotationOption } from '../../../../src/domain/sync/annotations.ts';
import {
  type HookDeletePolicy,
  hasHookDeletePolicy,
  hookDeletePolicies,
  hookTypes,
  isHook,
  isIgnored,
  isSkipped,
  parseHookDeletePolicy,
  parseHookType,
  phasesOf,
  waveOf,
} from '../../../../src/domain/sync/hooks.ts';
import { kindRank } from '../../../../src/domain/sync/kind-order.ts';
import type { SyncPhase } from '../../../../src/domain/sync/sync-operation.ts';
import { SYNC_OPTIONS } from '../../../../src/domain/sync/sync-options.ts';
import { orderTasks, pruneWaves, sortTasks } from '../../../../src/domain/sync/task-order.ts';

const FILE = '../shared/corpus/sync-waves/cases.jsonl';
const present = existsSync(FILE);

interface TaskInput {
  phase?: SyncPhase;
  targetObj?: KubernetesObject;
  liveObj?: KubernetesObject;
  operationState?: string;
}

interface Input {
  object: KubernetesObject;
  task: TaskInput;
  tasks: TaskInput[];
  target: (KubernetesObject | null)[];
  live: (KubernetesObject | null)[];
  pruneLast: boolean;
  dependenciesFirst: boolean;
  kind: string;
  name: string;
  key: string;
  value: string;
  option: string;
  policy: HookDeletePolicy;
}

interface Case {
  id: string;
  fn: string;
  input: Input;
  expect: Record<string, unknown>;
}

const cases = (present ? readFileSync(FILE, 'utf8') : '')
  .split('\n')
  .filter(Boolean)
  .map((line): Case => JSON.parse(line));

const EMPTY: KubernetesObject = { apiVersion: '', kind: '', metadata: {} };
const objectOf = ({ targetObj, liveObj }: TaskInput): KubernetesObject => targetObj ?? liveObj ?? EMPTY;

const toTasks = (tasks: TaskInput[]) =>
  tasks.map((task, index) => ({
    index,
    phase: task.phase ?? ('Sync' as const),
    wave: waveOf(objectOf(task)),
    object: objectOf(task),
  }));

const wavesOf = ({ target, live, pruneLast }: Input): Record<string, number> => {
  const name = (object: KubernetesObject | null | undefined) => object?.metadata.name ?? '';
  const applied = target.flatMap((object) => (object ? [[name(object), waveOf(object)] as const] : []));
  const gone = live.filter((object, index) => object && !target[index]).map((object) => object ?? EMPTY);
  const waves = pruneWaves(
    gone.map((object) => ({
      wave: waveOf(object),
      last: pruneLast || hasAnnotationOption(object, SYNC_OPTIONS, 'PruneLast=true'),
    })),
    applied.map(([, wave]) => wave),
  );
  return Object.fromEntries([...applied, ...gone.map((object, index) => [name(object), waves[index] ?? 0] as const)]);
};

const sort = ({ tasks, dependenciesFirst }: Input) => {
  const given = toTasks(tasks);
  const sorted = dependenciesFirst ? orderTasks(given) : sortTasks(given);
  const moved = sorted.filter(({ index, phase, wave }) => phase !== given[index]?.phase || wave !== given[index]?.wave);
  return {
    order: sorted.map(({ index }) => index),
    becomes: Object.fromEntries(moved.map(({ index, phase, wave }) => [index, { phase, wave }])),
  };
};

const hasPolicy = (task: TaskInput, policy: HookDeletePolicy) => hasHookDeletePolicy(objectOf(task), policy);

const run: Record<string, (input: Input) => Record<string, unknown>> = {
  sort,
  kindOrder: ({ kind }) => ({ order: kindRank(kind) - 35 }),
  lastWave: ({ tasks }) => ({ lastWave: sortTasks(toTasks(tasks)).at(-1)?.wave ?? 0 }),
  multiStep: ({ tasks }) => {
    const sorted = sortTasks(toTasks(tasks));
    const [first, last] = [sorted[0], sorted.at(-1)];
    return { multiStep: first?.wave !== last?.wave || first?.phase !== last?.phase };
  },
  hookType: ({ task }) => ({ hookType: isHook(objectOf(task)) ? task.phase : '' }),
  hasHookDeletePolicy: ({ task, policy }) => ({ has: hasPolicy(task, policy) }),
  deleteBeforeCreation: ({ task }) => ({
    delete: task.liveObj !== undefined && !task.operationState && hasPolicy(task, 'BeforeHookCreation'),
  }),
  deleteOnPhaseCompletion: ({ task }) => ({
    delete:
      task.liveObj !== undefined &&
      ((task.operationState === 'Succeeded' && hasPolicy(task, 'HookSucceeded')) ||
        (task.operationState === 'Failed' && hasPolicy(task, 'HookFailed'))),
  }),
  pruneWaves: (input) => ({ waves: wavesOf(input) }),
  syncPhases: ({ object }) => ({ phases: phasesOf(object) }),
  isHook: ({ object, task }) => ({ isHook: isHook(task ? objectOf(task) : object) }),
  skip: ({ object }) => ({ skip: isSkipped(object) }),
  types: ({ object }) => ({ types: hookTypes(object) }),
  ignore: ({ object }) => ({ ignore: isIgnored(object) }),
  wave: ({ object, task }) => ({ wave: waveOf(object ?? objectOf(task)) }),
  deletePolicies: ({ object }) => ({ policies: hookDeletePolicies(object) }),
  newHookType: ({ name }) => ({ ok: parseHookType(name) !== undefined, hookType: parseHookType(name) }),
  newHookDeletePolicy: ({ name }) => ({
    ok: parseHookDeletePolicy(name) !== undefined,
    policy: parseHookDeletePolicy(name),
  }),
  hasAnnotationOption: ({ object, key, value }) => ({ has: hasAnnotationOption(object, key, value) }),
  getAnnotationOptionValue: ({ object, key, option }) => ({ value: annotationOptionValue(object, key, option) }),
};

const isMissing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

const check = (actual: unknown, wanted: unknown, anyOrder: boolean): void => {
  if (isMissing(wanted)) return expect(isMissing(actual)).toBe(true);
  if (typeof wanted === 'object' && wanted !== null && 'notNull' in wanted)
    return expect(actual !== undefined).toBe(wanted.notNull);
  if (anyOrder && Array.isArray(wanted) && Array.isArray(actual))
    return expect([...actual].toSorted()).toEqual([...wanted].toSorted());
  expect(actual).toEqual(wanted);
};

describe.skipIf(!present)(`sync order, hooks and options (${FILE})`, () => {
  it.each(cases)('$fn $id', ({ fn, input, expect: expected }) => {
    const serve = run[fn];
    if (!serve) throw new Error(`no such fn: ${fn}`);
    const result = serve(input);
    const { anyOrder, fields, ...wanted } = expected;
    for (const [name, value] of Object.entries(wanted)) check(result[name], value, anyOrder === true);
    for (const { of, value } of (fields ?? []) as { of: string; value: unknown }[]) check(result[of], value, false);
  });
});
