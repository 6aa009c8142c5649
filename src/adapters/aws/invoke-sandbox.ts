import { InvokeCommand, type InvokeCommandOutput, type LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { permanent, transient } from '../../domain/errors.ts';
import type { RenderResult } from '../../domain/sources/bundle.ts';
import { pack, unpack } from '../../messages/sandbox-payload.ts';
import type { Sandbox } from '../../ports/sandbox.ts';

/** Lambda takes and answers 6 MB; base64 and JSON need room. */
const PAYLOAD_LIMIT_BYTES = 4_194_304;

const ErrorSchema = v.object({ errorMessage: v.optional(v.string()), errorType: v.optional(v.string()) });

/**
 * The sandbox as a Lambda function of its own, invoked synchronously. A bundle above 4 MB (packed) is a result of its own,
 * since it fails the same way every time. Errors: AppError `sandbox-unavailable` (transient), `sandbox-refused` (permanent).
 */
export const createInvokedSandbox = (client: LambdaClient, functionName: string): Sandbox => ({
  render: async (bundle) => {
    const Payload = pack(bundle);
    if (Payload.length > PAYLOAD_LIMIT_BYTES) return tooLarge(Payload.length);
    const answer = await invoke(client, functionName, Payload);
    const text = Buffer.from(answer.Payload ?? new Uint8Array()).toString('utf8');
    if (answer.FunctionError !== undefined) return failed(answer.FunctionError, text);
    return unpack(JSON.parse(text)) as RenderResult;
  },
});

const tooLarge = (bytes: number): RenderResult => ({
  ok: false,
  error: {
    code: 'bundle-too-large',
    message: `the source's files take ${Math.ceil(bytes / 1_048_576)} MB packed; a render takes 4 MB at most: split the source`,
  },
});

const invoke = async (client: LambdaClient, FunctionName: string, Payload: string): Promise<InvokeCommandOutput> => {
  try {
    return await client.send(new InvokeCommand({ FunctionName, Payload }));
  } catch (error) {
    throw transient('sandbox-unavailable', 'the sandbox function could not be invoked', { cause: error });
  }
};

/** The function itself failed: out of time or memory is the source's doing, a refused payload a defect. */
const failed = (kind: string, text: string): RenderResult => {
  const { errorType, errorMessage } = v.parse(ErrorSchema, JSON.parse(text));
  if (errorType === 'AppError') throw permanent('sandbox-refused', `the sandbox refused the bundle: ${errorMessage}`);
  const timedOut = errorMessage?.includes('Task timed out') === true || errorType === 'Sandbox.Timedout';
  const code = timedOut ? 'render-timeout' : 'render-failed';
  const message = timedOut ? 'rendering took too long and was stopped' : 'rendering ended the sandbox: too much memory';
  return { ok: false, error: { code, message: `${message} (${kind})` } };
};
