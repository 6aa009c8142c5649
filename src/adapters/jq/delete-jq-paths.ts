import { Worker } from 'node:worker_threads';
import type { DeleteJqPaths } from '../../domain/diff/ignore-rules.ts';
import { permanent } from '../../domain/errors.ts';
import { isRecord } from '../../domain/health/fields.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { JqAnswer, JqRequest } from './jq-worker.ts';

export interface DeleteJqPathsOptions {
  /** Milliseconds one expression may take; Argo CD's is one second. */
  limit?: number;
  /** The thread's file; a bundle names its own copy. */
  workerURL?: URL;
}

/** The first call also loads jq. */
const START_MS = 5000;

/** The answers as a list, each in a list of its own; null where the expression failed on this object. */
const filterOf = (expression: string): string => `[try (del(${expression}\n) | [.]) catch null]`;

/**
 * `del(…)` by jq in WebAssembly, in one thread that is started when first needed and ended when an expression takes too
 * long. Errors: AppError `jq-invalid`, `jq-timeout` (permanent), naming the expression.
 */
export const createDeleteJqPaths = (options: DeleteJqPathsOptions = {}): DeleteJqPaths => {
  const run = createRunner(options);
  return async (object, expressions) => {
    let result = object;
    for (const expression of expressions) result = read(await run(expression, result)) ?? result;
    return result;
  };
};

/** Exactly one answer, an object, counts. */
const read = (output: string): KubernetesObject | undefined => {
  const answers: unknown = JSON.parse(output);
  const [only, more]: unknown[] = Array.isArray(answers) ? answers : [];
  const object: unknown = Array.isArray(only) && more === undefined ? only[0] : undefined;
  return isKubernetesObject(object) ? object : undefined;
};

const isKubernetesObject = (value: unknown): value is KubernetesObject =>
  isRecord(value) &&
  typeof value['apiVersion'] === 'string' &&
  typeof value['kind'] === 'string' &&
  isRecord(value['metadata']);

/** One request after another; a thread that was ended is replaced by the next request. */
const createRunner = ({
  limit = 1000,
  workerURL = new URL('./jq-worker.ts', import.meta.url),
}: DeleteJqPathsOptions) => {
  let worker: Worker | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let id = 0;
  const ask = async (expression: string, object: KubernetesObject): Promise<string> => {
    const fresh = worker === undefined;
    worker ??= startWorker(workerURL);
    const request = { id: ++id, filter: filterOf(expression), input: JSON.stringify(object) };
    const answer = await exchange(worker, request, limit + (fresh ? START_MS : 0)).catch((error: unknown) => {
      worker = undefined;
      throw error;
    });
    if (answer === 'late') {
      await worker.terminate();
      worker = undefined;
      throw permanent('jq-timeout', `jq path expression takes longer than ${limit} ms: ${expression}`);
    }
    if ('error' in answer)
      throw permanent('jq-invalid', `not a jq path expression: ${expression}`, { details: { reason: answer.error } });
    return answer.output;
  };
  return (expression: string, object: KubernetesObject): Promise<string> => {
    const next = queue.then(() => ask(expression, object));
    queue = next.catch(() => undefined);
    return next;
  };
};

/** Does not keep the process alive. */
const startWorker = (url: URL): Worker => {
  const worker = new Worker(url);
  worker.unref();
  return worker;
};

const exchange = (worker: Worker, request: JqRequest, milliseconds: number): Promise<JqAnswer | 'late'> =>
  new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError);
    };
    const onMessage = (answer: JqAnswer) => {
      if (answer.id !== request.id) return;
      done();
      resolve(answer);
    };
    const onError = (error: Error) => {
      done();
      reject(error);
    };
    const timer = setTimeout(() => {
      done();
      resolve('late');
    }, milliseconds);
    worker.on('message', onMessage).on('error', onError);
    worker.postMessage(request);
  });
