import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { startDynamo } from '../../src/local/aws/dynamodb.ts';
import { createMemoryOutcomes } from '../fakes/memory-outcomes.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { describeDynamo } from './dynamo-suite.ts';
import { describeOutcomes } from './outcomes-suite.ts';
import { describeResults, describeStore, type Sample } from './store-suite.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const dir = mkdtempSync(join(tmpdir(), 'towline-store-'));
let dynamo: Awaited<ReturnType<typeof startDynamo>>;

beforeAll(async () => {
  dynamo = await startDynamo(dir);
});

afterAll(async () => {
  await dynamo.close();
  rmSync(dir, { recursive: true });
});

const memory = createMemoryStore<Sample>();
describeStore('memory', () => memory);
describeResults('memory', () => memory);
const outcomes = createMemoryOutcomes();
describeOutcomes('memory', () => outcomes);
describeDynamo('emulator', () => new DynamoDBClient({ endpoint: dynamo.endpoint, region: 'us-east-1', credentials }));
