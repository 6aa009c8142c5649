import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { permanent } from '../domain/errors.ts';

/**
 * Takes the state directory for this process, so that no two stacks write one state. A lock left by a dead process is
 * taken over, also where its number is another process's by now (in containers it soon is). Errors: AppError
 * `state-not-writable`, `state-in-use` (permanent), each naming the directory.
 */
export const lockStateDir = async (dir: string): Promise<{ release(): Promise<void> }> => {
  const file = join(dir, 'lock');
  const own = `${process.pid} ${await birthOf(process.pid)}`;
  try {
    await mkdir(dir, { recursive: true });
    const holder = await readFile(file, 'utf8').catch(() => '');
    if (holder !== own) await takeFrom(dir, file, holder, own);
    await (await open(file, 'r')).close();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw permanent('state-not-writable', `cannot write to ${dir} (${error.code}): give another --state DIR`);
  }
  return {
    release: async () => {
      if ((await readFile(file, 'utf8').catch(() => '')) === own) await rm(file, { force: true });
    },
  };
};

const takeFrom = async (dir: string, file: string, holder: string, own: string): Promise<void> => {
  if (await outlives(holder)) throw inUse(dir, `process ${holder.split(' ')[0]}: end it`);
  if (holder !== '') await rm(file, { force: true });
  await writeFile(file, own, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? inUse(dir, 'another start at the same time: wait for it') : error;
  });
};

const inUse = (dir: string, by: string) =>
  permanent('state-in-use', `${dir} is in use by ${by}, or give another --state DIR`);

/** When a process was started, in the kernel's ticks; '' where that cannot be known. */
const birthOf = async (pid: number): Promise<string> => {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses, which may hold anything.
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && 'syscall' in error;

const PATIENCE_MS = 3_000;
const LOOK_MS = 50;

/** True where the holder still lives after a moment: one that was just killed may need that long to be gone. */
const outlives = async (holder: string): Promise<boolean> => {
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
    if (!(await isAlive(holder))) return false;
    await setTimeout(LOOK_MS);
  }
  return isAlive(holder);
};

const isAlive = async (holder: string): Promise<boolean> => {
  const [number, birth] = holder.split(' ');
  const pid = Number(number);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !birth || (await birthOf(pid)) === birth;
};
