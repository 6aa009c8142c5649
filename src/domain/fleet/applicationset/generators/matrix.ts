import type { Generator, MatrixGenerator, Params } from '../application-set.ts';
import type { GeneratorContext } from '../context.ts';
import { goText } from '../go-text.ts';
import { overlay } from '../merge-values.ts';
import { setError } from '../render.ts';

/** Makes the params of one child; `outer` are those of the child before, for its placeholders. */
export type GenerateChild = (generator: Generator, context: GeneratorContext, outer: Params) => Params[];

/**
 * Every set of the first child with every set that the second makes for it. Where both have a param, the first counts with
 * Go templates; without, they have to agree.
 */
export const generateMatrix = (
  { generators }: MatrixGenerator,
  context: GeneratorContext,
  generateChild: GenerateChild,
): Params[] => {
  const [first, second, third] = generators;
  if (!first || !second) throw setError('found less than two generators, Matrix support only two');
  if (third) throw setError('found more than two generators, Matrix support only two');
  const combine = context.set.goTemplate ? (a: Params, b: Params) => overlay(b, a) : combineTexts;
  return generateChild(first, context, {}).flatMap((outer) =>
    generateChild(second, context, outer).map((inner) => combine(outer, inner)),
  );
};

/** Both maps in one. Errors: AppError `application-set-invalid` where they say different things. */
export const combineTexts = (left: Params, right: Params): Params => {
  for (const [key, value] of Object.entries(left)) {
    const other = right[key];
    if (other !== undefined && goText(other) !== goText(value)) {
      throw setError(`found duplicate key ${key} with different value, a: ${goText(value)} ,b: ${goText(other)}`);
    }
  }
  return { ...left, ...right };
};
