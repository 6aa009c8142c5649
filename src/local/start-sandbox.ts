import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startInvokeServer } from './lambda/invoke-server.ts';
import { findTools } from './tools/find-tools.ts';

/** Starts the sandbox function behind Lambda's Invoke API; answers with what points the SDK at it. */
export const startSandbox = async ({
  stateDir,
  environment,
}: {
  stateDir: string;
  environment: NodeJS.ProcessEnv;
}): Promise<{ environment: Record<string, string>; close(): Promise<void> }> => {
  const temporary = join(stateDir, 'renders');
  // Left behind by a killed process, if anything is there.
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const tools = await findTools(stateDir, environment);
  const server = await startInvokeServer({ ...tools, temporary });
  return { environment: { AWS_ENDPOINT_URL_LAMBDA: server.endpoint }, close: server.close };
};
