import { stableText } from '../../stable-digest.ts';
import type { ApplicationSet, Params } from './application-set.ts';
import type { GeneratorInputs, GeneratorRead, InputError, Need } from './generator-inputs.ts';
import { isInputError } from './generator-inputs.ts';
import { type Rendering, type RenderTemplates, renderTexts, setError } from './render.ts';

/** What a generator works with. `needs` collects what the inputs lack; params are incomplete where it is not empty. */
export interface GeneratorContext {
  set: Pick<ApplicationSet, 'goTemplate' | 'goTemplateOptions'> & { name?: string };
  inputs: GeneratorInputs;
  rendering: Rendering;
  needs: Need[];
  /** Everything that was asked of the inputs, by what it says: a matrix asks the same over and over. */
  reads: Map<string, GeneratorRead>;
}

/** A context for one set. */
export const createContext = (
  set: GeneratorContext['set'],
  inputs: GeneratorInputs,
  render: RenderTemplates,
): GeneratorContext => ({
  set,
  inputs,
  rendering: { goTemplate: set.goTemplate, goTemplateOptions: set.goTemplateOptions, render },
  needs: [],
  reads: new Map(),
});

/** Notes what a generator asks, so that one can tell later whether it would see the same. */
export const noteRead = ({ reads }: GeneratorContext, read: GeneratorRead): void => {
  reads.set(stableText(read), read);
};

/** An input, or undefined where it has to be read first. Errors: AppError `application-set-invalid` where it could not be. */
export const take = <T extends object>(
  context: GeneratorContext,
  input: T | InputError | undefined,
  need: Need,
  say: (error: string) => string,
): T | undefined => {
  if (input === undefined) {
    context.needs.push(need);
    return undefined;
  }
  if (isInputError(input)) throw setError(say(input.error));
  return input;
};

/**
 * Adds a generator's own `values`, rendered with the params that it made; they do not see each other. Nested under
 * `values` with Go templates, as `values.x` without.
 */
export const withValues = (
  params: Params,
  values: Record<string, string> | undefined,
  { set, rendering }: GeneratorContext,
): Params => {
  const names = Object.keys(values ?? {});
  if (names.length === 0) return params;
  const rendered = renderTexts(Object.values(values ?? {}), params, rendering);
  const pairs = names.map((name, index) => [name, rendered[index] ?? ''] as const);
  if (set.goTemplate) return { ...params, values: Object.fromEntries(pairs) };
  return { ...params, ...Object.fromEntries(pairs.map(([name, value]) => [`values.${name}`, value])) };
};
