import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Reads a kubeconfig, or a file that one names; `~` is the user's home. */
export const readLocalFile = (path: string): Promise<Uint8Array> =>
  readFile(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path);
