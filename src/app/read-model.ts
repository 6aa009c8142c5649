import type { ApplicationRow } from '../domain/application-row.ts';
import type { FleetRow } from '../domain/fleet-row.ts';
import { FLEET_ID } from '../domain/fleet-row.ts';
import { summarizeRollout } from '../domain/fold-rollout.ts';
import type { PreviewRow } from '../domain/preview/preview-row.ts';
import type { PreviewView } from '../domain/preview/preview-view.ts';
import type { RolloutSummary } from '../domain/report/summary.ts';
import type { Outcome, Rollout } from '../domain/rollout.ts';
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

/** What people look at: rows as they are stored, read on demand. */
export interface ReadModel {
  fleet(): Promise<FleetRow | undefined>;
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
    rollouts: async (limit) => {
      const ids = (await applications()).flatMap(({ desired, history }) => [
        ...(desired ? [desired.rollout] : []),
        ...history.map(({ rollout }) => rollout),
      ]);
      const rows = await deps.rollouts.getMany([...new Set(ids)]);
      return rows.sort((a, b) => b.createdAt - a.createdAt).slice(0, limit);
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
