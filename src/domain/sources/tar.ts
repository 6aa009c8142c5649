/** A regular file of an archive. */
export interface ArchivedFile {
  /** As the archive says it: nothing is known of where it leads. */
  name: string;
  bytes: Uint8Array;
}

const BLOCK = 512;
const ENTRIES_AT_MOST = 20_000;

/**
 * The regular files of a tar archive (ustar, with GNU's and POSIX's long names), in order. Links, devices and directories
 * are left out: a link leads somewhere. What is wrong with the archive is the answer's `reason`.
 */
export const readTar = (archive: Uint8Array): { files: ArchivedFile[] } | { reason: string } => {
  const files: ArchivedFile[] = [];
  let longName: string | undefined;
  let entries = 0;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return { files };
    const size = sizeOf(header);
    entries += 1;
    if (size === undefined || !isHeader(header)) return { reason: 'it is no tar archive' };
    if (entries > ENTRIES_AT_MOST) return { reason: `it holds more than ${ENTRIES_AT_MOST} entries` };
    const bytes = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (bytes.length < size) return { reason: 'it is cut off' };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[TYPE] ?? 0);
    if (type === 'L') longName = textOf(bytes);
    else if (type === 'x') longName = pathOfPax(bytes) ?? longName;
    else if (type !== 'g' && type !== 'K') {
      if (type === '0' || type === '\0' || type === '7') files.push({ name: longName ?? nameOf(header), bytes });
      longName = undefined;
    }
  }
  return files.length > 0 ? { files } : { reason: 'it is no tar archive' };
};

const TYPE = 156;
const decoder = new TextDecoder();

/** Text up to the first NUL. */
const textOf = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
};

/** Octal text; GNU's binary sizes are beyond what is taken in anyway. */
const sizeOf = (header: Uint8Array): number | undefined => {
  const text = textOf(header.subarray(124, 136)).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
};

const CHECKSUM = { from: 148, to: 156 };

const isHeader = (header: Uint8Array): boolean => {
  const stated = Number.parseInt(textOf(header.subarray(CHECKSUM.from, CHECKSUM.to)).trim(), 8);
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= CHECKSUM.from && index < CHECKSUM.to ? 32 : byte;
  return sum === stated;
};

const nameOf = (header: Uint8Array): string => {
  const name = textOf(header.subarray(0, 100));
  const isUstar = textOf(header.subarray(257, 263)).startsWith('ustar');
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
};

/** `<length> path=<name>\n` among the records of a POSIX header. */
const pathOfPax = (bytes: Uint8Array): string | undefined =>
  /(?:^|\n)\d+ path=([^\n]*)\n/.exec(decoder.decode(bytes))?.[1];
