import { createCorrelation } from '../../src/adapters/log/correlation.ts';

/** One for the process: what a handler opens, its queues and its log take. */
export const correlation = createCorrelation();
