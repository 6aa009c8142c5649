import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { permanent } from '../../domain/errors.ts';
import { cacheBroken } from './git-errors.ts';
import { type GitSettings, killGroup, spawnError, startGit } from './git-process.ts';
import { holding } from './ready-process.ts';

/** Larger objects are refused: nothing that is rendered is that large, and they are held in memory whole. */
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

export interface GitObject {
  id: string;
  type: string;
  data: Buffer;
}

interface Waiting {
  resolve(object: GitObject | undefined): void;
  reject(error: Error): void;
}

/** One reply that is being received: its header is read, `left` bytes (the closing newline too) are still to come. */
interface Receiving {
  id: string;
  type: string;
  size: number;
  chunks: Buffer[];
  left: number;
}

export interface ObjectReader {
  /** The object that an id, `<id>^{commit}` or the like stands for. Undefined: there is none. Errors: see below. */
  read(name: string): Promise<GitObject | undefined>;
  close(): void;
}

/**
 * Reads objects through one long-lived `git cat-file --batch`, started at the first read and again after it died.
 * Requests are pipelined: a hundred reads cost one round trip. Names must be ids, optionally peeled: a newline would
 * be a second request. Errors: AppError `git-cache-broken` (git gave up: the objects on disk are damaged),
 * `blob-too-large`, `git-missing`.
 */
export const createObjectReader = (settings: GitSettings, directory: string): ObjectReader => {
  let running: { child: ChildProcessWithoutNullStreams; waiting: Waiting[] } | undefined;
  const start = () => {
    const child = startGit(settings, ['cat-file', '--batch'], { cwd: directory });
    const process = { child, waiting: [] as Waiting[] };
    const fail = (error: Error): void => {
      if (running === process) running = undefined;
      for (const { reject } of process.waiting.splice(0)) reject(error);
    };
    child.stdout.on('data', createParser(process.waiting));
    child.stderr.resume();
    child.stdin.on('error', (error) => fail(cacheBroken('git cat-file went away', error)));
    child.once('error', (error) => fail(spawnError(error)));
    child.once('close', () => fail(cacheBroken('git cat-file ended')));
    // Waiting for the next request must not keep Node alive; git ends by itself when its standard input closes.
    holding(child, 'unref');
    return process;
  };
  return {
    read: (name) =>
      new Promise((resolve, reject) => {
        running ??= start();
        running.waiting.push({ resolve, reject });
        running.child.stdin.write(`${name}\n`);
      }),
    close: () => {
      if (running) killGroup(running.child);
      running = undefined;
    },
  };
};

/** Cuts the output of `git cat-file --batch` into replies: `<id> <type> <size>\n<bytes>\n`, or `<name> missing\n`. */
const createParser = (waiting: Waiting[]): ((chunk: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  let receiving: Receiving | undefined;
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (receiving) {
        const part = rest.subarray(0, receiving.left);
        rest = rest.subarray(part.length);
        take(receiving, part);
        if (receiving.left > 0) return;
        finish(waiting.shift(), receiving);
        receiving = undefined;
      }
      const end = rest.indexOf(10);
      if (end === -1) return;
      const header = rest.subarray(0, end).toString('utf8');
      rest = rest.subarray(end + 1);
      receiving = parseHeader(header);
      if (!receiving) waiting.shift()?.resolve(undefined);
    }
  };
};

const HEADER = /^([0-9a-f]{40}|[0-9a-f]{64}) (commit|tree|blob|tag) (\d+)$/;

/** Anything but a header says that there is no such object (`missing`, `ambiguous`). */
const parseHeader = (line: string): Receiving | undefined => {
  const [, id, type, size] = HEADER.exec(line) ?? [];
  if (id === undefined || type === undefined) return undefined;
  return { id, type, size: Number(size), chunks: [], left: Number(size) + 1 };
};

const take = (receiving: Receiving, part: Buffer): void => {
  receiving.left -= part.length;
  if (receiving.size <= MAX_OBJECT_BYTES) receiving.chunks.push(part);
};

const finish = (waiter: Waiting | undefined, { id, type, size, chunks }: Receiving): void => {
  if (size > MAX_OBJECT_BYTES) {
    waiter?.reject(
      permanent('blob-too-large', `object ${id} has ${size} bytes, more than ${MAX_OBJECT_BYTES}`, {
        details: { id, size },
      }),
    );
    return;
  }
  const [only] = chunks;
  const data = chunks.length === 1 && only ? only : Buffer.concat(chunks);
  // A copy for small parts of a large chunk would cost more than it frees: blobs are short-lived.
  waiter?.resolve({ id, type, data: data.subarray(0, size) });
};
