import { createHash } from 'node:crypto';
import type { FleetFile } from '../../domain/fleet/fleet-file.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import { readPack } from '../../domain/pack.ts';
import { diffObjects } from '../../domain/preview/diff-objects.ts';
import { type ChangedApplication, groupChanges } from '../../domain/preview/group-changes.ts';
import type { PreviewCandidate, PreviewPlan } from '../../domain/preview/preview-row.ts';
import type { PreviewProblem, PreviewView, ResourceChange } from '../../domain/preview/preview-view.ts';
import { manifestsKey, type RenderRow } from '../../domain/render-row.ts';
import { refusedObjects } from '../../domain/sync/rendered-rules.ts';
import type { BlobCache } from '../../ports/blob-cache.ts';

interface MakeViewInput {
  plan: PreviewPlan;
  file: FleetFile;
  renders: ReadonlyMap<string, RenderRow>;
  blobs: Pick<BlobCache, 'get'>;
}

/** What merging would change, with nothing secret in it, once everything of the plan is rendered. */
export const makeView = async ({ plan, file, renders, blobs }: MakeViewInput): Promise<PreviewView> => {
  const objectsOf = createObjects(renders, blobs);
  const changed: ChangedApplication[] = [];
  const failures: PreviewProblem[] = [...plan.failures];
  const violations: PreviewProblem[] = [];
  let { unchanged } = plan;
  for (const candidate of plan.candidates) {
    const place = placeOf(candidate);
    const [before, after] = [await objectsOf(candidate.before), await objectsOf(candidate.after)];
    const failure = candidate.error === undefined ? undefined : { message: candidate.error };
    if (failure || 'error' in after) {
      failures.push({ ...place, ...(failure ?? ('error' in after ? after.error : { message: 'cannot be rendered' })) });
      continue;
    }
    violations.push(...violationsOf(plan, file, candidate, after).map((message) => ({ ...place, message })));
    const was = 'error' in before ? [] : before;
    const resources = [...movesOf(candidate), ...diffObjects(was, after)];
    if (resources.length === 0) unchanged += 1;
    else changed.push({ ...place, resources });
  }
  return { groups: groupChanges(changed), unchanged, failures, violations };
};

const placeOf = ({ application: { id, cluster, environment } }: PreviewCandidate) => ({
  application: id,
  cluster,
  environment,
});

/** The rendered objects of all sources; `error`: why there are none. */
const createObjects =
  (renders: ReadonlyMap<string, RenderRow>, blobs: Pick<BlobCache, 'get'>) =>
  async (
    keys: readonly string[] | null,
  ): Promise<KubernetesObject[] | { error: Pick<PreviewProblem, 'message' | 'file' | 'line'> }> => {
    const objects: KubernetesObject[] = [];
    for (const key of keys ?? []) {
      const row = renders.get(key);
      if (row?.state === 'failed') return { error: describe(row) };
      const bytes = row?.digest === undefined ? undefined : await blobs.get(manifestsKey(row.digest));
      const digest = bytes && createHash('sha256').update(bytes).digest('hex');
      const text = bytes && digest === row?.digest ? readPack(bytes).get(key) : undefined;
      if (text === undefined) return { error: { message: 'its manifests are gone from the cache: push again' } };
      objects.push(...(JSON.parse(text) as KubernetesObject[]));
    }
    return objects;
  };

const describe = ({ error }: RenderRow): Pick<PreviewProblem, 'message' | 'file' | 'line'> => {
  const { file, line, message = 'rendering failed' } = error ?? {};
  const where = { ...(file ? { file } : {}), ...(line === undefined ? {} : { line }) };
  const text = file && !message.includes(file) ? `${file}${line === undefined ? '' : `:${line}`}: ${message}` : message;
  return { ...where, message: text };
};

const violationsOf = (
  { projects }: PreviewPlan,
  { clusters }: FleetFile,
  { application }: PreviewCandidate,
  objects: readonly KubernetesObject[],
): string[] => {
  const project = projects.find(({ name }) => name === application.project);
  const cluster = clusters.find(({ name }) => name === application.cluster);
  if (!project) return [`there is no AppProject "${application.project}"`];
  if (!cluster) return [];
  return refusedObjects({ project, application, cluster }, objects).map(({ message }) => message);
};

/** An application that goes elsewhere, or belongs to another project. */
const movesOf = ({ application, was }: PreviewCandidate): ResourceChange[] => {
  if (!was) return [];
  const lines = (
    [
      ['destination cluster', was.cluster, application.cluster],
      ['destination namespace', was.destination.namespace, application.destination.namespace],
      ['project', was.project, application.project],
    ] as const
  ).flatMap(([name, from, to]) => (from === to ? [] : [`- ${name}: ${from}`, `+ ${name}: ${to}`]));
  if (lines.length === 0) return [];
  return [{ change: 'changed', resource: `argoproj.io/Application ${application.id}`, lines, risks: [] }];
};
