import { beforeEach, describe, expect, it } from 'vitest';
import { permanent, transient } from '../../../../src/domain/errors.ts';
import type { RepositoryConfig } from '../../../../src/domain/fleet/fleet-file.ts';
import { FLEET_ID } from '../../../../src/domain/fleet-row.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;

/** The fleet file with deployments of its first repository. */
const ask = async (deployments: RepositoryConfig['deployments']): Promise<void> => {
  const row = await stack.fleets.get(FLEET_ID);
  if (!row) throw new Error('no fleet');
  const repositories = row.file.repositories.map((one, index) =>
    index === 0 && deployments ? { ...one, deployments } : one,
  );
  await stack.fleets.save({ ...row, file: { ...row.file, repositories } });
};
beforeEach(async () => {
  stack = await createMemoryStack();
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
    'apps/api.yaml': applicationYaml('api', 'api', 'prod'),
    'web/config.yaml': configMapYaml('web', 'one'),
    'api/config.yaml': configMapYaml('api', 'one'),
  });
  await stack.settle();
});

/** A minute's tick, so many times, as `schedule` has it. */
const minutes = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    stack.time.now += 60_000;
    await stack.sweep();
    await stack.settle(20);
  }
};
const both = (text: string) => ({
  'web/config.yaml': configMapYaml('web', text),
  'api/config.yaml': configMapYaml('api', text),
});
/** `environment: states` of a commit's deployments, in the order of their names; that it runs is told where it is seen. */
const told = (commit: string): string[] =>
  stack.deployments
    .filter((one) => one.commit === commit)
    .map(
      ({ environment, updates }) =>
        `${environment}: ${updates.flatMap(({ state }) => (state === 'in_progress' ? [] : [state])).join(' ')}`,
    )
    .toSorted();

describe('deployments of a rollout', () => {
  it('are not made where the fleet file asks for none', async () => {
    await stack.push(both('two'));
    await stack.settle();
    expect(stack.deployments).toEqual([]);
  });

  it('are one for each environment that the change affects, from to their end, with page and address', async () => {
    await ask({ dev: {}, prod: { production: true, url: 'https://shop.example.com' } });
    const commit = await stack.push(both('two'));
    await stack.settle();
    expect(told(commit)).toEqual(['dev: success', 'prod: success']);
    const [dev, prod] = stack.deployments.toSorted((a, b) => (a.environment < b.environment ? -1 : 1));
    expect(dev).not.toHaveProperty('production');
    expect(prod).toMatchObject({ production: true });
    expect(prod?.updates.at(-1)).toEqual({
      state: 'success',
      description: '1/1 synced',
      logURL: expect.stringContaining('https://towline.example.com/rollouts/'),
      environmentURL: 'https://shop.example.com',
      replacesEarlier: true,
    });
    const one = await stack.push({ 'web/config.yaml': configMapYaml('web', 'three') });
    await stack.settle();
    expect(told(one)).toEqual(['dev: success']);
    const none = await stack.push({ 'README.md': 'hello' });
    await stack.settle();
    expect(told(none)).toEqual([]);
  });

  it('fail with the cause; a retry takes the same one up again', async () => {
    await ask(true);
    const error = permanent('apply-refused', 'admission denied');
    let failing = true;
    stack.clusters.prod.failNext('apply', error, ({ object }) => failing && object?.kind === 'ConfigMap', 1_000);
    const commit = await stack.push(both('two'));
    await stack.settle(60);
    expect(told(commit)).toEqual(['dev: success', 'prod: failure']);
    expect(stack.deployments.find(({ environment }) => environment === 'prod')?.updates.at(-1)?.description).toContain(
      'admission denied',
    );
    failing = false;
    const rollout = [...stack.rollouts.rows.values()].find((one) => one.commit === commit);
    await stack.control.retryRollout(rollout?.id ?? '');
    await stack.settle(60);
    expect(told(commit)[1]).toBe('prod: failure success');
  });

  it('are not made for a rollback: its commit is not what is deployed', async () => {
    await stack.push(both('two'));
    await stack.settle();
    await ask(true);
    await stack.control.rollBack('argocd/web', undefined);
    await stack.settle();
    expect(stack.deployments).toEqual([]);
  });
});

it('says that it runs while it does', async () => {
  await ask(true);
  stack.clusters.dev.failNext('apply', transient('cluster-unreachable', 'no answer'), () => true, 3);
  await stack.push(both('two'));
  await stack.settle(0).catch(() => undefined);
  expect(stack.deployments.find(({ environment }) => environment === 'dev')?.updates).toMatchObject([
    { state: 'in_progress', description: 'rolling out to 1 application' },
  ]);
});

describe('a forge', () => {
  beforeEach(() => ask(true));

  it('that is down for an hour hears everything once when it is back', async () => {
    stack.down.forge = () => transient('forge-unreachable', 'GitHub answered 503');
    const commit = await stack.push(both('two'));
    await stack.settle();
    await minutes(60);
    expect(stack.deployments).toEqual([]);
    stack.down.forge = undefined;
    await minutes(6);
    expect(told(commit)).toEqual(['dev: success', 'prod: success']);
    for (const row of stack.rollouts.rows.values()) expect(row.due, row.commit).toBeUndefined();
  });

  it('whose answers are lost is told each state once', async () => {
    let answers = 0;
    stack.down.lost = () => (++answers % 2 === 1 ? transient('forge-unreachable', 'GitHub did not answer') : undefined);
    const commit = await stack.push(both('two'));
    await stack.settle();
    await minutes(30);
    expect(told(commit)).toEqual(['dev: success', 'prod: success']);
    const statuses = stack.statuses
      .filter((one) => one.commit === commit)
      .map(({ context, state }) => `${context} ${state}`);
    expect(statuses.toSorted()).toEqual(
      ['dev', 'prod', 'render'].flatMap((name) => [`towline/${name} pending`, `towline/${name} success`]),
    );
  });

  it('that refuses them is told the statuses all the same, and is not asked again', async () => {
    let tries = 0;
    const row = stack.deployments;
    row.push = () => {
      tries++;
      throw permanent('forge-denied', 'GitHub answered 403: the credentials need "Deployments: write"');
    };
    const commit = await stack.push(both('two'));
    await stack.settle();
    await minutes(10);
    expect(tries).toBe(2);
    expect(stack.statusOf(commit)['towline/prod']).toEqual(['success', '1/1 synced']);
    const rollout = [...stack.rollouts.rows.values()].find((one) => one.commit === commit);
    expect(rollout?.deployments).toMatchObject({ prod: { refused: 'forge-denied' }, dev: { refused: 'forge-denied' } });
    expect(rollout?.due).toBeUndefined();
  });

  it('hears nothing twice where the reporter died before it wrote down what it had told', async () => {
    const save = stack.rollouts.save;
    const posted = stack.deployments.length;
    let died = false;
    stack.rollouts.save = (row) => {
      if (!died && stack.deployments.length > posted) {
        died = true;
        stack.rollouts.save = () => Promise.reject(new Error('killed'));
        return Promise.reject(new Error('killed'));
      }
      return save(row);
    };
    const commit = await stack.push(both('two'));
    await stack.settle().catch(() => undefined);
    expect(died).toBe(true);
    Object.assign(stack.rollouts, { save });
    for (const queue of Object.values(stack.sent)) queue.splice(0);
    await minutes(10);
    for (const one of told(commit)) expect(one).toMatch(/^\w+: success$/);
    expect(told(commit)).toHaveLength(2);
  });
});
