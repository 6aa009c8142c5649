import { type ChildProcess, fork } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';

export interface InvokeServerOptions {
  helm: string;
  kubectl: string;
  /** Folder that renders may write below. */
  temporary: string;
  /** Time limit of one invocation, as in serverless.yml. */
  timeoutMilliseconds?: number;
}

const TIMEOUT_MILLISECONDS = 60_000;
const MAX_PAYLOAD_BYTES = 6 * 1_048_576;

interface Pending {
  resolve(answer: Answer): void;
  timer: NodeJS.Timeout;
}

type Answer = { result: unknown } | { error: { errorType: string; errorMessage: string } };

/**
 * Lambda's Invoke API for one function, the sandbox: a warm child process with an empty environment, started again when it
 * dies or overruns its time. Speaks what the AWS SDK's LambdaClient speaks.
 */
export const startInvokeServer = async (
  options: InvokeServerOptions,
): Promise<{ endpoint: string; close(): Promise<void> }> => {
  const sandbox = createChild(options);
  const server = createServer((request, response) => void answer(sandbox.invoke, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: async () => {
      sandbox.end();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
};

/** One process and what it was asked: its death answers its own invocations and no other's. */
const startChild = ({ helm, kubectl, temporary }: InvokeServerOptions, onExit: () => void) => {
  const pending = new Map<number, Pending>();
  const settle = (id: number, answered: Answer): void => {
    const waiting = pending.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    pending.delete(id);
    waiting.resolve(answered);
  };
  const child: ChildProcess = fork(join(import.meta.dirname, 'sandbox-child.ts'), [helm, kubectl, temporary], {
    env: { PATH: '/usr/bin:/bin' },
    // Ctrl-C reaches the whole process group; the child ends when this process lets go of it.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.on('message', ({ id, ...rest }: { id: number } & Answer) => settle(id, rest));
  child.on('exit', () => {
    onExit();
    for (const id of pending.keys()) settle(id, ENDED);
  });
  return { child, pending, settle };
};

const ENDED: Answer = { error: { errorType: 'Runtime.ExitError', errorMessage: 'the sandbox ended' } };
const TIMED_OUT: Answer = { error: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' } };

const createChild = (options: InvokeServerOptions) => {
  let current: ReturnType<typeof startChild> | undefined;
  let last = 0;
  const start = () => {
    const started = startChild(options, () => {
      if (current === started) current = undefined;
    });
    return started;
  };
  const invoke = (payload: unknown): Promise<Answer> =>
    new Promise((resolve) => {
      current ??= start();
      const { child, pending, settle } = current;
      const id = ++last;
      const timer = setTimeout(() => {
        // The next invocation starts a new one: this one is as good as dead.
        if (current?.child === child) current = undefined;
        settle(id, TIMED_OUT);
        child.kill('SIGKILL');
      }, options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS);
      pending.set(id, { resolve, timer });
      child.send({ id, payload }, (error) => error && settle(id, ENDED));
    });
  current = start();
  return { invoke, end: () => current?.child.kill('SIGKILL') };
};

const answer = async (
  invoke: (payload: unknown) => Promise<Answer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  try {
    const payload: unknown = JSON.parse(await readBody(request));
    const answered = await invoke(payload);
    const isError = 'error' in answered;
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(isError ? { 'x-amz-function-error': 'Unhandled' } : {}),
    });
    response.end(JSON.stringify(isError ? answered.error : answered.result));
  } catch (error) {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ Type: 'User', message: error instanceof Error ? error.message : '' }));
  }
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.byteLength;
    if (bytes > MAX_PAYLOAD_BYTES) throw new Error('Request must be smaller than 6291456 bytes');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
};
