// The AWS emulators in a process of their own, forked by emulators.ts with the state's folder and the services as arguments.
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { startDynamo } from './dynamodb.ts';
import type { EmulatorsMessage } from './emulators.ts';

const [stateDir = '', ...services] = process.argv.slice(2);

const say = (message: EmulatorsMessage): void => void process.send?.(message);

/** SQS and S3, in memory, on one loopback port of their own. */
const startQueuesAndBlobs = async (): Promise<string> => {
  const { port } = await startFauxqs({ port: 0, logger: false });
  return `http://127.0.0.1:${port}`;
};

const start = async (): Promise<void> => {
  const has = (...names: string[]): boolean => names.some((name) => services.includes(name));
  const [fauxqs, dynamo] = await Promise.all([
    has('sqs', 's3') ? startQueuesAndBlobs() : undefined,
    has('dynamodb') ? startDynamo(join(stateDir, 'dynamodb')) : undefined,
  ]);
  say({ endpoints: { dynamodb: dynamo?.endpoint, sqs: fauxqs, s3: fauxqs } });
};

// The stack that started it is gone, or lets go of it: so is the reason to live. LevelDB stands a sudden end.
process.on('disconnect', () => process.exit(0));
await start().catch((error: unknown) => say({ error: error instanceof Error ? error.message : String(error) }));
