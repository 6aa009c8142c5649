/** One ref that moved. Zeros stand for a ref that was not there, or is no more. */
export interface RefUpdate {
  ref: string;
  before: string;
  after: string;
}

const COMMAND = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) (refs\/[^\0\n]+)/;

/** True for the id of nothing. */
export const isZero = (id: string): boolean => /^0+$/.test(id);

/** What a reader of commands has seen so far. `done`: the list is complete, what follows is the pack. */
export interface CommandReader {
  take(chunk: Buffer): void;
  updates(): RefUpdate[];
}

/**
 * Reads along the beginning of a push: packets of `<old id> <new id> <ref>` up to the flush packet.
 * Source: gitprotocol-pack(5), "Reference Update Request and Packfile Transfer".
 */
export const createCommandReader = (): CommandReader => {
  const updates: RefUpdate[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let done = false;
  return {
    updates: () => updates,
    take: (chunk) => {
      if (done) return;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= 4) {
        const length = Number.parseInt(rest.toString('latin1', 0, 4), 16);
        // 0 is the flush packet; anything below 4 or unreadable ends what can be understood.
        if (!(length >= 4)) {
          done = true;
          rest = Buffer.alloc(0);
          return;
        }
        if (rest.length < length) return;
        const [, before, after, ref] = COMMAND.exec(rest.toString('utf8', 4, length)) ?? [];
        if (before && after && ref) updates.push({ ref, before, after });
        rest = rest.subarray(length);
      }
    },
  };
};
