import { type GitSettings, runGit } from './git-process.ts';
import type { ObjectStore } from './object-store.ts';

const TIMEOUT_MS = 10 * 60_000;
/** Every so many fetches; each leaves a handful of small files. */
const EVERY = 500;

/**
 * Packs the cache and drops what no kept ref reaches and is older than a day. Safe beside reads and fetches; a reader that
 * still wants a dropped object fetches it again. A failure costs disk space only. Answers whether git was content.
 */
export const collectGarbage = async (settings: GitSettings, store: ObjectStore): Promise<boolean> => {
  const args = ['gc', '--quiet', '--prune=1.day.ago'];
  return (await runGit(settings, args, { cwd: store.directory, timeoutMs: TIMEOUT_MS })).status === 0;
};

/** Counts fetches and collects garbage behind every five hundredth, without anyone waiting for it. */
export const createGarbageCollector = (settings: GitSettings): ((store: ObjectStore) => void) => {
  let fetches = 0;
  return (store) => {
    fetches += 1;
    if (fetches % EVERY === 0) void collectGarbage(settings, store).catch(() => false);
  };
};
