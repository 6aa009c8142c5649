import { tmpdir } from 'node:os';
import { createSetExpander } from '../src/adapters/gotemplate/expand-sets.ts';
import { createSandbox, type SandboxConfig } from '../src/adapters/render/create-sandbox.ts';
import { loadConfig } from '../src/config.ts';
import { isExpandRequest, packExpansion, parseExpandRequest } from '../src/messages/expand-payload.ts';
import { packResult, parseBundle, unpack } from '../src/messages/sandbox-payload.ts';
import { lazily } from './wiring/runtime.ts';

export interface SandboxTools extends SandboxConfig {
  /** File of the program for Go templates; the repository's own where it is absent. */
  goTemplates?: string;
}

/**
 * Invoked by render and plan: runs helm or kustomize on a closed set of files, or the templates of an ApplicationSet, with
 * no permission and no network.
 */
export const createSandboxHandler = ({ goTemplates, ...tools }: SandboxTools) => {
  const sandbox = createSandbox(tools);
  const expander = createSetExpander(goTemplates);
  return async (payload: unknown): Promise<unknown> => {
    const content = unpack(payload);
    if (!isExpandRequest(content)) return packResult(await sandbox.render(parseBundle({ json: content })));
    const { set, inputs } = parseExpandRequest({ json: content });
    return packExpansion(await expander.expand(set, inputs));
  };
};

export const handler = lazily(() => {
  const { helm, kubectl, goTemplates } = loadConfig();
  return createSandboxHandler({ helm, kubectl, temporary: tmpdir(), ...(goTemplates ? { goTemplates } : {}) });
});
