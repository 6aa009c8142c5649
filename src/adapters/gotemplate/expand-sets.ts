import { expandApplicationSet } from '../../domain/fleet/applicationset/expand.ts';
import type { RenderTemplates } from '../../domain/fleet/applicationset/render.ts';
import type { SetExpander } from '../../ports/set-expander.ts';
import { startGoTemplates } from './go-templates.ts';
import { GO_TEMPLATES, loadGoTemplates } from './load-program.ts';

/**
 * Expands sets right here, Go templates included: for a place where there is nothing to be had. The program is read when
 * the first set asks for it, compiled once, and started anew after templates that ended it.
 */
export const createSetExpander = (program: URL | string = GO_TEMPLATES): SetExpander => {
  let module: ReturnType<typeof loadGoTemplates> | undefined;
  let started: Promise<RenderTemplates> | undefined;
  const start = (): Promise<RenderTemplates> => {
    module ??= loadGoTemplates(program);
    return module.then(startGoTemplates);
  };
  return {
    expand: async (set, inputs) => {
      if (!set.goTemplate) return expandApplicationSet(set, inputs, NO_TEMPLATES);
      started ??= start();
      const render = await started;
      try {
        return expandApplicationSet(set, inputs, render);
      } catch (error) {
        // Out of memory or a trap: whatever a template did to the program, the next set gets a fresh one.
        started = undefined;
        const what = error instanceof Error ? error.name : 'an exit';
        return { error: `its Go templates ended the program that renders them (${what}): they take too much memory` };
      }
    },
  };
};

const NO_TEMPLATES: RenderTemplates = (requests) => requests.map(() => ({ error: 'the set asks for no Go templates' }));
