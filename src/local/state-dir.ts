import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { permanent } from '../domain/errors.ts';

/**
 * Takes the state directory for this process, so that no two stacks write one state. A lock left by a dead process is
 * taken over. Errors: AppError `state-not-writable`, `state-in-use` (permanent), each naming the directory.
 */
export const lockStateDir = async (dir: string): Promise<{ release(): Promise<void> }> => {
  const file = join(dir, 'lock');
  try {
    await mkdir(dir, { recursive: true });
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'));
    if (holder !== process.pid && (await outlives(holder))) {
      throw permanent('state-in-use', `${dir} is in use by process ${holder}: end it, or give another --state DIR`);
    }
    await writeFile(file, String(process.pid));
    await (await open(file, 'r')).close();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw permanent('state-not-writable', `cannot write to ${dir} (${error.code}): give another --state DIR`);
  }
  return { release: () => rm(file, { force: true }) };
};

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && 'syscall' in error;

const PATIENCE_MS = 3_000;
const LOOK_MS = 50;

/** True where the holder still lives after a moment: one that was just killed may need that long to be gone. */
const outlives = async (holder: number): Promise<boolean> => {
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    if (!isAlive(holder)) return false;
    await setTimeout(LOOK_MS);
  }
  return isAlive(holder);
};

const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
