import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSqsDeadLetters } from '../../src/adapters/aws/sqs-dead-letters.ts';
import { replayDelivery } from '../../src/app/control/replay-delivery.ts';
import { runAdmin } from '../../src/cli/admin.ts';
import type { RemoteInput } from '../../src/cli/api-client.ts';
import { type DeliveryRow, deliveryPlanned } from '../../src/domain/delivery.ts';
import { QUEUE_NAMES } from '../../src/ports/dead-letters.ts';
import { createAdminRoutes } from '../../src/ui/admin-routes.ts';
import { createMemoryPorts } from '../fakes/memory-ports.ts';

const REPOSITORY = 'https://github.com/acme/a';
const NOW = 1_700_000_000_000;
const ROW: DeliveryRow = {
  id: `${REPOSITORY} d-1`,
  version: 0,
  state: 'received',
  repository: REPOSITORY,
  ref: 'refs/heads/main',
  cause: 'push',
  receivedAt: NOW,
  expiresAt: NOW,
};

let fauxqs: Awaited<ReturnType<typeof startFauxqs>>;
let client: SQSClient;
beforeAll(async () => {
  fauxqs = await startFauxqs({ port: 0, logger: false });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const endpoint = `http://127.0.0.1:${fauxqs.port}`;
  client = new SQSClient({ region: 'us-east-1', endpoint, credentials, useQueueUrlAsEndpoint: false });
});
afterAll(() => fauxqs.stop());

let prefix = 0;
const setUp = () => {
  prefix += 1;
  const urls = Object.fromEntries(
    QUEUE_NAMES.map((name) => {
      fauxqs.createQueue(`t${prefix}-${name}-dead`);
      return [name, fauxqs.createQueue(`t${prefix}-${name}`).queueUrl];
    }),
  );
  const ports = createMemoryPorts(NOW);
  const app = createAdminRoutes({ deadLetters: createSqsDeadLetters(client, urls), replay: replayDelivery(ports) }, {});
  const admin = async (...args: string[]) => {
    let out = '';
    const write = (text: string): void => {
      out += text;
    };
    const fetch: RemoteInput['fetch'] = (input, init) => Promise.resolve(app.fetch(new Request(input, init)));
    return {
      code: await runAdmin({ args, cwd: '/', environment: {}, write, writeError: write, fetch }),
      out: () => out,
    };
  };
  const bury = (n: number) =>
    client.send(new SendMessageCommand({ QueueUrl: `${urls['syncs']}-dead`, MessageBody: `{"n":${n}}` }));
  return { ports, app, admin, bury, urls };
};

let stack: ReturnType<typeof setUp>;
beforeEach(() => {
  stack = setUp();
});

describe('towline admin dlq', () => {
  it('lists the dead letters of every queue and takes none away', async () => {
    await stack.bury(1);
    for (let look = 0; look < 2; look++) {
      const { code, out } = await stack.admin('dlq', 'list', '-o', 'wide');
      expect(code).toBe(0);
      expect(out()).toMatch(/^syncs +1$/m);
      expect(out()).toMatch(/^changes +0$/m);
      expect(out()).toContain('syncs: {"n":1}');
    }
  });

  it('puts all of a queue back, once', async () => {
    await Promise.all(Array.from({ length: 23 }, (_, n) => stack.bury(n)));
    const { code, out } = await stack.admin('dlq', 'redrive', 'syncs');
    expect([code, out()]).toEqual([0, 'syncs: 23 messages put back\n']);
    const bodies = new Set<string | undefined>();
    for (;;) {
      const options = { QueueUrl: stack.urls['syncs'], MaxNumberOfMessages: 10, WaitTimeSeconds: 0 };
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(options));
      if (Messages.length === 0) break;
      for (const { Body } of Messages) bodies.add(Body);
    }
    expect(bodies.size).toBe(23);
    expect((await stack.admin('dlq', 'redrive', 'syncs')).out()).toBe('syncs: 0 messages put back\n');
  });

  it.each([
    [['dlq', 'redrive', 'none'], 1, 'the queues are changes, renders, syncs, reports'],
    [['dlq', 'redrive'], 2, 'QUEUE is missing'],
    [['dlq'], 2, 'there is no command admin dlq'],
    [['dlq', 'list', 'x'], 2, 'unexpected argument x'],
    [['replay'], 2, 'DELIVERY is missing'],
    [[], 2, 'COMMAND is missing'],
  ])('%j: exit code %i', async (args, code, text) => {
    const answer = await stack.admin(...args);
    expect(answer.code).toBe(code);
    expect(answer.out()).toContain(text);
  });
});

describe('towline admin replay', () => {
  it('makes a planned delivery due again and sends its change', async () => {
    const { ports, admin } = stack;
    await ports.deliveries.save(deliveryPlanned(ROW));
    const { code, out } = await admin('replay', ROW.id);
    expect([code, out()]).toEqual([0, `${ROW.id}: replayed, ${REPOSITORY} refs/heads/main\n`]);
    expect(ports.deliveries.rows.get(ROW.id)).toMatchObject({ state: 'received', due: NOW + 60_000 });
    expect(ports.sent.changes.map(({ message }) => message)).toMatchObject([{ delivery: ROW.id, cause: 'push' }]);
  });

  it('says where the id of a delivery is found', async () => {
    const { code, out } = await stack.admin('replay', 'd-1');
    expect(code).toBe(1);
    expect(out()).toContain('give the field delivery of the answer');
    expect(stack.ports.sent.changes).toEqual([]);
  });

  it.each([
    ['{"delivery":""}', {}, 400],
    ['null', {}, 400],
    ['{}', { 'content-type': 'text/plain' }, 415],
    ['{}', { origin: 'https://evil.example.com' }, 403],
    [' '.repeat(5_000), {}, 413],
  ])('refuses %j with %o', async (body, headers, status) => {
    const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } };
    expect((await stack.app.request('http://127.0.0.1:8484/api/v1/admin/replay', init)).status).toBe(status);
  });
});
