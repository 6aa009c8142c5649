import { deliveryFailed, deliveryPlanned } from '../../domain/delivery.ts';
import { AppError } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import { PREVIEW_TTL_SECONDS, type PreviewPlan, type PreviewRow, previewId } from '../../domain/preview/preview-row.ts';
import type { PreviewView } from '../../domain/preview/preview-view.ts';
import { sameRepository } from '../../domain/repository-url.ts';
import { pullRequestRef } from '../../domain/webhook/pull-request.ts';
import type { PreviewMessage } from '../../messages/preview.ts';
import type { Repository } from '../../ports/repository.ts';
import type { Store } from '../../ports/store.ts';
import { loadFleet } from '../load-fleet.ts';
import type { PlanDeps } from '../plan/deps.ts';
import { requestSources } from '../plan/request-renders.ts';
import { updateRow } from '../update-row.ts';
import { makeView } from './make-view.ts';
import { planPreview } from './plan-preview.ts';
import { loadPreview, storePreview } from './preview-blobs.ts';

export interface PreviewDeps extends PlanDeps {
  previews: Store<PreviewRow>;
}

const LOOK_AGAIN_SECONDS = 2;
const RENDERS_WITHIN_MS = 10 * 60_000;
const BACKSTOP_MS = 60_000;

/**
 * Previews a pull request at the commit that its branch stands at now: plans it, has both sides rendered under the keys that
 * all renders share, looks again until they are, and hands over what is to be told. Of a fork nothing is read with
 * credentials; of no request anything is synced. Errors: the ports' transient ones; what is wrong with the request is told
 * in its preview.
 */
export const previewRequest =
  (deps: PreviewDeps) =>
  async (message: PreviewMessage): Promise<void> => {
    const fleet = withoutCredentials(await loadFleet(deps), message.fork);
    const config = fleet.file.repositories.find(({ url }) => sameRepository(url, message.repository));
    try {
      if (config && config.forge !== 'git') await preview(deps, message, { fleet, config, forge: config.forge });
    } catch (error) {
      if (error instanceof AppError && error.kind !== 'transient') await settle(deps, message, deliveryFailed);
      throw error;
    }
    await settle(deps, message, deliveryPlanned);
  };

const settle = async (deps: PreviewDeps, { delivery }: PreviewMessage, to: typeof deliveryPlanned): Promise<void> => {
  if (delivery === undefined) return;
  await updateRow(deps.deliveries, delivery, (known) => (known?.state === 'received' ? to(known) : undefined));
};

/** Whoever writes a fork need not be trusted, and what it names must not be read for it. */
const withoutCredentials = (fleet: FleetRow, fork: boolean): FleetRow => {
  if (!fork) return fleet;
  const repositories = fleet.file.repositories.map(({ credentials: _credentials, ...open }) => open);
  return { ...fleet, file: { ...fleet.file, repositories } };
};

interface Place {
  fleet: FleetRow;
  config: RepositoryConfig;
  forge: 'github' | 'gitlab';
}

const preview = async (deps: PreviewDeps, message: PreviewMessage, place: Place): Promise<void> => {
  const id = previewId(place.config.url, message.number);
  if (message.action === 'closed') {
    await updateRow(deps.previews, id, (known) => known && closed(known));
    return;
  }
  const repository = deps.openRepository(place.config);
  try {
    const commit = (await repository.resolve(pullRequestRef(place.forge, message.number))) ?? message.head.commit;
    const row = await start(deps, { id, commit, message, place });
    if (!row || row.state !== 'rendering') return;
    const planned = row.plan === undefined ? await plan(deps, { row, message, place, repository }) : row;
    if (planned) await finish(deps, { row: planned, message, place });
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'transient') throw error;
    const failures = [{ message: error.message }];
    await conclude(deps, id, { groups: [], unchanged: 0, failures, violations: [] });
  }
};

const closed = ({ due: _due, ...row }: PreviewRow): PreviewRow => ({ ...row, state: 'closed' });

