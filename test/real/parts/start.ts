import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../cluster/control-plane/free-ports.ts';
import type { Parts } from './fetch.ts';

const PATIENCE_MS = 180_000;

export interface RunningParts {
  /** What points the AWS SDKs at the parts. */
  environment: Record<string, string>;
  stop(): Promise<void>;
}

interface Program {
  command: string;
  args: string[];
  port: number;
}

/** Small heaps, and no time spent on machine code that a test of minutes does not earn back. */
const JVM = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const programsOf = ({ jars }: Parts, [dynamodb = 0, sqs = 0, s3 = 0]: number[]): Record<string, Program> => ({
  'dynamodb-local': {
    command: 'java',
    args: [
      ...JVM,
      `-Djava.library.path=${jars}`,
      `-Dsqlite4java.library.path=${jars}`,
      '-cp',
      join(jars, '*'),
      'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
      '-inMemory',
      '-sharedDb',
      '-disableTelemetry',
      '-port',
      String(dynamodb),
    ],
    port: dynamodb,
  },
  elasticmq: {
    command: 'java',
    args: [
      ...JVM,
      '-Drest-sqs.bind-hostname=127.0.0.1',
      `-Drest-sqs.bind-port=${sqs}`,
      '-Drest-stats.enabled=false',
      '-Dnode-address.host=127.0.0.1',
      `-Dnode-address.port=${sqs}`,
      '-cp',
      join(jars, '*'),
      'org.elasticmq.server.Main',
    ],
    port: sqs,
  },
  moto: { command: 'python3', args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(s3)], port: s3 },
});

const endpointOf = (port: number): string => `http://127.0.0.1:${port}`;

const untilAnswers = async (name: string, child: ChildProcess, { port }: Program, dir: string): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answers = await fetch(endpointOf(port)).then(
      (response) => response.arrayBuffer().then(() => true),
      () => false,
    );
    if (answers) return;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${name} does not answer; see its log in ${dir}`);
    await sleep(100);
  }
};

const stopAll = async (children: ChildProcess[]): Promise<void> => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
};

/** Starts DynamoDB Local, ElasticMQ (SQS) and moto (S3) on free loopback ports; they keep all in memory, their logs in `dir`. */
export const startParts = async (parts: Parts, dir: string): Promise<RunningParts> => {
  await mkdir(dir, { recursive: true });
  const programs = programsOf(parts, await freePorts(3));
  const children: ChildProcess[] = [];
  const start = async ([name, program]: [string, Program]): Promise<void> => {
    const log = openSync(join(dir, `${name}.log`), 'a');
    const env = { ...process.env, PYTHONPATH: parts.python };
    const child = spawn(program.command, program.args, { cwd: dir, stdio: ['ignore', log, log], env });
    children.push(child);
    const failed = once(child, 'error').then(([error]) => {
      throw new Error(`${name} did not start: ${String(error)}`);
    });
    await Promise.race([untilAnswers(name, child, program, dir), failed]);
  };
  try {
    await Promise.all(Object.entries(programs).map(start));
  } catch (error) {
    await stopAll(children);
    throw error;
  }
  return {
    environment: {
      AWS_ENDPOINT_URL_DYNAMODB: endpointOf(programs['dynamodb-local']?.port ?? 0),
      AWS_ENDPOINT_URL_SQS: endpointOf(programs['elasticmq']?.port ?? 0),
      AWS_ENDPOINT_URL_S3: endpointOf(programs['moto']?.port ?? 0),
    },
    stop: () => stopAll(children),
  };
};
