import { createHash } from 'node:crypto';
import type { ApplicationRow, Applied } from '../../domain/application-row.ts';
import { rejected } from '../../domain/errors.ts';
import { resume, rollBack, rollbackTarget } from '../../domain/rollback.ts';
import { PROGRESS_DEADLINE_MS, type Rollout } from '../../domain/rollout.ts';
import { updateRow } from '../update-row.ts';
import { changeApplication, unknownApplication } from './change-application.ts';
import type { ControlDeps } from './deps.ts';
import { type Asked, send } from './sync.ts';

/** A rollback under way: `to` is the generation of the history whose manifests are applied. */
export interface RolledBack extends Asked {
  to: number;
  rollout: string;
}

/**
 * Applies the recorded manifests of an earlier generation (default: the newest that differs from what is desired), renders
 * nothing, and keeps them until Git moves or a person resumes. It is a rollout of its own, which tells no commit status.
 * Errors: AppError `application-unknown`, `application-removed`, `application-unplanned`, `generation-unknown`,
 * `manifests-expired` (rejected).
 */
export const rollBackTo =
  (deps: ControlDeps) =>
  async (id: string, generation?: number): Promise<RolledBack> => {
    const seen = await deps.applications.get(id);
    if (!seen) throw unknownApplication(id);
    const target = rollbackTarget(seen, generation);
    await checkManifests(deps, seen, target);
    const saved = await changeApplication(deps, id, (row) =>
      rollBack(row, target, { rollout: rolloutId(row), now: deps.clock() }),
    );
    const { rollout: opened = '', reason = '' } = saved.desired ?? {};
    const [at] = target.revisions;
    if (at) await openRollback(deps, { rollout: opened, at, subject: `${id} ${reason}`, rows: [saved] });
    await send(deps, saved, 'sync');
    const { generation: asked = 0, rollout = '' } = saved.desired ?? {};
    return { application: id, generation: asked, to: target.generation, rollout };
  };

/**
 * Ends a rollback: what Git says is desired again. Answers with the generation that it is now.
 * Errors: AppError `application-unknown`, `application-not-pinned` (rejected).
 */
export const resumeSync =
  (deps: ControlDeps) =>
  async (id: string): Promise<Asked> => {
    const saved = await changeApplication(deps, id, (row) => resume(row, deps.clock()));
    await send(deps, saved, 'sync');
    return { application: id, generation: saved.desired?.generation ?? 0 };
  };

/** Errors: AppError `manifests-expired` (rejected) where what was recorded is not kept any more. */
export const checkManifests = async (deps: ControlDeps, row: ApplicationRow, target: Applied): Promise<void> => {
  const renders = await deps.renders.getMany(target.renderKeys);
  const done = new Set(renders.filter(({ state }) => state === 'done').map(({ id }) => id));
  if (target.renderKeys.every((key) => done.has(key))) return;
  throw rejected(
    'manifests-expired',
    `the manifests of generation ${target.generation} of ${row.id} are not kept any more: revert the commit in Git`,
  );
};

const rolloutId = ({ id, desired }: ApplicationRow): string =>
  createHash('sha256').update(`${id}\nrollback\n${desired?.generation}`).digest('hex').slice(0, 16);

export interface Rollback {
  rollout: string;
  /** The commit that its page shows. */
  at: { repository: string; ref: string; commit: string };
  subject: string;
  /** The applications as they are rolled back. */
  rows: readonly ApplicationRow[];
}

/**
 * Creates the rollout of a rollback. A crash before this leaves the applications rolled back and only its page missing.
 */
export const openRollback = async (deps: ControlDeps, { rollout, at, subject, rows }: Rollback): Promise<void> => {
  const now = deps.clock();
  const { repository, ref, commit } = at;
  const applications = rows.map(({ id, spec, desired }) => ({
    application: id,
    environment: spec.environment,
    cluster: spec.cluster,
    reason: desired?.reason ?? '',
    project: spec.project,
  }));
  const opened: Rollout = {
    id: rollout,
    version: 0,
    due: now + PROGRESS_DEADLINE_MS,
    repository,
    ref,
    commit,
    subject,
    cause: 'manual',
    generation: 0,
    createdAt: now,
    plannedAt: now,
    state: 'running',
    // The commit's statuses stay those of its push.
    ceded: true,
    applications,
    environments: [...new Set(applications.map(({ environment }) => environment))].toSorted(),
    problems: [],
    sent: {},
    attempt: 1,
  };
  await updateRow(deps.rollouts, rollout, (known) => (known ? undefined : opened));
  const about = { repository, ref, commit, applications, problems: [] };
  deps.events.emit({ event: 'rollout', at: now, rollout, state: 'running', ...about });
  await deps.queues.reports([{ version: 1, rollout }]);
};