interface Starting {
  id: string;
  commit: string;
  message: PreviewMessage;
  place: Place;
}

/** The row at this commit: as it is where it was begun, else begun, with its contexts pending. */
const start = async (deps: PreviewDeps, { id, commit, message, place }: Starting): Promise<PreviewRow | undefined> => {
  const { number, base, head, fork } = message;
  const now = deps.clock();
  const known = await deps.previews.get(id);
  if (known?.commit === commit && known.request.base.ref === base.ref && known.state !== 'closed') return known;
  const begun = await updateRow(deps.previews, id, (before): PreviewRow => {
    const told = before?.commit === commit ? before.told : { ...before?.told, statuses: {} };
    const request = { repository: place.config.url, number, base: { ref: base.ref }, head: { ref: head.ref }, fork };
    const expiresAt = Math.floor(now / 1_000) + PREVIEW_TTL_SECONDS;
    const version = before?.version ?? 0;
    return {
      id,
      version,
      request,
      commit,
      state: 'rendering',
      startedAt: now,
      told,
      due: now + BACKSTOP_MS,
      expiresAt,
    };
  });
  await deps.queues.reports([{ version: 1, preview: id }]);
  return begun;
};

interface Planning {
  row: PreviewRow;
  message: PreviewMessage;
  place: Place;
  repository: Repository;
}

const plan = async (
  deps: PreviewDeps,
  { row, message, place, repository }: Planning,
): Promise<PreviewRow | undefined> => {
  const { fleet, config } = place;
  const tip = (await repository.resolve(message.base.ref)) ?? message.base.commit;
  if (tip === undefined) return undefined;
  // What the base got since the branch left it is no change of this request.
  const base = (await repository.mergeBase?.(tip, row.commit)) ?? tip;
  const input = { fleet, config, repository, ref: message.base.ref, base, head: row.commit };
  const { plan: planned, sources } = await planPreview(deps, input);
  await requestSources(deps, sources);
  const digest = await storePreview(deps.blobs, planned);
  return updateRow(deps.previews, row.id, (known) =>
    known?.commit === row.commit && known.state === 'rendering' ? { ...known, plan: digest } : undefined,
  );
};

const finish = async (
  deps: PreviewDeps,
  { row, message, place }: { row: PreviewRow; message: PreviewMessage; place: Place },
): Promise<void> => {
  const planned = await loadPreview<PreviewPlan>(deps.blobs, row.plan);
  if (!planned) {
    await updateRow(deps.previews, row.id, (known) => known && { ...known, plan: undefined });
    return lookAgain(deps, message);
  }
  const keys = planned.candidates.flatMap(({ before, after }) => [...(before ?? []), ...(after ?? [])]);
  const renders = new Map((await deps.renders.getMany(keys)).map((render) => [render.id, render]));
  const isWaiting = keys.some((key) => (renders.get(key)?.state ?? 'pending') === 'pending');
  if (isWaiting && deps.clock() - row.startedAt < RENDERS_WITHIN_MS) return lookAgain(deps, message);
  const view = await makeView({ plan: planned, file: place.fleet.file, renders, blobs: deps.blobs });
  await conclude(deps, row.id, view, row.commit);
};

const lookAgain = (deps: PreviewDeps, { delivery: _delivery, ...message }: PreviewMessage): Promise<void> =>
  deps.queues.changes([message], { delaySeconds: LOOK_AGAIN_SECONDS });

/** What is to be told stands; the reporter tells it. */
const conclude = async (deps: PreviewDeps, id: string, view: PreviewView, commit?: string): Promise<void> => {
  const digest = await storePreview(deps.blobs, view);
  const saved = await updateRow(deps.previews, id, (known): PreviewRow | undefined =>
    known?.state === 'rendering' && (commit === undefined || known.commit === commit)
      ? { ...known, state: 'done', view: digest, due: deps.clock() + BACKSTOP_MS }
      : undefined,
  );
  if (saved) await deps.queues.reports([{ version: 1, preview: id }]);
};
