import { clusterNamed } from '../../domain/fleet/find-cluster.ts';
import type { FleetFile } from '../../domain/fleet/fleet-file.ts';
import type { AppProject } from '../../domain/fleet/project.ts';
import type { RenderRow } from '../../domain/render-row.ts';
import { firstRefusedKind, NOT_PERMITTED, permitsEverything } from '../../domain/sync/rendered-rules.ts';
import type { PlanDeps } from './deps.ts';
import type { AffectedApplication } from './inspect-application.ts';

interface Rules {
  file: FleetFile;
  projects: readonly AppProject[];
}

/** What is known of applications' objects without having them. */
export interface KnownVerdicts {
  /** What the project refuses, in a sentence, by application. */
  refused: ReadonlyMap<string, string>;
  /** Applications whose projects may refuse what nobody knows yet. */
  unknown: ReadonlySet<string>;
}

/**
 * Holds what is rendered already, of the affected applications' sources, against their projects. Few projects refuse
 * anything, so usually nothing is read. Errors: the stores' transient ones.
 */
export const judgeKnown = async (
  { renders }: Pick<PlanDeps, 'renders'>,
  affected: readonly AffectedApplication[],
  { file, projects }: Rules,
): Promise<KnownVerdicts> => {
  const refused = new Map<string, string>();
  const unknown = new Set<string>();
  const judging = new Map(projects.filter((one) => !permitsEverything(one)).map((one) => [one.name, one]));
  const judged = affected.filter(({ application, error }) => !error && judging.has(application.project));
  for (let at = 0; at < judged.length; at += APPLICATIONS_AT_ONCE) {
    const page = judged.slice(at, at + APPLICATIONS_AT_ONCE);
    const keys = new Set(page.flatMap(({ sources }) => sources.map(({ renderKey }) => renderKey)));
    const rows = new Map((await renders.getMany([...keys])).map((row) => [row.id, row]));
    for (const one of page) {
      const project = judging.get(one.application.project);
      const message = project && firstRefusal(one, { file, project, rows });
      if (message !== undefined) refused.set(one.application.id, message);
      else if (one.sources.some(({ renderKey }) => !rows.get(renderKey)?.kinds)) unknown.add(one.application.id);
    }
  }
  return { refused, unknown };
};

const APPLICATIONS_AT_ONCE = 200;

/**
 * What a project refuses is an application's `error`, as what cannot be rendered is: it is told though its cluster is down.
 * What is still to be rendered is judged when it is.
 */
export const refuseKnown = (
  affected: readonly AffectedApplication[],
  { refused }: Pick<KnownVerdicts, 'refused'>,
): void => {
  for (const one of affected) {
    const message = refused.get(one.application.id);
    if (message !== undefined) one.error ??= { code: NOT_PERMITTED, message };
  }
};

const firstRefusal = (
  { application, sources }: AffectedApplication,
  { file, project, rows }: { file: FleetFile; project: AppProject; rows: ReadonlyMap<string, RenderRow> },
): string | undefined => {
  const cluster = clusterNamed(file.clusters, application.cluster);
  if (!cluster) return undefined;
  for (const { renderKey } of sources) {
    const refusal = firstRefusedKind({ project, application, cluster }, rows.get(renderKey)?.kinds ?? []);
    if (refusal) return refusal.message;
  }
  return undefined;
};
