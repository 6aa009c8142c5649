import { join, resolve } from 'node:path';
import { makeStateDir } from '../local/make-state-dir.ts';
import { type CommandInput, STATE_DIR } from './command-line.ts';

/**
 * Where offline commands unpack helm and kubectl: the user's cache folder, so that it happens once and leaves nothing in a
 * working tree; below the current directory where there is none that can be written to.
 */
export const toolsDir = ({ cwd, environment }: Pick<CommandInput, 'cwd' | 'environment'>): string => {
  const { XDG_CACHE_HOME, HOME } = environment;
  const caches = XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
  const own = caches ? join(resolve(cwd, caches), 'towline') : undefined;
  try {
    if (own !== undefined) makeStateDir(own);
    return own ?? resolve(cwd, STATE_DIR);
  } catch {
    return resolve(cwd, STATE_DIR);
  }
};
