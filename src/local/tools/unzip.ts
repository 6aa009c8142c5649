import { chmod, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const STORED = 0;
const TAIL_BYTES = 65_557;

interface Entry {
  name: string;
  method: number;
  packedBytes: number;
  offset: number;
}

/**
 * Unpacks an archive of ours (the layer's zip: two executables) into `target`, whole or not at all. For archives from
 * outside use a library that minds hostile ones. Format: PKWARE's APPNOTE.
 */
export const unzipExecutables = async (archive: string, target: string): Promise<void> => {
  const file = await open(archive);
  const unpacked = `${target}.unpacking-${process.pid}`;
  try {
    for (const entry of await readDirectory(file)) {
      if (entry.name.endsWith('/')) continue;
      const path = join(unpacked, entry.name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await readEntry(file, entry));
      await chmod(path, 0o755);
    }
    await rename(unpacked, target).catch(unlessThere);
  } finally {
    await file.close();
    await rm(unpacked, { recursive: true, force: true });
  }
};

/** Another process may have unpacked the same meanwhile. */
const unlessThere = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
};

type File = Awaited<ReturnType<typeof open>>;

const readAt = async (file: File, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, position);
  return buffer;
};

const readDirectory = async (file: File): Promise<Entry[]> => {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - TAIL_BYTES), Math.min(size, TAIL_BYTES));
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(END_OF_DIRECTORY);
  const end = tail.lastIndexOf(mark);
  const count = tail.readUInt16LE(end + 10);
  const directory = await readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: Entry[] = [];
  for (let at = 0; entries.length < count; ) {
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
};

const readEntry = async (file: File, { offset, packedBytes, method }: Entry): Promise<Buffer> => {
  const header = await readAt(file, offset, 30);
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = await readAt(file, start, packedBytes);
  return method === STORED ? packed : inflateRawSync(packed);
};
