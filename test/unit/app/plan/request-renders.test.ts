import { describe, expect, it } from 'vitest';
import { applicationYaml, configMapYaml, createMemoryStack, MAIN, REPOSITORY } from '../../../fakes/memory-stack.ts';

/** More than are named, and packed, in one message. */
const NAMES = Array.from({ length: 45 }, (_, at) => `app-${String(at).padStart(2, '0')}`);
const FILES = Object.fromEntries(
  NAMES.flatMap((name) => [
    [`apps/${name}.yaml`, applicationYaml(name, `work/${name}`, 'dev')],
    [`work/${name}/config.yaml`, configMapYaml(name, name)],
  ]),
);

const plan = async (stack: Awaited<ReturnType<typeof createMemoryStack>>): Promise<void> => {
  const commit = stack.repository.commit(MAIN, FILES);
  await stack.handlers.changes({ version: 1, repository: REPOSITORY, ref: MAIN, cause: 'push', commit });
};

describe('the renders of a plan', () => {
  it('are asked for when the rows of all that a message names are written, and not before', async () => {
    const stack = await createMemoryStack();
    const { renders } = stack.queues;
    const early: string[] = [];
    stack.queues.renders = (messages, options) => {
      for (const id of messages.flatMap(({ applications = [] }) => applications)) {
        if (!stack.applications.rows.get(id)?.desired) early.push(id);
      }
      return renders(messages, options);
    };
    await plan(stack);
    expect(early).toEqual([]);
    const sent = stack.sent.renders.flatMap(({ message }) => message.applications ?? []);
    expect(sent.toSorted()).toEqual(NAMES.map((name) => `argocd/${name}`));
  });

  it('are asked for while other rows are still being written', async () => {
    const stack = await createMemoryStack();
    const { renders } = stack.queues;
    const { save } = stack.applications;
    const asked = Promise.withResolvers<void>();
    stack.queues.renders = (messages, options) => {
      asked.resolve();
      return renders(messages, options);
    };
    stack.applications.save = async (row) => {
      // Whoever asked only once all are written would wait here for good.
      if (row.id === 'argocd/app-44') await asked.promise;
      return save(row);
    };
    await plan(stack);
    expect(stack.applications.rows.get('argocd/app-44')?.desired).toBeDefined();
  });
});
