import { isObjectId } from '../../domain/git-name.ts';
import { cacheBroken, unreachable } from './git-errors.ts';
import { type GitSettings, runGit } from './git-process.ts';
import type { ObjectStore } from './object-store.ts';
import { type Packet, readPackets, textOf, writePackets } from './pkt-line.ts';
import type { SmartHttp } from './smart-http.ts';
import { type Capabilities, commandLines } from './smart-refs.ts';

/** As git's `fetch.unpackLimit`: smaller packs become loose objects, larger ones are kept and indexed. */
const UNPACK_LIMIT = 100;
const MAX_HAVES = 64;
const TIMEOUT_MS = 60_000;

export interface PackRequest {
  http: SmartHttp;
  url: string;
  capabilities: Capabilities;
  settings: GitSettings;
  store: ObjectStore;
}

/**
 * Fetches objects in one round trip and stores them, checked. `wants`: ids, or full ref names where the server takes
 * them. `haves`: commits that are whole in the store, so that only what they lack is sent. Answers with the ids of the
 * refs by name; undefined: the server has not got one of `wants`. Source: gitprotocol-v2(5), fetch.
 *
 * `shallow`: asks for the commits alone, at depth one. For that the server looks at every entry of the trees we have.
 * Without it, it walks only what changed since, and believes that we have all history: it may (rarely) leave out what
 * an older commit held, which git finds when it stores the pack (`git-cache-broken`).
 */
export const fetchPack = async (
  request: PackRequest,
  wants: readonly string[],
  haves: readonly string[],
  { shallow }: { shallow: boolean },
): Promise<ReadonlyMap<string, string> | undefined> => {
  const known = haves.slice(-MAX_HAVES);
  const body = writePackets([
    ...commandLines('fetch', request.capabilities),
    { type: 'delimiter' },
    'thin-pack',
    'ofs-delta',
    'no-progress',
    ...(shallow ? ['deepen 1', ...known.map((id) => `shallow ${id}`)] : []),
    ...wants.map((want) => (isObjectId(want) ? `want ${want}` : `want-ref ${want}`)),
    ...known.map((id) => `have ${id}`),
    'done',
    { type: 'flush' },
  ]);
  const packets = readPackets(await request.http.command(body));
  const start = await readUpToPack(request.url, packets);
  if (!start) return undefined;
  await request.store.addShallow(start.shallow);
  await storePack(request, packData(request.url, packets));
  return start.ids;
};

/** Reads the sections before the pack. An `ERR` packet in answer to a want says that there is no such object. */
const readUpToPack = async (
  url: string,
  packets: AsyncGenerator<Packet, void>,
): Promise<{ shallow: string[]; ids: Map<string, string> } | undefined> => {
  const shallow: string[] = [];
  const ids = new Map<string, string>();
  // By hand: leaving a `for await` would end the generator, and the pack is still to come out of it.
  for (let next = await packets.next(); !next.done; next = await packets.next()) {
    if (next.value.type !== 'data') continue;
    const line = textOf(next.value.data);
    if (line === 'packfile') return { shallow, ids };
    const [word = '', ...rest] = line.split(' ');
    if (word === 'ERR') {
      await packets.return();
      return undefined;
    }
    if (word === 'shallow') shallow.push(rest.join(' '));
    else if (isObjectId(word)) ids.set(rest.join(' '), word);
  }
  throw unreachable(url, 'it sent no pack');
};

/** The pack out of the side bands: 1 is data, 2 progress, 3 a fatal error. */
async function* packData(url: string, packets: AsyncGenerator<Packet, void>): AsyncGenerator<Buffer, void> {
  for await (const packet of packets) {
    if (packet.type !== 'data') continue;
    const band = packet.data[0];
    if (band === 1) yield packet.data.subarray(1);
    if (band === 3) throw unreachable(url, `the server says: ${textOf(packet.data.subarray(1))}`);
  }
}

const storePack = async ({ settings, store }: PackRequest, data: AsyncGenerator<Buffer, void>): Promise<void> => {
  const first: Buffer[] = [];
  // The pack's header (`PACK`, version, number of objects) decides how it is kept.
  for (let next = await data.next(); !next.done; next = await data.next()) {
    first.push(next.value);
    if (byteCount(first) >= 12) break;
  }
  const start = Buffer.concat(first);
  if (start.length < 12) throw cacheBroken('the server sent a pack without a header');
  const count = start.readUInt32BE(8);
  if (count === 0) {
    for await (const _rest of data);
    return;
  }
  const input = followedBy(start, data);
  const indexed = { cwd: store.directory, input, timeoutMs: TIMEOUT_MS };
  const { status, stderr } = await (count < UNPACK_LIMIT
    ? store.unpack(input, TIMEOUT_MS)
    : runGit(settings, ['index-pack', '--stdin', '--fix-thin', '--strict'], indexed));
  if (status !== 0) throw cacheBroken(stderr || `git ended with status ${status} upon a pack`);
};

const byteCount = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0);

async function* followedBy(start: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield start;
  yield* rest;
}
