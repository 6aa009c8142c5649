// The AWS emulators in a process of their own, forked by emulators.ts with the state's folder as only argument.
import { join } from 'node:path';
import { startDynamo } from './dynamodb.ts';
import type { EmulatorsMessage } from './emulators.ts';
import { startQueuesAndBlobs } from './queues.ts';

const [stateDir = ''] = process.argv.slice(2);

const say = (message: EmulatorsMessage): void => void process.send?.(message);

const start = async (): Promise<void> => {
  const [queues, dynamo] = await Promise.all([startQueuesAndBlobs(), startDynamo(join(stateDir, 'dynamodb'))]);
  say({
    environment: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      ...queues.environment,
    },
  });
};

// The stack that started it is gone, or lets go of it: so is the reason to live. LevelDB stands a sudden end.
process.on('disconnect', () => process.exit(0));
await start().catch((error: unknown) => say({ error: error instanceof Error ? error.message : String(error) }));
