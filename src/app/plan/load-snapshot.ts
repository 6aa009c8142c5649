import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import type { PlanDeps } from './deps.ts';

/** The live snapshot. Where the cache lost it, the rows still hold every application's compiled form. */
export const loadSnapshot = async (
  deps: Pick<PlanDeps, 'snapshots' | 'applications' | 'applicationIndex'>,
  fleet: FleetRow,
): Promise<FleetSnapshot> => {
  const live = await deps.snapshots.load(fleet.snapshot);
  return live ?? (await snapshotOfRows(deps, fleet));
};

/** The fleet as the applications' rows have it; `leaving`: with those that somebody has to let go first. */
export const snapshotOfRows = async (
  deps: Pick<PlanDeps, 'applications' | 'applicationIndex'>,
  fleet: FleetRow,
  { leaving = false }: { leaving?: boolean } = {},
): Promise<FleetSnapshot> => {
  const applications = [];
  for await (const ids of deps.applicationIndex.all()) {
    const rows = await deps.applications.getMany(ids);
    const here = rows.filter(({ removed, removalWaits }) => !removed || (leaving && removalWaits !== undefined));
    applications.push(...here.map(({ spec }) => spec));
  }
  const { argoSettings, projects } = fleet;
  const settings = argoSettings ? { argoSettings } : {};
  return { digest: fleet.snapshot ?? '', applications, projects, ...settings, problems: [] };
};
