import { ApplicationDetail, Refreshed } from './api-answers.ts';
import { deadlineOf, pauseFor } from './api-client.ts';
import type { AppCommand } from './app-command.ts';

/** Pause between two looks at an application (ms). */
export const LOOK_EVERY_MS = 500;

const REFRESH_SECONDS = '60';

/**
 * Asks for a comparison and waits until it is made: what is shown then is as the cluster is now. Says so where it was not made
 * in time. Errors: those of the API.
 */
export const refreshFirst = async (
  { input, client, path, timeout }: AppCommand,
  body: { hard: boolean },
): Promise<void> => {
  const { clock = Date.now, writeError = input.write } = input;
  const deadline = deadlineOf(input, timeout ?? REFRESH_SECONDS);
  const { at } = await client.post(`${path}/refresh`, body, Refreshed);
  for (;;) {
    const { compared } = await client.get(path, ApplicationDetail);
    if (compared && compared.at >= at) return;
    if (clock() >= deadline)
      return writeError('towline app: it was not compared in time; this is what was known before\n');
    await pauseFor(input, LOOK_EVERY_MS);
  }
};
