import { createHash } from 'node:crypto';
import type { FleetRow } from '../domain/fleet-row.ts';
import { readPack, writePack } from '../domain/pack.ts';
import { bundleKey, manifestsKey, RENDER_TTL_SECONDS, type RenderRow } from '../domain/render-row.ts';
import { kindsOf } from '../domain/sync/rendered-rules.ts';
import type { RenderMessage } from '../messages/render.ts';
import type { ApplicationIndex } from '../ports/application-index.ts';
import type { BlobCache } from '../ports/blob-cache.ts';
import type { Queues } from '../ports/queues.ts';
import type { Bundle, RenderResult, Sandbox } from '../ports/sandbox.ts';
import type { Results, Store } from '../ports/store.ts';
import { eachOf } from './each-of.ts';
import { loadFleet } from './load-fleet.ts';
import { type RefuseDeps, type Rendered, refuseRendered } from './refuse-rendered.ts';
import { renderBundle } from './render-bundle.ts';
import { updateKnownRow } from './update-row.ts';

export interface RenderDeps extends RefuseDeps {
  fleets: Pick<Store<FleetRow>, 'get'>;
  renders: Results<RenderRow>;
  applicationIndex: ApplicationIndex;
  blobs: BlobCache;
  sandbox: Sandbox;
  queues: Pick<Queues, 'syncs' | 'reports'>;
}

/**
 * Renders the keys of a message (each once: equal renders share it), stores their manifests together with their digest,
 * tells whose project refuses what came out, and sends every application that waits to sync. A lost bundle is left to the
 * waiting applications, which have it planned again. Errors: the ports' transient ones.
 */
export const render =
  (deps: RenderDeps) =>
  async (message: RenderMessage): Promise<void> => {
    const { renderKeys, applications } = message;
    const [known, bundles, fleet] = await Promise.all([
      deps.renders.getMany(renderKeys),
      readBundles(deps, message),
      loadFleet(deps),
    ]);
    const rows = new Map(known.map((row) => [row.id, row]));
    // A key has no row before it is rendered for the first time.
    const todo = renderKeys.filter((key) => (rows.get(key)?.state ?? 'pending') === 'pending');
    const rendered = await renderAll(
      deps,
      new Map(todo.map((key) => [key, { row: rows.get(key), json: bundles.get(key) }])),
    );
    await wakeWaiting(deps, { renderKeys, named: applications, refuse: refuseRendered(deps, fleet), rendered });
  };

const readBundles = async (
  { blobs }: RenderDeps,
  { renderKeys: [first = ''], pack = bundleKey(first) }: RenderMessage,
): Promise<Map<string, string>> => {
  const bytes = await blobs.get(pack);
  return bytes ? readPack(bytes) : new Map();
};

interface Todo {
  row: RenderRow | undefined;
  json: string | undefined;
}

/** Answers with what came out, by key. */
const renderAll = async (deps: RenderDeps, todo: ReadonlyMap<string, Todo>): Promise<Map<string, Rendered>> => {
  const results = new Map<string, RenderResult | undefined>();
  const rendered = new Map<string, Rendered>();
  await eachOf([...todo], RENDERS_IN_FLIGHT, async ([key, { json }]) => {
    const bundle = json === undefined ? undefined : (JSON.parse(json) as Bundle);
    const result = bundle && (await renderOne(deps, key, bundle));
    results.set(key, result);
    if (bundle && result?.ok) rendered.set(key, { objects: result.objects, bundle });
  });
  const objects = new Map([...rendered].map(([key, one]) => [key, one.objects]));
  const digest = objects.size > 0 ? await storeManifests(deps, writePack(objects)) : '';
  await Promise.all(
    [...results].map(([key, result]) => settle(deps, key, todo.get(key)?.row, settled(result, digest))),
  );
  return rendered;
};

const RENDERS_IN_FLIGHT = 10;

const renderOne = async (deps: RenderDeps, renderKey: string, bundle: Bundle): Promise<RenderResult> => {
  const startedAt = deps.clock();
  const result = await renderBundle({ sandbox: deps.sandbox })(bundle);
  const milliseconds = deps.clock() - startedAt;
  const { tool } = bundle.render;
  const message = result.ok ? {} : { message: result.error.message };
  deps.events.emit({ event: 'render', at: deps.clock(), renderKey, ok: result.ok, milliseconds, tool, ...message });
  return result;
};

const storeManifests = async (deps: RenderDeps, manifests: Buffer): Promise<string> => {
  const digest = createHash('sha256').update(manifests).digest('hex');
  await deps.blobs.put(manifestsKey(digest), manifests);
  return digest;
};

/** The sync side reads this code as "have it planned again"; it never reaches a person. */
export const BUNDLE_LOST = { code: 'bundle-lost', message: 'the files to render are gone from the cache' };

type Settled = Pick<RenderRow, 'state' | 'digest' | 'kinds' | 'error'>;

const settled = (result: RenderResult | undefined, digest: string): Settled => {
  if (!result) return { state: 'failed', error: BUNDLE_LOST };
  if (!result.ok) return { state: 'failed', error: result.error };
  const kinds = kindsOf(result.objects);
  return { state: 'done', digest, ...(kinds ? { kinds } : {}) };
};

/** What a key without a row is rendered to is the same whoever rendered it, and written without asking; a failure is not. */
const settle = async (
  deps: RenderDeps,
  renderKey: string,
  row: RenderRow | undefined,
  result: Settled,
): Promise<void> => {
  const expiresAt = Math.floor(deps.clock() / 1_000) + RENDER_TTL_SECONDS;
  const pending: RenderRow = row ?? { id: renderKey, version: 0, state: 'pending', expiresAt };
  if (!row && result.state === 'done') return deps.renders.put({ ...pending, ...result });
  await updateKnownRow(deps.renders, pending, (known) => {
    if (known && known.state !== 'pending') return undefined;
    const { due: _due, origin: _origin, ...rest } = known ?? pending;
    return { ...rest, ...result };
  });
};

/** Those that the message names, else all that the index knows: a render that many share is one message. */
const wakeWaiting = async (deps: RenderDeps, { renderKeys, named, refuse, rendered }: Waiting): Promise<void> => {
  const wake = async (ids: readonly string[]): Promise<void> => {
    await refuse(ids, rendered);
    await deps.queues.syncs(ids.map((application) => ({ version: 1, application, hops: 0 })));
  };
  if (named) return wake(named);
  for (const key of renderKeys) {
    for await (const ids of deps.applicationIndex.awaiting(key)) await wake(ids);
  }
};

interface Waiting {
  renderKeys: readonly string[];
  named: string[] | undefined;
  rendered: ReadonlyMap<string, Rendered>;
  refuse: ReturnType<typeof refuseRendered>;
}
