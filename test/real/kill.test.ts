import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqsDeadLetters } from '../../src/adapters/aws/sqs-dead-letters.ts';
import { createQueues } from '../../src/local/aws/queues.ts';
import { demoFiles } from '../../src/local/demo/demo-files.ts';
import { type ClusterView, contentsOf, openCluster } from '../e2e/harness/clusters.ts';
import { killAnywhere } from '../e2e/harness/kill-run.ts';
import { startWorld, type World } from '../e2e/harness/world.ts';
import { realParts } from './real-parts.ts';
import { openTables } from './tables.ts';

const KILLS = Number(process.env.TOWLINE_KILLS ?? 51);
const SEED = Number(process.env.TOWLINE_KILL_SEED ?? Date.now() % 1_000_000);
const PREFIX = 'kill-';

const parts = realParts();
const CONTEXT = 'control-plane';
const access = JSON.stringify({ path: parts.kubeconfig, context: CONTEXT });
/** Both of the fleet's clusters are the one API server. */
const CLUSTERS = `
    - { name: dev, labels: { environment: dev }, kubeconfig: ${access} }
    - { name: prod, labels: { environment: prod }, kubeconfig: ${access} }`;

/** The applications of prod in namespaces of their own. */
const prodFiles = (repositoryURL: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(demoFiles(repositoryURL))
      .filter(([path]) => path.startsWith('apps/') && path.endsWith('-prod.yaml'))
      .map(([path, text]) => [path, text.replace('    namespace: ', '    namespace: prod-')]),
  );

let world: World;
let cluster: ClusterView;
const tables = openTables(parts.dynamodb, PREFIX);
const sqs = new SQSClient({
  region: 'us-east-1',
  endpoint: parts.sqs,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  useQueueUrlAsEndpoint: false,
});

beforeAll(async () => {
  cluster = openCluster(parts.kubeconfig, CONTEXT);
  world = await startWorld({
    files: prodFiles,
    clusters: CLUSTERS,
    environment: {
      AWS_ENDPOINT_URL_DYNAMODB: parts.dynamodb,
      AWS_ENDPOINT_URL_SQS: parts.sqs,
      AWS_ENDPOINT_URL_S3: parts.moto,
      TOWLINE_TABLE_PREFIX: PREFIX,
      TOWLINE_BUCKET: 'kill',
      TOWLINE_POLL_SECONDS: '86400',
      // Nothing is due at rest, so that what is due is outstanding.
      TOWLINE_COMPARE_SECONDS: '0',
    },
  });
});
afterAll(async () => {
  await world?.close();
  tables.close();
  sqs.destroy();
});

/** The numbers of the pushes whose greeting a ConfigMap had, in the order in which it had them. */
const numbersOf = (seen: readonly Record<string, string>[]): number[] =>
  seen.map(({ GREETING = '' }) => Number(/^push (\d+)$/.exec(GREETING)?.[1] ?? 0));

describe('kill -9 at any point of a push, on DynamoDB Local, ElasticMQ, moto and a real API server', () => {
  it(
    `${KILLS} times: started again, the push completes, exactly and once`,
    async () => {
      const watches = await Promise.all(
        ['web', 'prod-web'].map((namespace) => cluster.watchConfigMap(namespace, 'web')),
      );
      const afterwards = async (where: string, commit: string): Promise<void> => {
        await expect.poll(tables.unapplied, { message: where }).toEqual([]);
        expect(await tables.heads(), where).toEqual([commit]);
      };
      const contents = async (): Promise<string> => JSON.stringify(contentsOf(await cluster.objects()));
      const counts = await killAnywhere({ world, kills: KILLS, killsPerPush: 3, seed: SEED, contents, afterwards });
      // What two workers have told at once may stay due once more: the next look of `schedule` ends that.
      await expect.poll(tables.outstanding, { timeout: 240_000, interval: 1_000 }).toEqual([]);
      for (const { seen, close } of watches) {
        const numbers = numbersOf(seen);
        expect(numbers, 'no older write lands after a newer one').toEqual(numbers.toSorted((a, b) => a - b));
        expect(new Set(numbers).size).toBeGreaterThan(KILLS / 3);
        close();
      }
      const dead = await createSqsDeadLetters(sqs, await createQueues(sqs, PREFIX)).list();
      expect(dead.map(({ queue, messages }) => [queue, messages])).toEqual(dead.map(({ queue }) => [queue, 0]));
      process.stderr.write(`real parts: ${counts}\n`);
      expect(counts).toContain(`${KILLS} kills`);
    },
    480_000 + 30_000 * KILLS,
  );
});
