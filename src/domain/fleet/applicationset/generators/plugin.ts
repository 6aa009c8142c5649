import type { Params, PluginGenerator } from '../application-set.ts';
import { type GeneratorContext, noteRead, take, withValues } from '../context.ts';
import { providerRequest } from '../generator-inputs.ts';
import { flatten, goText } from '../go-text.ts';

/** One set of params an object that the plugin answered, with what it was asked under `generator.input.parameters`. */
export const generateFromPlugin = (generator: PluginGenerator, context: GeneratorContext): Params[] => {
  const asked = { ...generator, applicationSetName: context.set.name };
  const { key, request, requeueAfterSeconds } = providerRequest(asked);
  noteRead(context, { type: 'plugins', key, ...requeueAfterSeconds });
  const need = { type: 'plugins' as const, key, request };
  const found = take(context, context.inputs.plugins[key], need, (error) => `error listing params: ${error}`) ?? [];
  const input = { input: { parameters: generator.input?.parameters ?? {} } };
  return found.map((object) => {
    const fields = context.set.goTemplate ? object : textFields(object);
    return withValues({ ...fields, generator: input }, generator.values, context);
  });
};

const textFields = (object: Params): Params =>
  Object.fromEntries(Object.entries(flatten(object)).map(([key, value]) => [key, goText(value)]));
