import type { LambdaClient } from '@aws-sdk/client-lambda';
import { permanent } from '../../domain/errors.ts';
import type { Expansion } from '../../domain/fleet/applicationset/expand.ts';
import { PAYLOAD_LIMIT_BYTES, pack, unpack } from '../../messages/sandbox-payload.ts';
import type { SetExpander } from '../../ports/set-expander.ts';
import { failed, invoke } from './invoke-sandbox.ts';

/**
 * Has sets expanded by the sandbox function. Inputs above 4 MB (packed) are a failure of the set, as is one that the
 * function dies of. Errors: AppError `sandbox-unavailable` (transient), `sandbox-refused` (permanent).
 */
export const createInvokedExpander = (client: LambdaClient, functionName: string): SetExpander => ({
  expand: async (set, inputs, before) => {
    const payload = pack({ expand: { set, inputs, ...(before ? { before } : {}) } });
    if (payload.length > PAYLOAD_LIMIT_BYTES) return { error: tooLarge(payload.length) };
    const answer = await invoke(client, functionName, payload);
    const text = Buffer.from(answer.Payload ?? new Uint8Array()).toString('utf8');
    if (answer.FunctionError === undefined) return readExpansion(text);
    const { code } = failed(answer.FunctionError, text).error;
    return { error: code === 'render-timeout' ? 'its templates took too long and were stopped' : OUT_OF_MEMORY };
  },
});

const OUT_OF_MEMORY = 'its templates ended the sandbox: they take too much memory';

const tooLarge = (bytes: number): string =>
  `what its generators read takes ${Math.ceil(bytes / 1_048_576)} MB packed, 4 MB at most are taken: name narrower paths`;

const isExpansion = (value: unknown): value is Expansion =>
  typeof value === 'object' && value !== null && ('manifests' in value || 'needs' in value || 'error' in value);

const readExpansion = (text: string): Expansion => {
  const answer = unpack(JSON.parse(text));
  if (isExpansion(answer)) return answer;
  throw permanent('sandbox-refused', 'the sandbox answered something else than an expansion');
};
