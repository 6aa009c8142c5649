import { describe, expect, it } from 'vitest';
import type { ApplicationRow } from '../../../src/domain/application-row.ts';
import { displacedBy, stillDisplaced } from '../../../src/domain/displaced.ts';

const desired = (rollout: string): ApplicationRow['desired'] => ({
  generation: 1,
  rollout,
  revisions: [],
  renderKeys: [],
  reason: '',
  plannedAt: 0,
});
const old = { rollout: 'r0', message: 'superseded by rollout r1' };

describe('rollouts that lose their say', () => {
  it.each([
    ['nothing was desired', {}, []],
    ['it has not ended', { desired: desired('r1') }, ['r1']],
    ['it is under way', { desired: desired('r1'), told: { rollout: 'r1', phase: 'applied' } }, ['r1']],
    ['it was told as healthy', { desired: desired('r1'), told: { rollout: 'r1', phase: 'healthy' } }, []],
    ['another one was told', { desired: desired('r1'), told: { rollout: 'r0', phase: 'healthy' } }, ['r1']],
    ['one before is untold', { desired: desired('r1'), displaced: [old] }, ['r0', 'r1']],
    ['it decides again', { desired: desired('r2') }, []],
    ['one before decides again', { desired: desired('r1'), displaced: [{ ...old, rollout: 'r2' }] }, ['r1']],
  ] as const)('%s', (_name, row, rollouts) => {
    const { displaced = [] } = displacedBy(row as Partial<ApplicationRow>, { rollout: 'r2' }, 'superseded');
    expect(displaced.map(({ rollout }) => rollout)).toEqual(rollouts);
  });

  it('keeps what came while others were told', () => {
    const displaced = [old, { rollout: 'r1', message: 'superseded by rollout r2' }];
    expect(stillDisplaced({ displaced }, [old])).toEqual([displaced[1]]);
    expect(stillDisplaced({}, [old])).toEqual([]);
  });
});
