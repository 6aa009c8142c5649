import { createSetExpander } from '../../src/adapters/gotemplate/expand-sets.ts';
import { packExpansion, parseExpandRequest } from '../../src/messages/expand-payload.ts';

/** The sandbox's half that expands ApplicationSets: loaded when the first one comes, as most invocations are renders. */
export const createExpand = (goTemplates: string | undefined) => {
  const expander = createSetExpander(goTemplates);
  return async (content: unknown): Promise<unknown> => {
    const { set, inputs } = parseExpandRequest({ json: content });
    return packExpansion(await expander.expand(set, inputs));
  };
};
