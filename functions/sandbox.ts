import { tmpdir } from 'node:os';
import { createSandbox } from '../src/adapters/render/create-sandbox.ts';
import { loadConfig } from '../src/config.ts';
import { packResult, parseBundle } from '../src/messages/sandbox-payload.ts';
import { lazily } from './wiring/runtime.ts';

/** Invoked by render: runs helm or kustomize on a closed set of files, with no permission and no network. */
export const createSandboxHandler = (tools: { helm: string; kubectl: string; temporary: string }) => {
  const sandbox = createSandbox(tools);
  return async (payload: unknown): Promise<unknown> => packResult(await sandbox.render(parseBundle(payload)));
};

export const handler = lazily(() => {
  const { helm, kubectl } = loadConfig();
  return createSandboxHandler({ helm, kubectl, temporary: tmpdir() });
});
