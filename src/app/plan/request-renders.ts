import type { Origin } from '../../domain/origin.ts';
import { writePack } from '../../domain/pack.ts';
import { bundleKey, RENDER_TTL_SECONDS, type RenderRow } from '../../domain/render-row.ts';
import { type Bundle, makeBundle } from '../../domain/sources/bundle.ts';
import { stableDigest } from '../../domain/stable-digest.ts';
import type { RenderMessage } from '../../messages/render.ts';
import { eachOf } from '../each-of.ts';
import { updateRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';
import type { AffectedApplication, PlannedSource } from './inspect-application.ts';
import type { WrittenApplication } from './write-desired.ts';

const PACKS_IN_FLIGHT = 4;
/** A plan of a commit that touches all holds no more rows than this. */
const ROWS_AT_ONCE = 500;
/** Plain manifests are rendered in no time: so many keys, or so many bytes of files, are one message and one object. */
const PACK_KEYS = 20;
const PACK_BYTES = 262_144;
/** So many waiting applications are named in a message; more are looked up when it is done. */
const NAMED_AT_MOST = 100;

/** A source to render, and the applications that wait for it. */
interface Wanted {
  source: PlannedSource;
  applications: string[];
}

/** The renders of one plan, under way while it writes its applications' rows. */
export interface StartedRenders {
  /** The application's row is written, or needs no write. */
  written(application: string): void;
  /**
   * Ends when everything is asked for; the applications whose renders are all known by then go straight to sync. Errors: those
   * of queues, blobs, stores and repositories.
   */
  finish(all: readonly WrittenApplication[]): Promise<void>;
}

/**
 * Prepares every distinct render that there is not yet (its files in the cache), and asks for each as soon as the rows of
 * those that its message names are written: whoever renders wakes them, and what is planned first is applied while the rest
 * is still being planned.
 */
export const startRenders = (
  deps: PlanDeps,
  { affected, ...asked }: { affected: readonly AffectedApplication[] } & Asked,
): StartedRenders => {
  const written = new Set<string>();
  const waiting = new Map<string, Prepared[]>();
  const unnamed: RenderMessage[] = [];
  const sends: Promise<void>[] = [];
  const send = (message: RenderMessage): void => {
    const sent = deps.queues.renders([message]);
    // Thrown where it is awaited.
    sent.catch(() => undefined);
    sends.push(sent);
  };
  const prepared = prepareWanted(deps, wantedBy(affected), asked, (message) => {
    if (!message.applications) return void unnamed.push(message);
    const rest = message.applications.filter((id) => !written.has(id));
    if (rest.length === 0) return send(message);
    const one = { message, left: rest.length };
    for (const id of rest) waiting.set(id, [...(waiting.get(id) ?? []), one]);
  });
  prepared.catch(() => undefined);
  return {
    written: (application) => {
      written.add(application);
      for (const one of waiting.get(application) ?? []) if (--one.left === 0) send(one.message);
      waiting.delete(application);
    },
    finish: async (all) => {
      const ended = await prepared;
      await deps.queues.renders(unnamed);
      await Promise.all(sends);
      const ready = all.filter(({ renderKeys }) => renderKeys.every((key) => ended.has(key)));
      await deps.queues.syncs(ready.map(({ id }) => ({ version: 1, application: id, hops: 0 })));
    },
  };
};

interface Asked {
  /** Also what was rendered already. */
  again: boolean;
  /** The push that asks. */
  origin?: Origin | undefined;
}

/** A message, and how many of those that it names are not written yet. */
interface Prepared {
  message: RenderMessage;
  left: number;
}

/** Asks once for every distinct render of the sources that there is not yet; nobody is woken when it is there. */
export const requestSources = async (deps: PlanDeps, sources: readonly PlannedSource[]): Promise<void> => {
  const wanted = new Map(sources.map((source) => [source.renderKey, { source, applications: [] }]));
  const messages: RenderMessage[] = [];
  await prepareWanted(deps, wanted, { again: false }, (message) => void messages.push(message));
  await deps.queues.renders(messages);
};

/** Puts the files of what is missing into the cache, pack by pack; answers with the keys that were rendered, or failed to. */
const prepareWanted = async (
  deps: PlanDeps,
  wanted: ReadonlyMap<string, Wanted>,
  asked: Asked,
  onPrepared: (message: RenderMessage) => void,
): Promise<ReadonlySet<string>> => {
  const { again } = asked;
  const known = await readStates(deps, [...wanted.keys()]);
  const ended = new Set([...known].flatMap(([key, state]) => (state !== 'pending' && !again ? [key] : [])));
  const missing = [...wanted.values()].filter(({ source }) => !ended.has(source.renderKey));
  // A row that there is has to become, or to stay, pending; what has none needs none before it is rendered.
  const [first, repeated] = partition(missing, ({ source }) => !known.has(source.renderKey));
  await eachOf(repeated, PACKS_IN_FLIGHT, async (one) => onPrepared(await prepareAgain(deps, one, asked)));
  await eachOf(packsOf(first), PACKS_IN_FLIGHT, (pack) => preparePacks(deps, pack, onPrepared));
  return ended;
};

/** The state of every render that there is a row of, read a page at a time. */
const readStates = async (
  { renders }: Pick<PlanDeps, 'renders'>,
  keys: readonly string[],
): Promise<ReadonlyMap<string, RenderRow['state']>> => {
  const states = new Map<string, RenderRow['state']>();
  for (let at = 0; at < keys.length; at += ROWS_AT_ONCE) {
    const rows = await renders.getMany(keys.slice(at, at + ROWS_AT_ONCE));
    for (const { id, state } of rows) states.set(id, state);
  }
  return states;
};

const wantedBy = (affected: readonly AffectedApplication[]): Map<string, Wanted> => {
  const wanted = new Map<string, Wanted>();
  for (const { application, error, sources } of affected) {
    for (const source of error ? [] : sources) {
      const one = wanted.get(source.renderKey) ?? { source, applications: [] };
      one.applications.push(application.id);
      wanted.set(source.renderKey, one);
    }
  }
  return wanted;
};

const partition = <T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] => [
  items.filter(test),
  items.filter((item) => !test(item)),
];

