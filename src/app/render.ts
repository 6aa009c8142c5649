import { createHash } from 'node:crypto';
import { bundleKey, manifestsKey, type RenderRow } from '../domain/render-row.ts';
import type { RenderMessage } from '../messages/render.ts';
import type { ApplicationIndex } from '../ports/application-index.ts';
import type { BlobCache } from '../ports/blob-cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { Events } from '../ports/events.ts';
import type { Queues } from '../ports/queues.ts';
import type { Bundle, RenderResult, Sandbox } from '../ports/sandbox.ts';
import type { Store } from '../ports/store.ts';
import { renderBundle } from './render-bundle.ts';
import { updateKnownRow } from './update-row.ts';

export interface RenderDeps {
  renders: Store<RenderRow>;
  applicationIndex: ApplicationIndex;
  blobs: BlobCache;
  sandbox: Sandbox;
  queues: Pick<Queues, 'syncs'>;
  events: Events;
  clock: Clock;
}

/**
 * Renders one key (once: equal renders share it), stores the manifests with their digest, and sends every application
 * that waits for the key to sync. A lost bundle is left to the waiting applications, which have it planned again.
 * Errors: the ports' transient ones.
 */
export const render =
  (deps: RenderDeps) =>
  async ({ renderKey }: RenderMessage): Promise<void> => {
    const [row, bundle] = await Promise.all([deps.renders.get(renderKey), deps.blobs.get(bundleKey(renderKey))]);
    if (row?.state === 'pending') await renderPending(deps, row, bundle);
    await wakeWaiting(deps, renderKey);
  };

const renderPending = async (deps: RenderDeps, row: RenderRow, bytes: Uint8Array | undefined): Promise<void> => {
  const renderKey = row.id;
  if (!bytes) {
    await settle(deps, row, { state: 'failed', error: BUNDLE_LOST });
    return;
  }
  const startedAt = deps.clock();
  const bundle = JSON.parse(Buffer.from(bytes).toString()) as Bundle;
  const result = await renderBundle({ sandbox: deps.sandbox })(bundle);
  const settled = await store(deps, renderKey, result);
  const milliseconds = deps.clock() - startedAt;
  const { tool } = bundle.render;
  const message = result.ok ? {} : { message: result.error.message };
  deps.events.emit({ event: 'render', at: deps.clock(), renderKey, ok: result.ok, milliseconds, tool, ...message });
  await settle(deps, row, settled);
};

/** The sync side reads this code as "have it planned again"; it never reaches a person. */
export const BUNDLE_LOST = { code: 'bundle-lost', message: 'the files to render are gone from the cache' };

type Settled = Pick<RenderRow, 'state' | 'digest' | 'error'>;

const store = async (deps: RenderDeps, renderKey: string, result: RenderResult): Promise<Settled> => {
  if (!result.ok) return { state: 'failed', error: result.error };
  const manifests = Buffer.from(JSON.stringify(result.objects));
  await deps.blobs.put(manifestsKey(renderKey), manifests);
  return { state: 'done', digest: createHash('sha256').update(manifests).digest('hex') };
};

const settle = async (deps: RenderDeps, row: RenderRow, settled: Settled): Promise<void> => {
  await updateKnownRow(deps.renders, row, (known) => {
    if (known?.state !== 'pending') return undefined;
    const { due: _due, ...rest } = known;
    return { ...rest, ...settled };
  });
};

const wakeWaiting = async (deps: RenderDeps, renderKey: string): Promise<void> => {
  for await (const ids of deps.applicationIndex.awaiting(renderKey)) {
    await deps.queues.syncs(ids.map((application) => ({ version: 1, application, hops: 0 })));
  }
};
