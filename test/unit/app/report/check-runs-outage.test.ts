import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { createGitHubReports } from '../../../../src/adapters/github/check-runs.ts';
import { createHoldOff } from '../../../../src/app/report/hold-off.ts';
import { reportRollout } from '../../../../src/app/report/report-rollout.ts';
import { parseFleetFile } from '../../../../src/domain/fleet/parse-fleet-file.ts';
import { FLEET_ID } from '../../../../src/domain/fleet-row.ts';
import type { OutcomePhase, Rollout } from '../../../../src/domain/rollout.ts';
import { createFakeGitHub } from '../../../fakes/forge-statuses-github.ts';
import { createMemoryDeployments } from '../../../fakes/memory-deployments.ts';
import { createMemoryPorts } from '../../../fakes/memory-ports.ts';
import { MAIN } from '../../../fakes/memory-stack.ts';

const REPOSITORY = 'https://github.com/acme/fleet';
const COMMIT = 'c'.repeat(40);
const CONTEXTS = ['towline/dev', 'towline/prod', 'towline/render'];
const FLEET = `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: ${REPOSITORY}, path: apps }
  repositories: [{ url: ${REPOSITORY}, credentials: app }]
  clusters: [{ name: dev, labels: { environment: dev }, embedded: true }]
`;
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const setUp = async () => {
  const ports = createMemoryPorts();
  const parsed = parseFleetFile(FLEET, { file: 'fleet.yaml', local: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  await ports.fleets.save({ id: FLEET_ID, version: 0, file: parsed.fleet, projects: [] });
  const app = { id: '77', publicKey, installationId: 5 };
  const fake = createFakeGitHub({ repository: 'acme/fleet', commits: [COMMIT], app });
  let requests = 0;
  const fetch: typeof globalThis.fetch = (input, init) => {
    requests++;
    return fake.fetch(input as string, init);
  };
  /** As a worker that has just started: it knows no token and no run. */
  const report = () => {
    const credentials = () => Promise.resolve(JSON.stringify({ appId: 77, privateKey }));
    const { post, isShown } = createGitHubReports({ credentials, clock: ports.clock, fetch });
    const holdOff = createHoldOff(ports.clock);
    return reportRollout({
      ...ports,
      statuses: {
        post: (status) => holdOff('app', () => post(status)),
        isShown: (status) => holdOff('app', () => isShown(status)),
      },
      deployments: createMemoryDeployments(),
      openChat: () => undefined,
      rolloutURL: (id) => `https://towline.example.com/rollouts/${id}`,
    });
  };
  return { ports, fake, report, requests: () => requests };
};

let world: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  world = await setUp();
  const { time } = world.ports;
  const applications = ['dev', 'prod'].map((environment) => ({
    application: `argocd/web-${environment}`,
    environment,
    cluster: environment,
    reason: 'web/config.yaml changed',
  }));
  await world.ports.rollouts.save({
    id: 'r1',
    version: 0,
    repository: REPOSITORY,
    ref: MAIN,
    commit: COMMIT,
    cause: 'push',
    generation: 1,
    createdAt: time.now,
    plannedAt: time.now,
    state: 'running',
    applications,
    environments: ['dev', 'prod'],
    problems: [],
    sent: {},
    attempt: 1,
  });
});

const rollout = (): Rollout | undefined => world.ports.rollouts.rows.get('r1');

/** So many minutes, in each of which what was asked for or is due is reported, by a worker of its own. */
const minutes = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    await world.report()({ version: 1, rollout: 'r1' });
    world.ports.sent.reports.splice(0);
    world.ports.time.now += 60_000;
  }
};

const all = async (phase: OutcomePhase, sequence: number): Promise<void> => {
  for (const { reason: _reason, ...one } of rollout()?.applications ?? []) {
    await world.ports.outcomes.record({ ...one, rollout: 'r1', phase, times: { rendered: 1 }, sequence });
  }
};

/** `context: conclusion` of every run, in order. */
const runs = (): string[] =>
  world.fake.checkRuns.map(({ name, status, conclusion }) => `${name}: ${conclusion ?? status}`).toSorted();
const EACH = (conclusion: string) => CONTEXTS.map((context) => `${context}: ${conclusion}`);

it('GitHub is down for an hour: one run for each context, with its end', async () => {
  world.fake.outage.answer = () => Response.json({ message: 'Unavailable' }, { status: 503 });
  await minutes(20);
  await all('healthy', 2);
  await minutes(40);
  expect(world.fake.checkRuns).toEqual([]);
  // Backing off to 5 minutes: each of the tries asks once.
  expect(world.requests()).toBeLessThan(25);
  world.fake.outage.answer = undefined;
  await minutes(6);
  expect(runs()).toEqual(EACH('success'));
  expect(rollout()?.due).toBeUndefined();
});

it('a secondary rate limit is waited for as long as it says, then each context has one run', async () => {
  world.fake.outage.answer = () =>
    Response.json(
      { message: 'You have exceeded a secondary rate limit' },
      { status: 403, headers: { 'retry-after': '600' } },
    );
  await all('healthy', 2);
  await minutes(9);
  expect(world.requests()).toBe(1);
  world.fake.outage.answer = undefined;
  await minutes(3);
  expect(runs()).toEqual(EACH('success'));
});

it.each([1, 2, 3, 4, 5, 6])('%i answers are lost after the effect: one run for each context', async (count) => {
  world.fake.outage.lose = count;
  await minutes(15);
  await all('healthy', 2);
  await minutes(15);
  expect(runs()).toEqual(EACH('success'));
  expect(world.fake.outage.lose).toBe(0);
});

it('every attempt has runs of its own, also where answers are lost', async () => {
  await minutes(1);
  await all('failed', 2);
  await minutes(2);
  const failed = ['towline/dev: failure', 'towline/prod: failure', 'towline/render: success'];
  expect(runs()).toEqual(failed);
  const known = rollout();
  if (known) await world.ports.rollouts.save({ ...known, attempt: 2, state: 'running', sent: {} });
  world.fake.outage.lose = 2;
  await all('planned', 3);
  await minutes(15);
  await all('healthy', 4);
  await minutes(15);
  expect(runs()).toEqual([...failed, ...EACH('success')].toSorted());
});
