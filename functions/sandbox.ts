import { tmpdir } from 'node:os';
import { createSandbox, type SandboxConfig } from '../src/adapters/render/create-sandbox.ts';
import { loadConfig } from '../src/config.ts';
import { isExpandRequest, packResult, parseBundle, unpack } from '../src/messages/sandbox-payload.ts';
import type { ExpandPrograms } from './wiring/expand-sets.ts';
import { lazily } from './wiring/runtime.ts';

export type SandboxTools = SandboxConfig & ExpandPrograms;

/**
 * Invoked by render and plan: runs helm or kustomize on a closed set of files, or the templates of an ApplicationSet, with
 * no permission and no network.
 */
export const createSandboxHandler = ({ goTemplates, jqWorker, ...tools }: SandboxTools) => {
  const sandbox = createSandbox(tools);
  let expand: ((content: unknown) => Promise<unknown>) | undefined;
  return async (payload: unknown): Promise<unknown> => {
    const content = unpack(payload);
    if (!isExpandRequest(content)) return packResult(await sandbox.render(parseBundle({ json: content })));
    expand ??= (await import('./wiring/expand-sets.ts')).createExpand({
      ...(goTemplates === undefined ? {} : { goTemplates }),
      ...(jqWorker ? { jqWorker } : {}),
    });
    return expand(content);
  };
};

export const handler = lazily(() => {
  const { helm, kubectl, goTemplates } = loadConfig();
  const programs = {
    ...(goTemplates ? { goTemplates } : {}),
    jqWorker: new URL('../dist/jq-worker.cjs', import.meta.url),
  };
  return createSandboxHandler({ helm, kubectl, temporary: tmpdir(), ...programs });
});
