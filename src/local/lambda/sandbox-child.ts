// The sandbox function in a process of its own, as in AWS it is a function of its own: forked by invoke-server.ts with an
// empty environment but for the tools' places. One message in, one out.
import { createSandboxHandler } from '../../../functions/sandbox.ts';

interface Invocation {
  id: number;
  payload: unknown;
}

const [helm = '', kubectl = '', temporary = ''] = process.argv.slice(2);
// Off the way of the sync that follows a render.
const handle = createSandboxHandler({ helm, kubectl, temporary, aheadAfterMilliseconds: 100 });

const answer = async ({ id, payload }: Invocation): Promise<void> => {
  try {
    process.send?.({ id, result: await handle(payload) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    process.send?.({ id, error: { errorType: name, errorMessage: message } });
  }
};

process.on('message', (invocation: Invocation) => void answer(invocation));
// The stack that started it is gone: so is the reason to live.
process.on('disconnect', () => process.exit(0));