/** What a tool renders takes its time, so nothing else is to wait for it: a pack of its own. */
const packsOf = (wanted: readonly Wanted[]): Wanted[][] => {
  const [plain, forTools] = partition(wanted, ({ source }) => source.inspection.render.tool === 'directory');
  const packs = Array.from({ length: Math.ceil(plain.length / PACK_KEYS) }, (_, i) =>
    plain.slice(i * PACK_KEYS, (i + 1) * PACK_KEYS),
  );
  return [...packs, ...forTools.map((one) => [one])];
};

const preparePacks = async (
  deps: PlanDeps,
  wanted: readonly Wanted[],
  onPrepared: (message: RenderMessage) => void,
): Promise<void> => {
  let pack = new Map<string, Bundle>();
  let applications: string[] = [];
  let bytes = 0;
  const end = async (): Promise<void> => {
    const renderKeys = [...pack.keys()];
    const name = bundleKey(stableDigest(renderKeys));
    await deps.blobs.put(name, writePack(pack));
    onPrepared({ version: 1, renderKeys, pack: name, ...named(applications) });
  };
  for (const one of wanted) {
    const bundle = makeBundle(one.source.inspection, await readContents(one.source));
    const size = sizeOf(bundle);
    if (pack.size > 0 && bytes + size > PACK_BYTES) {
      await end();
      [pack, applications, bytes] = [new Map(), [], 0];
    }
    pack.set(one.source.renderKey, bundle);
    applications.push(...one.applications);
    bytes += size;
  }
  await end();
};

const sizeOf = ({ files }: Bundle): number =>
  Object.values(files).reduce((sum, file) => sum + ('text' in file ? file.text : file.base64).length, 0);

const named = (applications: string[]): { applications?: string[] } =>
  applications.length <= NAMED_AT_MOST ? { applications } : {};

/** The row says that this is to be rendered, again or still: whoever comes upon it waits. */
const prepareAgain = async (
  deps: PlanDeps,
  { source, applications }: Wanted,
  { again, origin }: Asked,
): Promise<RenderMessage> => {
  const { inspection, renderKey } = source;
  const bundle = makeBundle(inspection, await readContents(source));
  const now = deps.clock();
  const due = now + 60_000;
  const expiresAt = Math.floor(now / 1_000) + RENDER_TTL_SECONDS;
  const pushed = origin ? { origin } : {};
  const pending: RenderRow = { id: renderKey, version: 0, state: 'pending', due, expiresAt, ...pushed };
  await Promise.all([
    deps.blobs.put(bundleKey(renderKey), writePack(new Map([[renderKey, bundle]]))),
    updateRow(deps.renders, renderKey, (known) =>
      known && known.state !== 'pending' && !again ? undefined : { ...pending, version: known?.version ?? 0 },
    ),
  ]);
  return { version: 1, renderKeys: [renderKey], ...named(applications) };
};

/** The bytes of every file of the bundle, from the source's own commit and from those that lend it value files. */
export const readContents = async ({
  from,
  refs,
  inspection,
}: PlannedSource): Promise<ReadonlyMap<string, Uint8Array>> => {
  const contents = new Map<string, Uint8Array>();
  for (const [ref, files] of Map.groupBy(inspection.files, (file) => file.ref)) {
    const lender = ref === undefined ? from : refs.get(ref);
    const blobs = await lender?.readBlobs(files.map(({ digest }) => digest));
    for (const [digest, bytes] of blobs ?? []) contents.set(digest, bytes);
  }
  return contents;
};
