import type { ResourceIgnoreDifferences } from '../fleet/application.ts';
import { isRecord } from '../health/fields.ts';
import type { KubernetesObject, ResourceRef } from '../kubernetes-object.ts';
import type { IgnoreRules, ResourceOverride } from '../settings/argo-settings.ts';
import { matchGlob } from '../settings/glob.ts';
import { copyOf } from './json.ts';

/**
 * Deletes what jq path expressions select from an object (`del(…)`), one after another. An expression that fails on this
 * object, or makes more or less than one answer, changes nothing. Errors: AppError `jq-invalid`, `jq-timeout`
 * (permanent), naming the expression. Implemented in adapters/jq.
 */
export type DeleteJqPaths = (object: KubernetesObject, expressions: readonly string[]) => Promise<KubernetesObject>;

type Target = Pick<ResourceRef, 'group' | 'kind' | 'name' | 'namespace'>;

const isForApplication = (rule: ResourceIgnoreDifferences, target: Target): boolean =>
  matchGlob(rule.group ?? '', target.group) &&
  matchGlob(rule.kind, target.kind) &&
  (!rule.name || rule.name === target.name) &&
  (!rule.namespace || rule.namespace === (target.namespace ?? ''));

/** `group/Kind`, each part a glob; a name alone is a kind of the core group. */
const isForKind = (groupKind: string, target: Target): boolean => {
  const slash = groupKind.indexOf('/');
  const [group, kind] = slash < 0 ? ['', groupKind] : [groupKind.slice(0, slash), groupKind.slice(slash + 1)];
  return matchGlob(group, target.group) && matchGlob(kind, target.kind);
};

const join = (all: readonly Partial<IgnoreRules>[]): IgnoreRules => ({
  jsonPointers: all.flatMap((rules) => rules.jsonPointers ?? []),
  jqPathExpressions: all.flatMap((rules) => rules.jqPathExpressions ?? []),
  managedFieldsManagers: all.flatMap((rules) => rules.managedFieldsManagers ?? []),
});

/**
 * What of a resource is not compared: the settings' rules for its kind (globs of group and kind), then the application's
 * (globs of group and kind, exact name and namespace where given). Undefined: nothing is ignored.
 */
export const ignoreRulesFor = (
  target: Target,
  application: readonly ResourceIgnoreDifferences[],
  overrides: readonly Pick<ResourceOverride, 'groupKind' | 'ignoreDifferences'>[] = [],
): IgnoreRules | undefined => {
  const rules = join([
    ...overrides.filter(({ groupKind }) => isForKind(groupKind, target)).map((one) => one.ignoreDifferences),
    ...application.filter((rule) => isForApplication(rule, target)),
  ]);
  return Object.values(rules).some((list) => list.length > 0) ? rules : undefined;
};

const unescape = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** Removes what a JSON pointer (RFC 6901) names, in place; nothing where there is nothing. */
const removePointer = (object: unknown, pointer: string): void => {
  const parts = pointer.split('/').slice(1).map(unescape);
  const last = parts.pop();
  let here = object;
  for (const part of parts) here = childOf(here, part);
  if (last === undefined) return;
  const index = Array.isArray(here) ? indexOf(here, last) : undefined;
  if (Array.isArray(here) && index !== undefined) here.splice(index, 1);
  else if (isRecord(here)) delete here[last];
};

/** A place in a list; from its end where negative, as in Argo CD. Undefined: there is none. */
const indexOf = (list: readonly unknown[], part: string): number | undefined => {
  if (!/^-?\d+$/.test(part)) return undefined;
  const index = part.startsWith('-') ? list.length + Number(part) : Number(part);
  return index >= 0 && index < list.length ? index : undefined;
};

const childOf = (value: unknown, part: string): unknown => {
  if (Array.isArray(value)) return value[indexOf(value, part) ?? -1];
  return isRecord(value) ? value[part] : undefined;
};

/** A copy of the object without what JSON pointers name. */
export const withoutPointers = (object: KubernetesObject, pointers: readonly string[]): KubernetesObject => {
  const copy = copyOf(object);
  for (const pointer of pointers) removePointer(copy, pointer);
  return copy;
};

/** A copy of the object without what JSON pointers and jq path expressions name. Errors: those of DeleteJqPaths. */
export const withoutIgnored = async (
  object: KubernetesObject,
  rules: Pick<IgnoreRules, 'jsonPointers' | 'jqPathExpressions'>,
  deleteJqPaths: DeleteJqPaths,
): Promise<KubernetesObject> => {
  const copy = withoutPointers(object, rules.jsonPointers);
  return rules.jqPathExpressions.length > 0 ? deleteJqPaths(copy, rules.jqPathExpressions) : copy;
};
