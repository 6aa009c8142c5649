import { badRequest } from '../api-status.ts';

/** One field as it is on the wire: a number, or bytes. */
export interface WireField {
  number: number;
  integer?: number;
  bytes?: Uint8Array;
}

const malformed = () => badRequest('the protobuf message is malformed');

/** A varint, 64 bits at most, as a signed number. */
const varint = (bytes: Uint8Array, from: number): { value: number; next: number } => {
  let value = 0n;
  for (let index = from; index < bytes.length && index < from + 10; index += 1) {
    const byte = bytes[index] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (index - from));
    if (byte < 0x80) return { value: Number(BigInt.asIntN(64, value)), next: index + 1 };
  }
  throw malformed();
};

/** The fields of a message in their order. Errors: ApiStatus 400. */
export const wireFields = (bytes: Uint8Array): WireField[] => {
  const fields: WireField[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { value: tag, next } = varint(bytes, at);
    const number = Math.floor(tag / 8);
    const start = varint(bytes, next);
    switch (tag % 8) {
      case 0:
        fields.push({ number, integer: start.value });
        at = start.next;
        break;
      case 2:
        at = start.next + start.value;
        if (start.value < 0 || at > bytes.length) throw malformed();
        fields.push({ number, bytes: bytes.subarray(start.next, at) });
        break;
      default:
        // Kubernetes' messages have no other wire types that a client writes.
        throw malformed();
    }
  }
  return fields;
};
