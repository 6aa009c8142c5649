import { cacheBroken } from './git-errors.ts';

/** One packet of git's wire protocol. */
export type Packet = { type: 'data'; data: Buffer } | { type: 'flush' | 'delimiter' | 'end' };

const SPECIAL = ['flush', 'delimiter', 'end'] as const;
/** A packet's whole length may not be more: gitprotocol-common(5). */
const MAX_PACKET = 65_520;

/** Frames lines as packets; `flush` and `delimiter` stand for themselves. Lines without a newline get one. */
export const writePackets = (lines: readonly (string | { type: 'flush' | 'delimiter' })[]): Buffer =>
  Buffer.concat(lines.map((line) => (typeof line === 'string' ? frame(line) : MARKS[line.type])));

const MARKS = { flush: Buffer.from('0000'), delimiter: Buffer.from('0001') };

const frame = (line: string): Buffer => {
  const data = Buffer.from(line.endsWith('\n') ? line : `${line}\n`);
  return Buffer.concat([Buffer.from((data.length + 4).toString(16).padStart(4, '0')), data]);
};

/** Cuts a stream into packets. Errors: AppError `git-cache-broken` where it is no packet stream or ends in one. */
export async function* readPackets(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Packet, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk]);
    for (;;) {
      const packet = firstPacket(rest);
      if (!packet) break;
      rest = rest.subarray(packet.bytes);
      yield packet.packet;
    }
  }
  if (rest.length > 0) throw cacheBroken('the server broke off in the middle of a packet');
}

const firstPacket = (buffer: Buffer): { packet: Packet; bytes: number } | undefined => {
  if (buffer.length < 4) return undefined;
  const text = buffer.toString('latin1', 0, 4);
  const length = /^[0-9a-f]{4}$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  const special = SPECIAL[length];
  if (special) return { packet: { type: special }, bytes: 4 };
  if (!(length >= 4 && length <= MAX_PACKET)) throw cacheBroken('the server did not answer in packets');
  if (buffer.length < length) return undefined;
  return { packet: { type: 'data', data: buffer.subarray(4, length) }, bytes: length };
};

/** A packet's text without its newline. */
export const textOf = (data: Buffer): string => {
  const text = data.toString('utf8');
  return text.endsWith('\n') ? text.slice(0, -1) : text;
};
