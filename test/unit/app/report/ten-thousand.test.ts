import { expect, it } from 'vitest';
import { createSqsHandler } from '../../../../src/adapters/aws/sqs-handler.ts';
import { reportRollout } from '../../../../src/app/report/report-rollout.ts';
import { parseFleetFile } from '../../../../src/domain/fleet/parse-fleet-file.ts';
import { FLEET_ID } from '../../../../src/domain/fleet-row.ts';
import type { OutcomePhase } from '../../../../src/domain/rollout.ts';
import { ReportMessageSchema } from '../../../../src/messages/report.ts';
import type { ChatMessage } from '../../../../src/ports/chat.ts';
import type { CommitStatus } from '../../../../src/ports/commit-statuses.ts';
import { createMemoryDeployments, type OpenedDeployment } from '../../../fakes/memory-deployments.ts';
import { createMemoryPorts } from '../../../fakes/memory-ports.ts';
import { MAIN, REPOSITORY } from '../../../fakes/memory-stack.ts';
import { createMemoryStatuses } from '../../../fakes/memory-statuses.ts';

const APPLICATIONS = 10_000;
const ENVIRONMENTS = ['dev', 'test', 'stage', 'prod', 'edge'];
const ROLLOUT_SECONDS = 200;
const PHASES: OutcomePhase[] = ['rendered', 'applied', 'healthy'];

const FLEET = `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: ${REPOSITORY}, path: apps }
  repositories: [{ url: ${REPOSITORY}, forge: github, apiURL: https://api.example.com, credentials: token, deployments: true }]
  clusters: [{ name: dev, labels: { environment: dev }, embedded: true }]
`;

const setUp = async () => {
  const ports = createMemoryPorts();
  const parsed = parseFleetFile(FLEET, { file: 'fleet.yaml', local: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  await ports.fleets.save({ id: FLEET_ID, version: 0, file: parsed.fleet, projects: [] });
  const applications = Array.from({ length: APPLICATIONS }, (_, index) => ({
    application: `argocd/app-${index}`,
    environment: ENVIRONMENTS[index % ENVIRONMENTS.length] ?? '',
    cluster: `cluster-${index % 50}`,
    reason: 'base/deployment.yaml changed',
  }));
  const { now: createdAt } = ports.time;
  const at = { repository: REPOSITORY, ref: MAIN, commit: 'c'.repeat(40) };
  const rollout = { ...at, cause: 'push' as const, generation: 1, createdAt, plannedAt: createdAt, attempt: 1 };
  await ports.rollouts.save({
    ...rollout,
    id: 'r1',
    version: 0,
    state: 'running',
    applications,
    environments: ENVIRONMENTS,
    problems: [],
    sent: {},
  });
  return { ports, applications };
};

/** Reports as Lambda gets them: all that came within a second as one batch. */
const createReports = (ports: Awaited<ReturnType<typeof setUp>>['ports'], edits: number[]) => {
  const statuses: CommitStatus[] = [];
  const deployments: OpenedDeployment[] = [];
  const posted: string[] = [];
  const replied: string[] = [];
  const chat = {
    post: (channel: string, _message: ChatMessage, thread?: string) => {
      (thread === undefined ? posted : replied).push(channel);
      return Promise.resolve({ channel, ts: '1' });
    },
    whisper: () => Promise.resolve(),
    update: () => {
      edits.push(ports.time.now);
      return Promise.resolve();
    },
  };
  const report = reportRollout({
    ...ports,
    statuses: createMemoryStatuses(statuses),
    deployments: createMemoryDeployments(deployments),
    openChat: () => ({ channel: 'C1', chat }),
    rolloutURL: (rollout) => `https://towline.example.com/rollouts/${rollout}`,
  });
  const handle = createSqsHandler({ log: ports.log, retryIn: () => Promise.resolve() }, ReportMessageSchema, report);
  let waiting: { at: number; body: string }[] = [];
  const second = async () => {
    const sent = ports.sent.reports.splice(0);
    waiting.push(
      ...sent.map(({ message, delaySeconds }) => ({
        at: ports.time.now + delaySeconds * 1_000,
        body: JSON.stringify(message),
      })),
    );
    const ready = waiting.filter(({ at }) => at <= ports.time.now);
    waiting = waiting.filter(({ at }) => at > ports.time.now);
    const Records = ready.map(({ body }, index) => ({
      body,
      messageId: String(index),
      attributes: { ApproximateReceiveCount: '1' },
    }));
    const { batchItemFailures } = await handle({ Records } as never);
    expect(batchItemFailures).toEqual([]);
  };
  return { statuses, deployments, posted, replied, second };
};

it('10,000 applications of one commit make few statuses, one message and few edits, and write no row often', async () => {
  const { ports, applications } = await setUp();
  const edits: number[] = [];
  const { statuses, deployments, posted, replied, second } = createReports(ports, edits);
  const save = ports.rollouts.save;
  const writes = new Map<number, number>();
  ports.rollouts.save = (row) => {
    const at = Math.floor(ports.time.now / 1_000);
    writes.set(at, (writes.get(at) ?? 0) + 1);
    return save(row);
  };
  await ports.queues.reports([{ version: 1, rollout: 'r1' }]);
  await second();
  const perSecond = APPLICATIONS / ROLLOUT_SECONDS;
  for (let elapsed = 0; elapsed < ROLLOUT_SECONDS + 10; elapsed++) {
    const some = applications.slice(elapsed * perSecond, (elapsed + 1) * perSecond);
    for (const [index, one] of some.entries()) {
      // Every hundredth fails.
      const phases: OutcomePhase[] = index === 7 && elapsed % 2 === 0 ? ['rendered', 'failed'] : PHASES;
      for (const [sequence, phase] of phases.entries()) {
        await ports.outcomes.record({ rollout: 'r1', ...one, phase, times: {}, sequence });
        await ports.queues.reports([{ version: 1, rollout: 'r1' }]);
      }
    }
    ports.time.now += 1_000;
    await second();
  }
  expect(ports.rollouts.rows.get('r1')).toMatchObject({ state: 'failure' });
  expect(ports.rollouts.rows.get('r1')?.due).toBeUndefined();
  expect(new Set(statuses.map(({ context }) => context)).size).toBeLessThanOrEqual(2 + ENVIRONMENTS.length);
  expect(statuses.length).toBeLessThanOrEqual(20);
  const said = statuses.map(({ context, state }) => `${context} ${state}`);
  expect(new Set(said).size).toBe(said.length);
  // One for each environment, told that it runs and how it ended.
  expect(deployments.map(({ environment }) => environment).toSorted()).toEqual(ENVIRONMENTS.toSorted());
  for (const { updates } of deployments) expect(updates.map(({ state }) => state)).toHaveLength(2);
  expect(posted).toEqual(['C1']);
  expect(replied.length).toBeLessThanOrEqual(20);
  expect(edits.length).toBeLessThanOrEqual(30);
  for (const [index, at] of edits.slice(1).entries()) expect(at - (edits[index] ?? 0)).toBeGreaterThanOrEqual(3_000);
  expect(Math.max(...writes.values())).toBeLessThanOrEqual(6);
  expect([...writes.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(250);
  expect(statuses.findLast(({ context }) => context === 'towline/stage')).toMatchObject({
    state: 'failure',
    description: '1900/2000 synced · 100 failed: argocd/app-7@cluster-7: failed',
  });
}, 60_000);
