import { createSetExpander } from '../../src/adapters/gotemplate/expand-sets.ts';
import { createDeleteJqPaths } from '../../src/adapters/jq/delete-jq-paths.ts';
import { packExpansion, parseExpandRequest } from '../../src/messages/expand-payload.ts';

/** Files of what expansions run; the repository's own where they are absent. */
export interface ExpandPrograms {
  goTemplates?: string;
  jqWorker?: URL;
}

/** The sandbox's half that expands ApplicationSets: loaded when the first one comes, as most invocations are renders. */
export const createExpand = ({ goTemplates, jqWorker }: ExpandPrograms) => {
  const expander = createSetExpander({
    deleteJqPaths: createDeleteJqPaths(jqWorker ? { workerURL: jqWorker } : {}),
    ...(goTemplates === undefined ? {} : { program: goTemplates }),
  });
  return async (content: unknown): Promise<unknown> => {
    const { set, inputs, before } = parseExpandRequest({ json: content });
    return packExpansion(await expander.expand(set, inputs, before));
  };
};
