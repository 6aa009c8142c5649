import { bundleKey, RENDER_TTL_SECONDS, type RenderRow } from '../../domain/render-row.ts';
import { makeBundle } from '../../domain/sources/bundle.ts';
import { eachOf } from '../each-of.ts';
import { updateKnownRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';
import type { PlannedSource } from './inspect-application.ts';
import type { WrittenApplication } from './write-desired.ts';

const BUNDLES_IN_FLIGHT = 8;

/**
 * Asks once for every distinct render key that is not rendered yet, and sends the applications whose renders are all
 * known straight to sync. Runs after the rows are written: a render that ends meanwhile looks for waiting rows itself.
 */
export const requestRenders = async (
  deps: PlanDeps,
  { written, again }: { written: readonly WrittenApplication[]; again: boolean },
): Promise<void> => {
  const sources = new Map<string, PlannedSource>();
  for (const { affected } of written) {
    if (!affected.error) for (const source of affected.sources) sources.set(source.renderKey, source);
  }
  const rows = await deps.renders.getMany([...sources.keys()]);
  const known = new Map(rows.map((row) => [row.id, row]));
  const ended = new Set(rows.filter(({ state }) => state !== 'pending').map(({ id }) => id));
  const missing = [...sources.values()].filter(({ renderKey }) => again || !ended.has(renderKey));
  await eachOf(missing, BUNDLES_IN_FLIGHT, (source) => requestRender(deps, source, known.get(source.renderKey), again));
  await deps.queues.renders(missing.map(({ renderKey }) => ({ version: 1, renderKey })));
  const ready = written.filter(({ row }) => row.desired?.renderKeys.every((key) => ended.has(key) && !again));
  await deps.queues.syncs(ready.map(({ row }) => ({ version: 1, application: row.id, hops: 0 })));
};

const requestRender = async (
  deps: PlanDeps,
  source: PlannedSource,
  row: RenderRow | undefined,
  again: boolean,
): Promise<void> => {
  const { inspection, renderKey } = source;
  const bundle = makeBundle(inspection, await readContents(source));
  const now = deps.clock();
  const due = now + 60_000;
  const expiresAt = Math.floor(now / 1_000) + RENDER_TTL_SECONDS;
  const pending: RenderRow = { id: renderKey, version: row?.version ?? 0, state: 'pending', due, expiresAt };
  await Promise.all([
    deps.blobs.put(bundleKey(renderKey), Buffer.from(JSON.stringify(bundle))),
    updateKnownRow(deps.renders, pending, (known) =>
      known && known.state !== 'pending' && !again ? undefined : { ...pending, version: known?.version ?? 0 },
    ),
  ]);
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
