import { summarizeRollout } from '../../src/domain/fold-rollout.ts';
import type { Outcome, Rollout } from '../../src/domain/rollout.ts';

const START = Date.UTC(2026, 0, 31, 12);
const RENDERING = 19;
const CAUSES: Readonly<Record<number, string>> = {
  7: 'apps/Deployment web: Degraded: deployment "web" exceeded its progress deadline',
  19: 'workloads/web/kustomization.yaml:4: accumulating resources: "base/missing.yaml": no such file or directory',
  33: 'project payments does not permit namespace "kube-system" of cluster prod-14 (destinations)',
};

const failedAt = (index: number): Pick<Outcome, 'times' | 'stage'> =>
  index === RENDERING
    ? { times: { planned: START + 40 }, stage: 'render' }
    : { times: { planned: START + 40, rendered: START + 90 } };

/** A rollout of 40 applications, of which three fail, each for another reason. */
export const threeOfForty = (): {
  rollout: Rollout;
  outcomes: Outcome[];
  summary: ReturnType<typeof summarizeRollout>;
} => {
  const applications = Array.from({ length: 40 }, (_, index) => ({
    application: `argocd/web-${index + 1}`,
    environment: index < 20 ? 'staging' : 'prod',
    cluster: `${index < 20 ? 'staging' : 'prod'}-${(index % 20) + 1}`,
    reason: 'workloads/web/deployment.yaml changed',
  }));
  const outcomes = applications.map(({ reason: _reason, ...one }, index): Outcome => {
    const message = CAUSES[index];
    const times = { planned: START + 40, rendered: START + 90, applied: START + 400 + index * 30 };
    return message === undefined
      ? {
          rollout: 'r1',
          ...one,
          phase: 'healthy',
          times: { ...times, healthy: START + 2_100 + index * 40 },
          sequence: 4,
        }
      : { rollout: 'r1', ...one, phase: 'failed', message, ...failedAt(index), sequence: 4 };
  });
  const rollout: Rollout = {
    id: 'r1',
    version: 9,
    repository: 'https://github.com/acme/fleet',
    ref: 'refs/heads/main',
    commit: 'abcdef0123456789abcdef0123456789abcdef01',
    subject: 'Scale web to three replicas',
    cause: 'push',
    generation: 12,
    createdAt: START,
    plannedAt: START + 40,
    finishedAt: START + 600_000,
    state: 'failure',
    applications,
    environments: ['prod', 'staging'],
    problems: [],
    sent: {},
    attempt: 1,
  };
  const summary = summarizeRollout(rollout, outcomes, 'https://towline.example.com/rollouts/r1');
  return { rollout, outcomes, summary };
};
