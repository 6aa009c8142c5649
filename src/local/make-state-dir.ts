import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a folder for what Towline keeps to itself, parents included, where there is none; Git leaves out what is in it, as
 * it may be inside a working tree. A folder that is there stays as it is. Errors: those of the file system.
 */
export const makeStateDir = (path: string): void => {
  if (mkdirSync(path, { recursive: true }) === undefined) return;
  writeFileSync(join(path, '.gitignore'), '*\n');
};
