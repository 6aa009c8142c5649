import type { DeleteJqPaths } from '../../domain/diff/ignore-rules.ts';
import type { ApplicationSet } from '../../domain/fleet/applicationset/application-set.ts';
import { type Expansion, expandApplicationSet } from '../../domain/fleet/applicationset/expand.ts';
import type { GeneratorInputs } from '../../domain/fleet/applicationset/generator-inputs.ts';
import { keepsByJq, withKeptByJq } from '../../domain/fleet/applicationset/kept-by-jq.ts';
import type { RenderTemplates } from '../../domain/fleet/applicationset/render.ts';
import type { SetExpander } from '../../ports/set-expander.ts';
import { startGoTemplates } from './go-templates.ts';
import { GO_TEMPLATES, loadGoTemplates } from './load-program.ts';

interface SetExpanderOptions {
  deleteJqPaths: DeleteJqPaths;
  /** File of the program for Go templates; the repository's own where it is absent. */
  program?: URL | string;
}

/**
 * Expands sets right here, Go templates and jq included: for a place where there is nothing to be had. The program is read
 * when the first set asks for it, compiled once, and started anew after templates that ended it.
 */
export const createSetExpander = ({ deleteJqPaths, program = GO_TEMPLATES }: SetExpanderOptions): SetExpander => {
  const expand = createExpand(program);
  return {
    expand: async (set, inputs, before = {}) => {
      const expansion = await expand(set, inputs);
      return keepsByJq(set) ? withKeptByJq(expansion, { set, before, deleteJqPaths }) : expansion;
    },
  };
};

type Expand = (set: ApplicationSet, inputs: GeneratorInputs) => Promise<Expansion>;

const createExpand = (program: URL | string): Expand => {
  let module: ReturnType<typeof loadGoTemplates> | undefined;
  let started: Promise<RenderTemplates> | undefined;
  const start = (): Promise<RenderTemplates> => {
    module ??= loadGoTemplates(program);
    return module.then(startGoTemplates);
  };
  return async (set, inputs) => {
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
  };
};

const NO_TEMPLATES: RenderTemplates = (requests) => requests.map(() => ({ error: 'the set asks for no Go templates' }));
