import { describe, expect, it } from 'vitest';
import type { ApplicationRow, Applied, Desired } from '../../../src/domain/application-row.ts';
import { applyPlan } from '../../../src/domain/apply-plan.ts';
import { requestSync } from '../../../src/domain/request-sync.ts';
import { resume, rollBack, rollbackTarget } from '../../../src/domain/rollback.ts';
import { startOperation } from '../../../src/domain/sync/start-operation.ts';

const at = (commit: string) => [{ repository: 'r', ref: 'refs/heads/main', commit }];
const entry = (generation: number, key: string): Applied => ({
  generation,
  rollout: `r${generation}`,
  revisions: at(`c${generation}`),
  renderKeys: [key],
  at: generation,
});
const desired: Desired = {
  generation: 3,
  rollout: 'r3',
  revisions: at('c3'),
  renderKeys: ['k3'],
  reason: 'changed',
  plannedAt: 3,
};
const NOW = 1_000;

const row = (more: Partial<ApplicationRow> = {}): ApplicationRow =>
  ({
    id: 'argocd/web',
    version: 9,
    spec: { id: 'argocd/web', specDigest: 's', annotations: {} },
    desired,
    applied: entry(3, 'k3'),
    history: [entry(3, 'k3'), entry(2, 'k3'), entry(1, 'k1')],
    times: { planned: 3, applied: 3 },
    told: { rollout: 'r3', phase: 'healthy' },
    ...more,
  }) as ApplicationRow;

const operation = (stage: 'start' | 'ended', generation = 3) => ({
  ...startOperation({ id: 'o', generation, now: 0, revisions: [], targets: [], targetsDigest: '', options: {} }),
  stage,
  phase: stage === 'ended' ? ('Failed' as const) : ('Running' as const),
});

describe('where a rollback goes to', () => {
  it.each([
    ['the newest other manifests', row(), undefined, 1],
    ['what is applied, where the desired is not', row({ desired: { ...desired, renderKeys: ['k4'] } }), undefined, 3],
    ['a named one', row(), 2, 2],
  ])('%s', (_name, given, generation, expected) => {
    expect(rollbackTarget(given, generation).generation).toBe(expected);
  });

  it('names what there is where it is not', () => {
    expect(() => rollbackTarget(row(), 7)).toThrow('no generation 7: it holds 3, 2, 1');
    expect(() => rollbackTarget(row({ history: [] }), undefined)).toThrow('holds nothing');
  });
});

describe('a rollback', () => {
  const pinned = rollBack(row({ waiting: 'x', awaiting: 'k3' }), entry(1, 'k1'), { rollout: 'back', now: NOW });

  it('is the next generation of the recorded manifests, asked for by a person, told to nobody yet', () => {
    expect(pinned).toMatchObject({
      desired: { generation: 4, rollout: 'back', revisions: at('c1'), renderKeys: ['k1'], plannedAt: NOW },
      syncRequested: 4,
      pinned: { generation: 1, at: NOW, instead: desired },
      times: { planned: NOW },
    });
    expect(pinned.due).toBeGreaterThan(NOW);
    for (const field of ['told', 'waiting', 'awaiting']) expect(pinned).not.toHaveProperty(field);
  });

  const spec = pinned.spec;
  const plan = { ...desired, rollout: 'new' };
  it.each([
    ['same commit, other tools', spec, { ...plan, renderKeys: ['k9'] }, false, true],
    ['other commit, same manifests', spec, { ...plan, revisions: at('c9') }, false, true],
    ['a repair at another commit', spec, { ...plan, revisions: at('c9'), renderKeys: ['k9'] }, true, true],
    ['other commit, other manifests', spec, { ...plan, revisions: at('c9'), renderKeys: ['k9'] }, false, false],
    ['other commit, the pinned manifests', spec, { ...plan, revisions: at('c9'), renderKeys: ['k1'] }, false, false],
    ['other commit that cannot be rendered', spec, { ...plan, revisions: at('c9'), renderKeys: [] }, false, false],
    ['another document', { ...spec, specDigest: 't' }, plan, false, false],
  ])('against a plan of the %s', (_name, planned, next, force, holds) => {
    const after = applyPlan(pinned, planned, next, force);
    if (holds) expect(after).toBeUndefined();
    else {
      expect(after?.desired).toEqual({ ...next, generation: 5 });
      expect(after).not.toHaveProperty('pinned');
    }
  });

  it('ends with what was set aside under the next generation', () => {
    const after = resume({ ...pinned, told: { rollout: 'back', phase: 'healthy' } }, 2_000);
    expect(after.desired).toMatchObject({ generation: 5, rollout: 'r3', renderKeys: ['k3'], plannedAt: 2_000 });
    for (const field of ['told', 'pinned']) expect(after).not.toHaveProperty(field);
  });

  it.each([
    ['application-removed', { removed: true }],
    ['application-unplanned', { desired: undefined }],
  ])('is refused with %s', (code, more) => {
    const refused = expect.objectContaining({ code, kind: 'rejected' }) as Error;
    expect(() => rollBack(row(more), entry(1, 'k1'), { rollout: 'back', now: NOW })).toThrow(refused);
    expect(() => requestSync(row(more), NOW)).toThrow(refused);
  });
});

describe('a requested sync', () => {
  const error = { code: 'render-failed', message: 'no' };
  const pinned = { generation: 1, at: 1, instead: desired };
  const fresh = { applied: entry(2, 'k2') };
  it.each([
    ['of what is applied', {}, 4, 4, 'sync'],
    ['of what waits for a person', { ...fresh, waiting: 'manual sync' }, 4, 4, 'sync'],
    ['of what failed', { ...fresh, operation: operation('ended') }, 4, 4, 'sync'],
    ['of what runs', { ...fresh, operation: operation('start') }, 3, 3, 'sync'],
    ['of what has not begun', { ...fresh, operation: operation('ended', 2) }, 3, 3, 'sync'],
    ['of what waits for a render', { ...fresh, awaiting: 'k3' }, 3, 3, 'sync'],
    ['of what cannot be rendered', { desired: { ...desired, error } }, 3, 4, 'plan'],
    ['of a rollback that failed', { desired: { ...desired, error }, pinned }, 4, 4, 'sync'],
  ])('%s', (_name, more, generation, asked, next) => {
    const result = requestSync(row(more), NOW);
    expect(result.next).toBe(next);
    expect(result.row).toMatchObject({ desired: { generation, renderKeys: ['k3'] }, syncRequested: asked });
    expect(result.row).not.toHaveProperty('told');
    expect(result.row.waiting).toBeUndefined();
    expect(result.row.due).toBeGreaterThan(NOW);
    // Time is counted anew, or what was planned long ago would count as late at once.
    if (next === 'sync') expect(result.row.desired?.plannedAt).toBe(NOW);
    // Without its error a plan that came to nothing would be applied as an empty one.
    expect(result.row.desired?.error).toEqual(next === 'plan' ? error : undefined);
  });
});
