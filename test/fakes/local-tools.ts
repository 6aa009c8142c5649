import { fileURLToPath } from 'node:url';
import { findTools, type Tools } from '../../src/local/tools/find-tools.ts';

/** The tools that the local stack would run; unpacked once for all test files and the stack of this checkout. */
export const localTools = (): Promise<Tools> =>
  findTools(fileURLToPath(new URL('../../.towline', import.meta.url)), process.env);
