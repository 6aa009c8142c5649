import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoApplicationIndex } from '../../src/adapters/aws/dynamodb-application-index.ts';
import { createDynamoOutcomes } from '../../src/adapters/aws/dynamodb-outcomes.ts';
import { createDynamoStore } from '../../src/adapters/aws/dynamodb-store.ts';
import type { Outcome } from '../../src/domain/rollout.ts';
import { startDynamo } from '../../src/local/aws/dynamodb.ts';
import type { Outcomes } from '../../src/ports/outcomes.ts';
import { createMemoryOutcomes } from '../fakes/memory-outcomes.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { describeStore, type Sample } from './store-suite.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
let dynamo: Awaited<ReturnType<typeof startDynamo>>;
let client: DynamoDBClient;
const dir = mkdtempSync(join(tmpdir(), 'towline-store-'));

beforeAll(async () => {
  dynamo = await startDynamo(dir);
  client = new DynamoDBClient({ endpoint: dynamo.endpoint, region: 'us-east-1', credentials });
});

afterAll(async () => {
  client.destroy();
  await dynamo.close();
  rmSync(dir, { recursive: true });
});

const memory = createMemoryStore<Sample>();
describeStore('memory', () => memory);
describeStore('DynamoDB', () => createDynamoStore<Sample>({ client, table: 'towline-fleets' }));

const outcome = (sequence: number, phase: Outcome['phase'], application = 'argocd/web'): Outcome => ({
  rollout: 'r1',
  application,
  environment: 'dev',
  cluster: 'dev',
  phase,
  times: { [phase]: sequence },
  sequence,
});

const outcomesOf: Record<string, () => Outcomes> = {
  memory: createMemoryOutcomes,
  DynamoDB: () => createDynamoOutcomes(client, 'towline-outcomes'),
};

describe.each(Object.keys(outcomesOf))('Outcomes: %s', (name) => {
  it('keeps the newest outcome of an application whatever the order they come in', async () => {
    const outcomes = outcomesOf[name]?.() ?? createMemoryOutcomes();
    await outcomes.record(outcome(3, 'healthy'));
    await outcomes.record(outcome(2, 'applied'));
    await outcomes.record(outcome(1, 'failed', 'argocd/api'));
    await outcomes.record(outcome(4, 'healthy', 'argocd/api'));
    const found = await outcomes.list('r1');
    expect(found.map(({ application, phase }) => [application, phase]).toSorted()).toEqual([
      ['argocd/api', 'healthy'],
      ['argocd/web', 'healthy'],
    ]);
    expect(await outcomes.list('other')).toEqual([]);
  });

  it.each([
    ['healthy', 'superseded', 'healthy'],
    ['failed', 'superseded', 'failed'],
    ['waiting', 'superseded', 'waiting'],
    ['applied', 'superseded', 'superseded'],
    // A person asks for another attempt.
    ['failed', 'planned', 'planned'],
    ['superseded', 'planned', 'planned'],
  ] as const)('after %s, %s leaves %s', async (first, then, kept) => {
    const outcomes = outcomesOf[name]?.() ?? createMemoryOutcomes();
    const application = `argocd/${first}-${then}`;
    await outcomes.record(outcome(5, first, application));
    await outcomes.record(outcome(6, then, application));
    const found = (await outcomes.list('r1')).filter((one) => one.application === application);
    expect(found.map(({ phase }) => phase)).toEqual([kept]);
  });
});

describe('the applications by what they wait for', () => {
  it('finds a waiting row by its render key, and no longer when it waits no more', async () => {
    const store = createDynamoStore<Sample & { awaiting?: string }>({
      client,
      table: 'towline-applications',
      indexed: ({ awaiting }) => ({ awaiting }),
    });
    const index = createDynamoApplicationIndex(client, 'towline-applications');
    const waiting = await store.save({ id: 'argocd/web', version: 0, text: '', awaiting: 'key-1' });
    await store.save({ id: 'argocd/api', version: 0, text: '', awaiting: 'key-2' });
    expect(await Array.fromAsync(index.awaiting('key-1'))).toEqual([['argocd/web']]);
    await store.save({ id: 'argocd/web', version: waiting?.version ?? 0, text: '' });
    expect(await Array.fromAsync(index.awaiting('key-1'))).toEqual([]);
    expect((await Array.fromAsync(index.all())).flat().toSorted()).toEqual(['argocd/api', 'argocd/web']);
  });
});
