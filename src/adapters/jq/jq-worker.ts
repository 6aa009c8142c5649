import { parentPort } from 'node:worker_threads';
import jq from 'jq-wasm';

/** What the thread is asked and answers; `output` is jq's own text, `error` its complaint. */
export interface JqRequest {
  id: number;
  filter: string;
  input: string;
}

export type JqAnswer = { id: number; output: string } | { id: number; error: string };

const answer = async ({ id, filter, input }: JqRequest): Promise<JqAnswer> => {
  try {
    return { id, output: await jq.raw(input, filter, ['-c']) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
};

// jq cannot be interrupted: it runs in a thread of its own, which whoever asks may end.
parentPort?.on('message', (request: JqRequest) => {
  void answer(request).then((result) => parentPort?.postMessage(result));
});
