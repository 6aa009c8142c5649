import { createReadModel } from '../../src/app/read-model.ts';
import type { RemoteInput } from '../../src/cli/api-client.ts';
import { createControlRoutes } from '../../src/ui/control-routes.ts';
import { createUi } from '../../src/ui/routes.ts';
import type { createMemoryStack } from './memory-stack.ts';

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;

/** Runs commands against the real API over a stack in memory; while a command waits, `onPause` is what happens. */
export const createRemote = (stack: Stack, command: (input: RemoteInput) => Promise<number>) => {
  const app = createUi(createReadModel(stack), stack.clock).route('/', createControlRoutes(stack.control, {}));
  const fetch: RemoteInput['fetch'] = (input, init) => Promise.resolve(app.fetch(new Request(input, init)));
  return async (line: string, more: Partial<RemoteInput> & { onPause?: () => Promise<unknown> } = {}) => {
    let out = '';
    let err = '';
    const { onPause = () => stack.settle(1), ...input } = more;
    const code = await command({
      args: line.split(' ').filter(Boolean),
      cwd: '/',
      environment: {},
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        err += text;
      },
      fetch,
      clock: stack.clock,
      pause: async (milliseconds) => {
        stack.time.now += milliseconds;
        await onPause();
      },
      ...input,
    });
    return { code, out, err };
  };
};
