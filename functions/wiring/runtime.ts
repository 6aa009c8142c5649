import { randomUUID } from 'node:crypto';
import { correlated } from '../../src/adapters/log/correlation.ts';
import { createJsonLog, createLoggedEvents } from '../../src/adapters/log/json-log.ts';
import { createMetricEvents, eachOfEvents } from '../../src/adapters/log/metric-events.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { OpenCharts } from '../../src/ports/charts.ts';
import type { Clock, NewId } from '../../src/ports/clock.ts';
import type { Events } from '../../src/ports/events.ts';
import type { Log } from '../../src/ports/log.ts';
import type { OpenRepository } from '../../src/ports/repository.ts';
import type { Secrets } from '../../src/ports/secrets.ts';
import { correlation } from './correlation.ts';

/** What every function is given by where it runs: Lambda, or the local stack. */
export interface Runtime {
  config: Config;
  clock: Clock;
  newId: NewId;
  log: Log;
  events: Events;
  secrets: Secrets;
}

/** A runtime that also reaches Git hosts and chart repositories; only plan and schedule have it. */
export interface GitRuntime extends Runtime {
  openRepository: OpenRepository;
  openCharts: OpenCharts;
}

/** The runtime of a Lambda function. `secrets` only where its role may read any. */
export const lambdaRuntime = (service: string, secretsOf: (config: Config) => Secrets): Runtime => {
  const config = loadConfig();
  const log = correlated(createJsonLog(service, config.logLevel), correlation);
  return {
    config,
    clock: Date.now,
    newId: randomUUID,
    log,
    events: eachOfEvents(createLoggedEvents(log), createMetricEvents(stackOf(config), writeLine)),
    secrets: secretsOf(config),
  };
};

const stackOf = ({ tablePrefix }: Config): string => tablePrefix.replace(/-$/, '');

/** As it is: Lambda puts a time and a level before what `console` writes, and CloudWatch would not read that as a metric. */
const writeLine = (line: string): void => void process.stdout.write(`${line}\n`);

/** Secrets of a function that may read none. */
export const noSecrets = (): Secrets => ({
  read: (name) => Promise.reject(new Error(`this function may not read secret ${name}`)),
});

/** Makes a handler at its first call, so that importing a function's module does nothing yet. */
export const lazily = <Event, Result>(
  create: () => (event: Event) => Promise<Result>,
): ((event: Event) => Promise<Result>) => {
  let handler: ((event: Event) => Promise<Result>) | undefined;
  return (event) => {
    handler ??= create();
    return handler(event);
  };
};
