import { InvokeCommand, type InvokeCommandOutput, type LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { permanent, transient } from '../../domain/errors.ts';
import type { RenderResult } from '../../domain/sources/bundle.ts';
import { PAYLOAD_LIMIT_BYTES, pack, unpack } from '../../messages/sandbox-payload.ts';
import type { Sandbox } from '../../ports/sandbox.ts';

/** How often the function may die under one bundle before that counts as the bundle's fault (it may be a neighbour's). */
const ATTEMPTS = 2;

const ErrorSchema = v.object({ errorMessage: v.optional(v.string()), errorType: v.optional(v.string()) });

/**
 * The sandbox as a Lambda function of its own, invoked synchronously. A bundle above 4 MB (packed) is a result of its own,
 * since it fails the same way every time. Errors: AppError `sandbox-unavailable` (transient), `sandbox-refused` (permanent).
 */
export const createInvokedSandbox = (client: LambdaClient, functionName: string): Sandbox => ({
  render: async (bundle) => {
    const Payload = pack(bundle);
    if (Payload.length > PAYLOAD_LIMIT_BYTES) return tooLarge(Payload.length);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await invoke(client, functionName, Payload);
      const text = Buffer.from(answer.Payload ?? new Uint8Array()).toString('utf8');
      if (answer.FunctionError === undefined) return readResult(text);
      const failure = failed(answer.FunctionError, text);
      if (attempt === ATTEMPTS || failure.error.code === 'render-timeout') return failure;
    }
  },
});

const isResult = (value: unknown): value is RenderResult =>
  typeof value === 'object' && value !== null && 'ok' in value && ('objects' in value || 'error' in value);

const readResult = (text: string): RenderResult => {
  const result = unpack(JSON.parse(text));
  if (isResult(result)) return result;
  throw permanent('sandbox-refused', 'the sandbox answered something else than a render result');
};

const tooLarge = (bytes: number): RenderResult => ({
  ok: false,
  error: {
    code: 'bundle-too-large',
    message: `the source's files take ${Math.ceil(bytes / 1_048_576)} MB packed; a render takes 4 MB at most: split the source`,
  },
});

/** Invokes a function synchronously. Errors: AppError `sandbox-unavailable` (transient). */
export const invoke = async (
  client: LambdaClient,
  FunctionName: string,
  Payload: string,
): Promise<InvokeCommandOutput> => {
  try {
    return await client.send(new InvokeCommand({ FunctionName, Payload }));
  } catch (error) {
    throw transient('sandbox-unavailable', 'the sandbox function could not be invoked', { cause: error });
  }
};

/** The function itself failed: out of time or memory is the source's doing, a refused payload a defect. */
export const failed = (kind: string, text: string): RenderResult & { ok: false } => {
  const { errorType, errorMessage } = v.parse(ErrorSchema, JSON.parse(text));
  if (errorType === 'AppError') throw permanent('sandbox-refused', `the sandbox refused the bundle: ${errorMessage}`);
  const timedOut = errorMessage?.includes('Task timed out') === true || errorType === 'Sandbox.Timedout';
  const code = timedOut ? 'render-timeout' : 'render-failed';
  const message = timedOut ? 'rendering took too long and was stopped' : 'rendering ended the sandbox: too much memory';
  return { ok: false, error: { code, message: `${message} (${kind})` } };
};
