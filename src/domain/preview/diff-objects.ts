import { type Difference, differencesOf } from '../diff/differences.ts';
import { isRecord } from '../health/fields.ts';
import { type KubernetesObject, keyOf, refOf } from '../kubernetes-object.ts';
import { oneLine } from '../report/cut-text.ts';
import type { ResourceChange } from './preview-view.ts';
import { risksOf } from './risks.ts';
import { isSecret, secretLines } from './secret-lines.ts';

const MAX_VALUE = 200;
const MAX_LINES = 400;

/** What both sides of a change come to; absent: it is not there. */
export interface Sides {
  before?: KubernetesObject | undefined;
  after?: KubernetesObject | undefined;
}

/**
 * What becomes of every object that is not the same in both renders, by kind and name. Desired against desired: a
 * cluster is not asked.
 */
export const diffObjects = (
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
): ResourceChange[] => {
  const known = new Map(before.map((object) => [keyOf(object), object]));
  const now = new Map(after.map((object) => [keyOf(object), object]));
  const keys = [...new Set([...known.keys(), ...now.keys()])].toSorted();
  return keys.flatMap((key) => changeOf({ before: known.get(key), after: now.get(key) }) ?? []);
};

const changeOf = (sides: Sides): ResourceChange | undefined => {
  const object = sides.after ?? sides.before;
  if (!object) return undefined;
  const change = !sides.before ? 'added' : sides.after ? 'changed' : 'removed';
  const differences = differencesOf(sides.after, sides.before);
  if (differences.length === 0) return undefined;
  const lines = isSecret(object) ? secretLines(sides) : linesOf(sides, differences);
  // The same values written in another way.
  if (isSecret(object) && lines.length === 0) return undefined;
  return {
    change,
    resource: nameOf(object),
    lines: lines.slice(0, MAX_LINES),
    risks: risksOf(sides, differences),
  };
};

/** `apps/Deployment web/web`; without a namespace where the object names none, so that it is the same wherever it goes. */
const nameOf = (object: KubernetesObject): string => {
  const { group, kind, name, namespace } = refOf(object);
  return oneLine(`${group === '' ? '' : `${group}/`}${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`);
};

const linesOf = ({ before, after }: Sides, differences: readonly Difference[]): string[] => {
  if (!before) return leaves(after).map((line) => `+ ${line}`);
  if (!after) return [];
  return differences.flatMap(({ path, live, desired }) => [
    ...(live === undefined ? [] : [`- ${path}: ${shown(live)}`]),
    ...(desired === undefined ? [] : [`+ ${path}: ${shown(desired)}`]),
  ]);
};

/** Every value of a new object by its path. */
const leaves = (object: KubernetesObject | undefined): string[] => {
  const { apiVersion: _version, kind: _kind, ...content } = object ?? {};
  return leavesOf(content).map(({ path, desired }) => `${path}: ${shown(desired)}`);
};

/** The differences from an object that has nothing: down to the innermost values. */
const leavesOf = (value: unknown, path = ''): Difference[] => {
  const differences = differencesOf(value, isRecord(value) ? {} : [], path);
  return differences.flatMap((one) => {
    const isNested = isRecord(one.desired) || Array.isArray(one.desired);
    return isNested && one.path !== path ? leavesOf(one.desired, one.path) : [one];
  });
};

const shown = (value: unknown): string => {
  const text = oneLine(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}… (${text.length} characters)` : text;
};
