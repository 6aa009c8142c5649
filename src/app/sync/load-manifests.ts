import { createHash } from 'node:crypto';
import type { ApplicationRow } from '../../domain/application-row.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import { readPack } from '../../domain/pack.ts';
import { manifestsKey, type RenderRow } from '../../domain/render-row.ts';
import { BUNDLE_LOST } from '../render.ts';
import type { SyncDeps } from './deps.ts';
import type { Advance } from './look.ts';

const RENDER_WAIT_SECONDS = 60;

/** The rendered objects of all sources, in order, and the SHA-256 of their bytes. */
export interface Manifests {
  objects: KubernetesObject[];
  digest: string;
}

/**
 * The rendered objects of all sources, in order, digests checked; or what to do while there are none: wait for the render
 * that is under way, fail as it failed, or have a lost one made again. Overdue: a key without a row is not waited for.
 */
export const loadManifests = async (
  deps: SyncDeps,
  row: ApplicationRow,
  isOverdue = false,
): Promise<Manifests | { advance: Advance }> => {
  const keys = row.desired?.renderKeys ?? [];
  const renders = new Map((await deps.renders.getMany(keys)).map((render) => [render.id, render]));
  const waiting = keys.find((key) =>
    isUnderWay(renders.get(key), row, isOverdue ? Number.POSITIVE_INFINITY : deps.clock()),
  );
  const failed = keys.flatMap((key) => renders.get(key) ?? []).find(({ state }) => state === 'failed');
  if (failed)
    return { advance: failed.error?.code === BUNDLE_LOST.code ? await planAgain(deps, row) : fail(row, failed) };
  if (waiting) return { advance: { change: { awaiting: waiting }, dueSeconds: RENDER_WAIT_SECONDS } };
  const objects: KubernetesObject[] = [];
  const digest = createHash('sha256');
  for (const key of keys) {
    const found = await readManifests(deps, renders.get(key));
    if (found === undefined) return { advance: await planAgain(deps, row) };
    if (found === 'altered') return { advance: alteredManifests(row, key) };
    objects.push(...found.objects);
    digest.update(`${found.json}\n`);
  }
  return { objects, digest: digest.digest('hex') };
};

/** What these keys were rendered to, digests checked; undefined where any of it is not kept (any more). */
export const readRendered = async (
  deps: SyncDeps,
  keys: readonly string[],
): Promise<KubernetesObject[] | undefined> => {
  if (keys.length === 0) return undefined;
  const renders = new Map((await deps.renders.getMany(keys)).map((render) => [render.id, render]));
  const objects: KubernetesObject[] = [];
  for (const key of keys) {
    const found = await readManifests(deps, renders.get(key));
    if (found === undefined || found === 'altered') return undefined;
    objects.push(...found.objects);
  }
  return objects;
};

const readManifests = async (
  deps: SyncDeps,
  render: RenderRow | undefined,
): Promise<{ objects: KubernetesObject[]; json: string } | 'altered' | undefined> => {
  const bytes = render?.digest === undefined ? undefined : await deps.blobs.get(manifestsKey(render.digest));
  if (!render || !bytes) return undefined;
  const json = readPack(bytes).get(render.id);
  if (json === undefined || createHash('sha256').update(bytes).digest('hex') !== render.digest) return 'altered';
  return { objects: JSON.parse(json) as KubernetesObject[], json };
};

/** A key has no row before it is rendered for the first time; it is missed once that should be over. */
const isUnderWay = (render: RenderRow | undefined, { desired, pinned }: ApplicationRow, now: number): boolean =>
  render ? render.state === 'pending' : !pinned && now - (desired?.plannedAt ?? 0) < RENDER_WAIT_SECONDS * 1_000;

/** What was rendered is gone from the cache: the planner makes the bundle again and has it rendered. */
const planAgain = async (deps: SyncDeps, row: ApplicationRow): Promise<Advance> => {
  if (row.pinned) return failWith(row, EXPIRED);
  const from = row.desired?.revisions[0];
  if (!from) return { change: {} };
  const { repository, ref } = from;
  await deps.queues.changes([{ version: 1, repository, ref, cause: 'retry', applications: [row.id] }]);
  return { change: {}, dueSeconds: RENDER_WAIT_SECONDS };
};

/** A plan would make the manifests of the newest commit, which is what the rollback is to keep away. */
const EXPIRED = {
  code: 'manifests-expired',
  message: 'the recorded manifests of this generation are not kept any more: resume, or revert the commit in Git',
};

const fail = (row: ApplicationRow, { error }: RenderRow): Advance =>
  failWith(row, error ?? { code: 'render-failed', message: 'rendering failed' });

const alteredManifests = (row: ApplicationRow, key: string): Advance =>
  failWith(row, {
    code: 'manifests-altered',
    message: `the stored manifests ${key.slice(0, 12)} are not what was rendered; nothing was applied`,
  });

const failWith = (row: ApplicationRow, { code, message }: { code: string; message: string }): Advance => ({
  change: row.desired ? { desired: { ...row.desired, error: { code, message } } } : {},
  clear: ['awaiting'],
});
