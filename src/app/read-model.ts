import type { ApplicationRow } from '../domain/application-row.ts';
import type { Forge } from '../domain/fleet/fleet-file.ts';
import type { DisabledHook, FleetRow } from '../domain/fleet-row.ts';
import { FLEET_ID } from '../domain/fleet-row.ts';
import { summarizeRollout } from '../domain/fold-rollout.ts';
import type { PreviewRow } from '../domain/preview/preview-row.ts';
import type { PreviewView } from '../domain/preview/preview-view.ts';
import type { RolloutSummary } from '../domain/report/summary.ts';
import { sameRepository } from '../domain/repository-url.ts';
import type { FailedDelivery, Outcome, Rollout } from '../domain/rollout.ts';
import { asShown, failureOf } from '../domain/shown-application.ts';
import type { ApplicationIndex } from '../ports/application-index.ts';
import type { BlobCache } from '../ports/blob-cache.ts';
import type { Outcomes } from '../ports/outcomes.ts';
import type { Store } from '../ports/store.ts';
import { loadPreview } from './preview/preview-blobs.ts';

export interface ReadDeps {
  fleets: Store<FleetRow>;
  applications: Store<ApplicationRow>;
  applicationIndex: ApplicationIndex;
  rollouts: Store<Rollout>;
  outcomes: Outcomes;
  previews: Pick<Store<PreviewRow>, 'get'>;
  blobs: Pick<BlobCache, 'get'>;
}

export interface RolloutDetail {
  rollout: Rollout;
  outcomes: Outcome[];
  summary: RolloutSummary;
}

/** A preview; `view` is absent until everything is rendered. */
export interface PreviewDetail {
  preview: PreviewRow;
  view: PreviewView | undefined;
}

/** How a repository of the fleet is heard and told: what is not well; nothing of it is a fault of Towline's. */
export interface RepositoryHealth {
  url: string;
  forge: Forge;
  /** Hooks that the forge has stopped calling. */
  hooks: DisabledHook[];
  /** Why statuses wait, and until when (ms), as the newest rollouts know it. */
  waits?: Pick<FailedDelivery, 'code' | 'retryAt'>;
}

export interface Overview {
  /** All of them; failing ones first. */
  applications: ApplicationRow[];
  /** The newest that any application knows of, newest first. */
  rollouts: Rollout[];
  /** What is not well first. */
  repositories: RepositoryHealth[];
}

/** What people look at: rows as they are stored, read on demand. */
export interface ReadModel {
  fleet(): Promise<FleetRow | undefined>;
  /** The fleet at a glance, with at most so many rollouts. */
  overview(rollouts: number): Promise<Overview>;
  /** All applications by id; failing ones first. */
  applications(): Promise<ApplicationRow[]>;
  application(id: string): Promise<ApplicationRow | undefined>;
  /** The newest rollouts that any application knows of, newest first, at most `limit`. */
  rollouts(limit: number): Promise<Rollout[]>;
  rollout(id: string): Promise<RolloutDetail | undefined>;
  preview(id: string): Promise<PreviewDetail | undefined>;
}

const RANK = { Degraded: 0, Unknown: 1, Missing: 2, Progressing: 3, Suspended: 4, Healthy: 5 } as const;

const rankOf = (row: ApplicationRow): number => (failureOf(row) === undefined ? RANK[row.health.status] : -1);

/** The read side over the stores; it decides nothing and writes nothing. */
export const createReadModel = (deps: ReadDeps): ReadModel => {
  const applications = async (): Promise<ApplicationRow[]> => {
    const rows: ApplicationRow[] = [];
    for await (const ids of deps.applicationIndex.all()) rows.push(...(await deps.applications.getMany(ids)));
    return rows.map(asShown).sort((a, b) => rankOf(a) - rankOf(b) || (a.id < b.id ? -1 : 1));
  };
  return {
    fleet: () => deps.fleets.get(FLEET_ID),
    applications,
    application: async (id) => {
      const row = await deps.applications.get(id);
      return row && asShown(row);
    },
    rollouts: async (limit) => newest(deps, await applications(), limit),
    overview: async (limit) => {
      const [all, fleet] = await Promise.all([applications(), deps.fleets.get(FLEET_ID)]);
      const rollouts = await newest(deps, all, limit);
      return { applications: all, rollouts, repositories: fleet ? repositoriesOf(fleet, rollouts) : [] };
    },
    preview: async (id) => {
      const preview = await deps.previews.get(id);
      return preview && { preview, view: await loadPreview<PreviewView>(deps.blobs, preview.view) };
    },
    rollout: async (id) => {
      const rollout = await deps.rollouts.get(id);
      if (!rollout) return undefined;
      const outcomes = await deps.outcomes.list(id);
      return { rollout, outcomes, summary: summarizeRollout(rollout, outcomes, '') };
    },
  };
};

/** Those that were planned or applied last: reading all that 10,000 applications remember would take too long. */
const newest = async (
  { rollouts }: Pick<ReadDeps, 'rollouts'>,
  rows: readonly ApplicationRow[],
  limit: number,
): Promise<Rollout[]> => {
  const seen = new Map<string, number>();
  const note = (id: string, at: number): void => void seen.set(id, Math.max(at, seen.get(id) ?? 0));
  for (const { desired, history } of rows) {
    if (desired) note(desired.rollout, desired.plannedAt);
    for (const { rollout, at } of history) note(rollout, at);
  }
  const ids = [...seen].toSorted(([, a], [, b]) => b - a).map(([id]) => id);
  const found = await rollouts.getMany(ids.slice(0, 2 * limit));
  return found.sort((a, b) => b.createdAt - a.createdAt).slice(0, limit);
};

const repositoriesOf = ({ file, disabledHooks }: FleetRow, rollouts: readonly Rollout[]): RepositoryHealth[] =>
  file.repositories
    .map(({ url, forge }): RepositoryHealth => {
      const waiting = rollouts.find((one) => sameRepository(one.repository, url) && one.undelivered?.forge);
      const waits = waiting?.undelivered?.forge;
      return {
        url,
        forge,
        hooks: disabledHooks?.[url] ?? [],
        ...(waits ? { waits: { code: waits.code, retryAt: waits.retryAt } } : {}),
      };
    })
    .toSorted((a, b) => troubles(b) - troubles(a));

const troubles = ({ hooks, waits }: RepositoryHealth): number => hooks.length + (waits ? 1 : 0);
