import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDynamo } from '../../src/local/aws/dynamodb.ts';
import { greeting } from './harness/demo-changes.ts';
import { startTowline, stateFolder } from './harness/towline.ts';
import { applicationsOf, startWorld, type World } from './harness/world.ts';

const folder = stateFolder();
const settings = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
let dynamo: Awaited<ReturnType<typeof startDynamo>>;
let fauxqs: Awaited<ReturnType<typeof startFauxqs>>;
let world: World | undefined;
let environment: Record<string, string>;

beforeAll(async () => {
  dynamo = await startDynamo(join(folder.path, 'outside'));
  fauxqs = await startFauxqs({ port: 0, logger: false });
  const queuesAndBlobs = `http://127.0.0.1:${fauxqs.port}`;
  environment = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ENDPOINT_URL_SQS: queuesAndBlobs,
    AWS_ENDPOINT_URL_S3: queuesAndBlobs,
    TOWLINE_TABLE_PREFIX: 'mine-',
    TOWLINE_POLL_SECONDS: '86400',
  };
});
afterAll(async () => {
  await world?.close();
  await fauxqs.stop();
  await dynamo.close();
  folder.cleanUp();
});

describe('AWS_ENDPOINT_URL_DYNAMODB, _SQS and _S3', () => {
  it('take the place of the emulators: what is missing is made there, and what was there is found again', async () => {
    world = await startWorld({ environment });
    const { end } = await world.push(greeting('web', 'outside'));
    expect(end.state).toBe('success');
    expect(existsSync(join(world.stateDir, 'dynamodb'))).toBe(false);

    const client = new DynamoDBClient({ ...settings, endpoint: dynamo.endpoint });
    const sqs = new SQSClient({ ...settings, endpoint: environment.AWS_ENDPOINT_URL_SQS });
    const { TableNames = [] } = await client.send(new ListTablesCommand({}));
    expect(TableNames.filter((name) => !name.startsWith('mine-'))).toEqual([]);
    const { Count } = await client.send(new ScanCommand({ TableName: 'mine-applications' }));
    expect(Count).toBe(6);
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    expect(QueueUrls.map((url) => url.slice(url.lastIndexOf('/') + 1)).toSorted()).toEqual(
      ['changes', 'renders', 'reports', 'syncs'].flatMap((name) => [`mine-${name}`, `mine-${name}-dead`]),
    );
    client.destroy();
    sqs.destroy();

    await world.towline().end();
    await world.start();
    expect(await applicationsOf(world)).toHaveLength(6);
    expect((await world.push(greeting('web', 'again'))).end.state).toBe('success');
  });

  it('are named where nobody answers', async () => {
    const args = ['dev', '--fleet', world?.fleet ?? '', '--json', '--port', '0', '--state', join(folder.path, 'state')];
    const towline = startTowline(args, { ...environment, AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9' });
    expect(await towline.exited).toBe(1);
    expect(towline.stderr()).toMatch(/^towline: AWS_ENDPOINT_URL_SQS=http:\/\/127\.0\.0\.1:9 .*ECONNREFUSED.*unset/m);
    expect(towline.stderr().trim().split('\n')).toHaveLength(1);
  });
});
