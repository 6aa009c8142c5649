import { type Generator, type GeneratorKind, kindsOf, type Params, type Template } from './application-set.ts';
import type { GeneratorContext } from './context.ts';
import { generateClusters } from './generators/clusters.ts';
import { generateGit } from './generators/git.ts';
import { generateList } from './generators/list.ts';
import { generateMatrix } from './generators/matrix.ts';
import { generateMerge } from './generators/merge.ts';
import { generateFromPlugin } from './generators/plugin.ts';
import { generatePullRequests } from './generators/pull-request.ts';
import { generateScmRepositories } from './generators/scm-provider.ts';
import { flatten, goText } from './go-text.ts';
import { matchesSelector } from './label-selector.ts';
import { renderDeep, renderIfKnown, setError } from './render.ts';

/** What one generator made: its params, and the part of the template that it brings. */
export interface Generated {
  params: Params[];
  template: Template;
}

/**
 * Runs one item of `spec.generators`: each generator in it, then its selector over the params.
 * Errors: AppError `application-set-invalid`.
 */
export const generateParams = (generator: Generator, context: GeneratorContext): Generated[] => {
  const kinds = kindsOf(generator);
  if (kinds.length === 0) throw setError('a generator names no known kind (list, clusters, git, matrix, merge, …)');
  return kinds.map((kind) => ({
    params: runKind(kind, generator, context).filter((params) => isSelected(generator, params)),
    template: templateOf(generator[kind]),
  }));
};

const templateOf = (body: { template?: unknown } | undefined): Template => {
  const template = body?.template;
  return isRecord(template) ? template : {};
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A child of matrix or merge: exactly one generator, with the placeholders that the child before it has filled in. */
const generateChild = (given: Generator, context: GeneratorContext, outer: Params): Params[] => {
  const kinds = kindsOf(given);
  const [kind] = kinds;
  if (!kind) throw setError('child generator generated no parameters: it names no known kind');
  if (kinds.length > 1) throw setError('found more than one generator in matrix.Generators');
  const generator = interpolateGenerator(given, outer, context);
  return runKind(kind, generator, context).filter((params) => isSelected(given, params));
};

/**
 * Fills a generator's placeholders from the params of the child before it. Its own `values` may also name what the
 * generator itself will make: those stay for later. Its template and selector are no concern here.
 */
export const interpolateGenerator = (
  generator: Generator,
  params: Params,
  { rendering }: Pick<GeneratorContext, 'rendering'>,
): Generator => {
  if (Object.keys(params).length === 0) return generator;
  const filled: Record<string, unknown> = { ...generator };
  for (const kind of kindsOf(generator)) {
    const { values, template, ...rest }: Record<string, unknown> = { ...generator[kind] };
    const rendered = renderDeep(rest, params, rendering);
    filled[kind] = {
      ...(isRecord(rendered) ? rendered : {}),
      ...(isRecord(values) ? { values: preRender(values, params, rendering) } : {}),
      ...(template === undefined ? {} : { template }),
    };
  }
  return filled;
};

const preRender = (
  values: Record<string, unknown>,
  params: Params,
  rendering: GeneratorContext['rendering'],
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (typeof value !== 'string') return [key, value];
      try {
        return [key, renderIfKnown(value, params, rendering)];
      } catch (error) {
        throw setError(
          `failed to pre-resolve Values key "${key}": ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }),
  );

/** Selectors see params as flat texts, whichever the template language. */
const isSelected = ({ selector }: Generator, params: Params): boolean => {
  if (!selector) return true;
  const texts = Object.entries(flatten(params)).map(([key, value]) => [key, goText(value)] as const);
  return matchesSelector(selector, Object.fromEntries(texts));
};

type Run = (generator: Generator, context: GeneratorContext) => Params[] | undefined;

/** Each kind's generator; undefined where the item does not name it. */
const RUN: Record<GeneratorKind, Run> = {
  list: ({ list }, context) => list && generateList(list, context),
  clusters: ({ clusters }, context) => clusters && generateClusters(clusters, context),
  git: ({ git }, context) => git && generateGit(git, context),
  pullRequest: ({ pullRequest }, context) => pullRequest && generatePullRequests(pullRequest, context),
  scmProvider: ({ scmProvider }, context) => scmProvider && generateScmRepositories(scmProvider, context),
  plugin: ({ plugin }, context) => plugin && generateFromPlugin(plugin, context),
  matrix: ({ matrix }, context) => matrix && generateMatrix(matrix, context, generateChild),
  merge: ({ merge }, context) => merge && generateMerge(merge, context, generateChild),
  clusterDecisionResource: () => {
    throw setError('the generator clusterDecisionResource is not served: list the clusters, or select them by label');
  },
};

const runKind = (kind: GeneratorKind, generator: Generator, context: GeneratorContext): Params[] =>
  RUN[kind](generator, context) ?? [];
