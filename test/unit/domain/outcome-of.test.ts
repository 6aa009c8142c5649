import { describe, expect, it } from 'vitest';
import type { ApplicationRow } from '../../../src/domain/application-row.ts';
import { outcomeOf } from '../../../src/domain/outcome-of.ts';
import { PROGRESS_DEADLINE_MS } from '../../../src/domain/rollout.ts';
import { startOperation } from '../../../src/domain/sync/start-operation.ts';

const desired = { generation: 2, rollout: 'r1', revisions: [], renderKeys: ['k'], reason: '', plannedAt: 0 };
const applied = { generation: 2, rollout: 'r1', revisions: [], renderKeys: ['k'], at: 5 };

const spec = { syncPolicy: { syncOptions: [] } };

const row = (more: Partial<ApplicationRow>): ApplicationRow =>
  ({
    id: 'argocd/web',
    spec,
    desired,
    times: {},
    health: { status: 'Missing', message: '' },
    ...more,
  }) as ApplicationRow;

const operation = (phase: 'Running' | 'Failed', message: string, generation = 2) => ({
  ...startOperation({ id: 'o', generation, now: 0, revisions: [], targets: [], targetsDigest: '', options: {} }),
  phase,
  message,
});

describe('where an application stands in its rollout', () => {
  it.each([
    ['nothing desired', { desired: undefined }, undefined],
    ['planned', {}, { phase: 'planned' }],
    [
      'rendered, being applied',
      { times: { rendered: 3 }, operation: operation('Running', 'applying Service') },
      { phase: 'rendered', message: 'applying Service' },
    ],
    [
      'render error',
      { desired: { ...desired, error: { code: 'path-missing', message: 'no path web' } } },
      { phase: 'failed', message: 'no path web', stage: 'render' },
    ],
    [
      'failed operation',
      { operation: operation('Failed', 'Service web: denied') },
      { phase: 'failed', message: 'Service web: denied' },
    ],
    [
      'failed, tried again by itself',
      { operation: { ...operation('Running', 'attempt 2'), firstFailure: 'Service web: denied' } },
      { phase: 'failed', message: 'Service web: denied' },
    ],
    [
      'failed, tried again because the Application asks for it',
      {
        spec: { syncPolicy: { syncOptions: [], retry: { limit: 2 } } } as unknown as ApplicationRow['spec'],
        times: { rendered: 3 },
        operation: { ...operation('Running', 'attempt 2'), firstFailure: 'Service web: denied' },
      },
      { phase: 'rendered', message: 'attempt 2' },
    ],
    [
      'failure of an older generation says nothing',
      { operation: operation('Failed', 'old', 1) },
      { phase: 'planned', message: 'old' },
    ],
    ['waits for a person', { waiting: 'manual sync' }, { phase: 'waiting', message: 'manual sync' }],
    [
      'applied, progressing',
      { applied, health: { status: 'Progressing', message: 'Deployment/web' } },
      { phase: 'applied', message: 'Progressing Deployment/web' },
    ],
    ['healthy', { applied, health: { status: 'Healthy', message: '' } }, { phase: 'healthy' }],
    [
      'degraded',
      { applied, health: { status: 'Degraded', message: 'Deployment/web: exceeded' } },
      { phase: 'failed', message: 'Degraded: Deployment/web: exceeded', stage: 'health' },
    ],
    [
      'suspended',
      { applied, health: { status: 'Suspended', message: 'paused' } },
      { phase: 'waiting', message: 'suspended: paused' },
    ],
  ] as [string, Partial<ApplicationRow>, ReturnType<typeof outcomeOf>][])('%s', (_name, more, expected) => {
    expect(outcomeOf(row(more), 10)).toEqual(expected);
  });

  it('fails what still progresses past the deadline, naming it', () => {
    const late = row({ applied, health: { status: 'Progressing', message: 'Deployment/web' } });
    expect(outcomeOf(late, PROGRESS_DEADLINE_MS)).toMatchObject({ phase: 'applied' });
    expect(outcomeOf(late, PROGRESS_DEADLINE_MS + 1)).toEqual({
      phase: 'failed',
      message: 'still Progressing after 10 minutes: Deployment/web',
      stage: 'health',
    });
    expect(outcomeOf(row({}), PROGRESS_DEADLINE_MS + 1)).toMatchObject({ phase: 'failed' });
  });
});
