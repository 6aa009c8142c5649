import { createRetryIn, type SqsHandlerDeps } from '../../src/adapters/aws/sqs-handler.ts';
import { sqsClient } from './aws-clients.ts';
import { correlation } from './correlation.ts';
import type { Runtime } from './runtime.ts';

/** What a queue's handler needs to fail well: a log, and the queue to put failed messages back to. */
export const sqsDeps = (
  { config, log }: Runtime,
  queue: 'changes' | 'renders' | 'syncs' | 'reports',
): SqsHandlerDeps => {
  const url = config.queues[queue];
  return {
    log,
    correlation,
    retryIn: url ? createRetryIn(sqsClient(), url) : () => Promise.resolve(),
  };
};
