import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandbox } from '../adapters/render/create-sandbox.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import { findTools } from './tools/find-tools.ts';

/**
 * A sandbox in this process. The tools are looked for, and a folder for renders is made, at the first render, so that plain
 * manifests need neither. `close` removes the folder. For tools see `findTools`.
 */
export const createLocalSandbox = (options: {
  stateDir: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Tell which template each object of a chart comes from. */
  withOrigins?: boolean;
}): Sandbox & { close(): Promise<void> } => {
  let started: Promise<{ sandbox: Sandbox; temporary: string }> | undefined;
  const start = async () => {
    const tools = await findTools(options.stateDir, options.environment);
    const temporary = await mkdtemp(join(tmpdir(), 'towline-render-'));
    return { sandbox: createSandbox({ ...tools, temporary, withOrigins: options.withOrigins ?? false }), temporary };
  };
  return {
    render: async (bundle) => {
      started ??= start();
      return (await started).sandbox.render(bundle);
    },
    close: async () => {
      if (started) await rm((await started).temporary, { recursive: true, force: true });
    },
  };
};
