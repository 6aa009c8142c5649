import type { TreeEntry } from '../../ports/repository.ts';
import { cacheBroken } from './git-errors.ts';

export interface RawEntry {
  name: string;
  mode: TreeEntry['mode'];
  digest: string;
}

/** Unknown bits (old repositories hold 100664) mean a plain file, as in git. */
const modeOf = (data: Buffer, start: number, end: number): TreeEntry['mode'] => {
  let mode = 0;
  for (let at = start; at < end; at += 1) mode = mode * 8 + (data[at] ?? 0) - 0x30;
  switch (mode & 0o170000) {
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    case 0o160000:
      return 'submodule';
    default:
      return mode & 0o100 ? 'executable' : 'file';
  }
};

/**
 * Parses a tree object: entries of `<octal mode> <name>\0<raw id>`. `idBytes`: 20 for SHA-1, 32 for SHA-256. Names are
 * read as UTF-8. Errors: AppError `git-cache-broken` where the bytes are no tree.
 */
export const parseTreeObject = (data: Buffer, idBytes: number): RawEntry[] => {
  const entries: RawEntry[] = [];
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const end = data.indexOf(0, space);
    if (space === -1 || end === -1 || end + idBytes >= data.length + 1) throw cacheBroken('a tree object is cut off');
    entries.push({
      mode: modeOf(data, at, space),
      name: data.toString('utf8', space + 1, end),
      digest: data.toString('hex', end + 1, end + 1 + idBytes),
    });
    at = end + 1 + idBytes;
  }
  return entries;
};
