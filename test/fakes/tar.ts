import { gzipSync } from 'node:zlib';

/** One entry of an archive: a file's content, a link, or what else a tar can hold. */
export interface TarEntry {
  name: string;
  content?: string | Uint8Array;
  /** Target of a symbolic link (or, with `hard`, of a hard link). */
  link?: string;
  hard?: boolean;
  directory?: boolean;
  /** What the header says, where it lies. */
  size?: number;
}

const BLOCK = 512;

const header = ({ name, link, hard, directory, ...entry }: TarEntry, bytes: number): Buffer => {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  block.write(name.slice(0, 100), 0);
  block.write(octal(0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(entry.size ?? bytes, 12), 124);
  block.write(octal(0, 12), 136);
  block.write('        ', 148);
  block.write(link === undefined ? (directory ? '5' : '0') : hard ? '1' : '2', 156);
  block.write(link ?? '', 157);
  block.write('ustar\x0000', 257);
  block.write(
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return block;
};

/** A tar archive, uncompressed. */
export const tar = (entries: readonly TarEntry[]): Buffer => {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '');
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(entry, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
};

/** A chart as Helm packs it: every file below the chart's name. */
export const packChart = (name: string, files: Readonly<Record<string, string>>): Buffer =>
  gzipSync(tar(Object.entries(files).map(([path, content]) => ({ name: `${name}/${path}`, content }))));
