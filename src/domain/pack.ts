/**
 * Several JSON documents as the bytes of one object of the blob cache, a line each: key, tab, JSON. One read and one write
 * serve many renders, and who needs one document parses no other.
 */
export const writePack = (documents: ReadonlyMap<string, unknown>): Buffer =>
  Buffer.from([...documents].map(([key, document]) => `${key}\t${JSON.stringify(document)}\n`).join(''));

/** The JSON texts of a pack by their keys. */
export const readPack = (bytes: Uint8Array): Map<string, string> => {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const end = line.indexOf('\t');
      return end < 0 ? [] : [[line.slice(0, end), line.slice(end + 1)] as const];
    }),
  );
};
