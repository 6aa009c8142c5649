import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { isRecord } from '../json.ts';

/** One change: an object put under (resource, key), or taken away (no object). */
export interface JournalEntry {
  resource: string;
  key: string;
  /** The store's revision at this change. */
  revision: number;
  /** JSON text of the object. */
  object?: string;
}

export interface Journal {
  /** What was there at opening, in order. */
  entries(): Generator<{ resource: string; key: string; revision: number; object?: unknown }>;
  /** In the file (and so safe from a kill of this process) when it returns. */
  append(entry: JournalEntry): void;
  /** Replaces everything by these entries, in one rename. */
  compact(entries: Iterable<JournalEntry>): void;
  /** Entries in the file. */
  size(): number;
  close(): void;
}

const lineOf = ({ resource, key, revision, object }: JournalEntry): string =>
  `{"r":${JSON.stringify(resource)},"k":${JSON.stringify(key)},"v":${revision}${object === undefined ? '' : `,"o":${object}`}}\n`;

const writeAll = (fd: number, text: string, from: number): number => {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, from + written);
  return bytes.length;
};

/** The whole lines of a file; what a kill left of the last one is dropped. */
const wholeLines = (file: string): { text: string; bytes: number } => {
  if (!existsSync(file)) return { text: '', bytes: 0 };
  const content = readFileSync(file);
  const bytes = content.lastIndexOf(0x0a) + 1;
  return { text: content.subarray(0, bytes).toString('utf8'), bytes };
};

const parseLine = (file: string, line: string, number: number) => {
  const value: unknown = JSON.parse(line);
  if (isRecord(value) && typeof value.r === 'string' && typeof value.k === 'string' && typeof value.v === 'number') {
    return { resource: value.r, key: value.k, revision: value.v, ...('o' in value ? { object: value.o } : {}) };
  }
  throw new Error(`${file}:${number}: not a line of an embedded cluster's journal; delete the file to start empty`);
};

/** An append-only file of changes, one JSON object a line; a torn last line is dropped. Errors: Node's of the file system. */
export const openJournal = (file: string): Journal => {
  const { text, bytes } = wholeLines(file);
  const lines = text === '' ? [] : text.slice(0, -1).split('\n');
  let fd = openSync(file, existsSync(file) ? 'r+' : 'w+', 0o600);
  ftruncateSync(fd, bytes);
  let offset = bytes;
  let size = lines.length;
  return {
    entries: function* () {
      for (const [index, line] of lines.entries()) yield parseLine(file, line, index + 1);
      lines.length = 0;
    },
    append: (entry) => {
      try {
        offset += writeAll(fd, lineOf(entry), offset);
      } catch (error) {
        // A full disk: leave no half line for the next one to grow on.
        ftruncateSync(fd, offset);
        throw error;
      }
      size += 1;
    },
    compact: (entries) => {
      const next = `${file}.next`;
      const target = openSync(next, 'w', 0o600);
      const all = [...entries].map(lineOf);
      const length = writeAll(target, all.join(''), 0);
      fsyncSync(target);
      renameSync(next, file);
      closeSync(fd);
      fd = target;
      offset = length;
      size = all.length;
    },
    size: () => size,
    close: () => closeSync(fd),
  };
};
