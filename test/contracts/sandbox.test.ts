import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll } from 'vitest';
import { createInvokedSandbox } from '../../src/adapters/aws/invoke-sandbox.ts';
import { createSandbox } from '../../src/adapters/render/create-sandbox.ts';
import { startInvokeServer } from '../../src/local/lambda/invoke-server.ts';
import { localTools } from '../fakes/local-tools.ts';
import { describeSandbox } from './sandbox-suite.ts';

const tools = await localTools();
const temporary = mkdtempSync(join(tmpdir(), 'towline-sandbox-'));
const server = await startInvokeServer({ ...tools, temporary });
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const client = new LambdaClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });

afterAll(async () => {
  client.destroy();
  await server.close();
  await rm(temporary, { recursive: true, force: true });
});

describeSandbox('real tools', () => createSandbox({ ...tools, temporary }));
describeSandbox('real tools, Kustomize started ahead', () =>
  createSandbox({ ...tools, temporary, aheadAfterMilliseconds: 0 }),
);
describeSandbox('invoked through Lambda', () => createInvokedSandbox(client, 'towline-sandbox'));
