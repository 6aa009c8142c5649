import { stableText } from '../../../stable-digest.ts';
import type { MergeGenerator, Params } from '../application-set.ts';
import type { GeneratorContext } from '../context.ts';
import { overlay } from '../merge-values.ts';
import { setError } from '../render.ts';
import type { GenerateChild } from './matrix.ts';

/** The sets of the first child, each with what later children say for the same merge keys laid over it. */
export const generateMerge = (
  { generators, mergeKeys = [] }: MergeGenerator,
  context: GeneratorContext,
  generateChild: GenerateChild,
): Params[] => {
  if (generators.length < 2) throw setError('found less than two generators, Merge requires two or more');
  const [base = [], ...overrides] = generators.map((generator) => generateChild(generator, context, {}));
  const merged = paramsByKey(mergeKeys, base);
  for (const override of overrides) {
    for (const [key, params] of paramsByKey(mergeKeys, override)) {
      const known = merged.get(key);
      if (known) merged.set(key, context.set.goTemplate ? overlay(known, params) : { ...known, ...params });
    }
  }
  return [...merged.values()];
};

/**
 * Param sets by what they say for the merge keys (as JSON). Errors: AppError `application-set-invalid` without keys, and
 * where two sets say the same.
 */
export const paramsByKey = (mergeKeys: readonly string[], paramSets: readonly Params[]): Map<string, Params> => {
  if (mergeKeys.length === 0) throw setError('no merge keys were specified, Merge requires at least one');
  const byKey = new Map<string, Params>();
  for (const params of paramSets) {
    const key = stableText(Object.fromEntries(mergeKeys.map((name) => [name, valueAt(params, name)])));
    if (byKey.has(key)) {
      const rule = 'Merge requires all param sets to be unique';
      throw setError(
        `the parameters from a generator were not unique by the given mergeKeys, ${rule}. Duplicate key was ${key}`,
      );
    }
    byKey.set(key, params);
  }
  return byKey;
};

const valueAt = (params: Params, name: string): unknown => (Object.hasOwn(params, name) ? params[name] : null);
