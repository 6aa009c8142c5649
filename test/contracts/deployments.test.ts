import { describe, expect, it } from 'vitest';
import { createGitHubDeployments } from '../../src/adapters/github/deployments.ts';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import type { DeploymentUpdate, NewDeployment } from '../../src/ports/deployments.ts';
import { createFakeDeployments } from '../fakes/forge-deployments-github.ts';

const [OLD, NEW] = ['a'.repeat(40), 'b'.repeat(40)];
const repository: RepositoryConfig = {
  url: 'https://github.com/Acme/Fleet.git',
  forge: 'github',
  apiURL: 'https://api.github.com/',
};

const setUp = (token = 'canary-right') => {
  // Our own statuses are pending while a deployment is opened.
  const mayWrite = (one: string) => one === 'canary-right';
  const fake = createFakeDeployments({
    repository: 'acme/fleet',
    commits: [OLD, NEW],
    mayWrite,
    isGreen: () => false,
  });
  const deps = { credentials: () => Promise.resolve(token), clock: () => 1_700_000_000_000, fetch: fake.fetch };
  return { fake, deployments: createGitHubDeployments(deps) };
};

const deployment = (more: Partial<NewDeployment> = {}): NewDeployment => ({
  repository,
  commit: NEW,
  environment: 'prod',
  key: 'r1/prod',
  ...more,
});
const update = (more: Partial<DeploymentUpdate> = {}): DeploymentUpdate => ({
  state: 'in_progress',
  description: 'rolling out to 3 applications',
  replacesEarlier: true,
  ...more,
});
const states = ({ fake }: ReturnType<typeof setUp>) =>
  fake.deployments.map(({ statuses }) => statuses.map(({ state }) => state));

describe('deployments on GitHub', () => {
  it('are of exactly the commit, though it is behind and no status is green yet', async () => {
    const { fake, deployments } = setUp();
    expect(await deployments.open(deployment({ commit: OLD, production: true }))).toEqual({ id: 1, isNew: true });
    expect(fake.deployments).toMatchObject([
      { sha: OLD, environment: 'prod', production_environment: true, transient_environment: false },
    ]);
  });

  it('are what GitHub makes of the name where nobody says whether they are production', async () => {
    const { fake, deployments } = setUp();
    for (const environment of ['production', 'dev']) {
      await deployments.open(deployment({ environment, key: `r1/${environment}` }));
    }
    expect(fake.deployments.map((one) => one.production_environment)).toEqual([true, false]);
  });

  it('are opened once for each key, also where the answer was lost', async () => {
    const { fake, deployments } = setUp();
    fake.lose(1);
    await expect(deployments.open(deployment())).rejects.toMatchObject({
      code: 'forge-unreachable',
      kind: 'transient',
    });
    expect(await deployments.open(deployment())).toEqual({ id: 1, isNew: false });
    expect(await deployments.open(deployment({ key: 'r2/prod' }))).toEqual({ id: 2, isNew: true });
    expect(fake.deployments).toHaveLength(2);
  });

  it('are found among many of the same commit, and where the payload comes back as its JSON', async () => {
    const { fake, deployments } = setUp();
    for (let index = 0; index < 130; index++) await deployments.open(deployment({ key: `r${index}/prod` }));
    for (const one of fake.deployments) one.payload = JSON.stringify(one.payload);
    expect(await deployments.open(deployment({ key: 'r3/prod' }))).toEqual({ id: 4, isNew: false });
  });

  it('show state, page and address; only what succeeded before and is neither transient nor production is over', async () => {
    const world = setUp();
    const { deployments, fake } = world;
    for (const key of ['r1/dev', 'r2/dev', 'r3/dev']) await deployments.open(deployment({ environment: 'dev', key }));
    await deployments.update(repository, 1, update({ state: 'success' }));
    await deployments.update(repository, 2, update({ state: 'failure' }));
    const at = { logURL: 'https://towline.example.com/rollouts/r3', environmentURL: 'https://dev.example.com' };
    await deployments.update(repository, 3, update({ state: 'success', ...at }));
    expect(states(world)).toEqual([['success', 'inactive'], ['failure'], ['success']]);
    expect(fake.deployments[2]?.statuses[0]).toMatchObject({ log_url: at.logURL, environment_url: at.environmentURL });
  });

  it('of a rollout that was overtaken end nothing', async () => {
    const world = setUp();
    for (const key of ['r1/dev', 'r2/dev']) await world.deployments.open(deployment({ environment: 'dev', key }));
    await world.deployments.update(repository, 1, update({ state: 'success' }));
    await world.deployments.update(repository, 2, update({ state: 'success', replacesEarlier: false }));
    expect(states(world)).toEqual([['success'], ['success']]);
  });

  it('tell their newest state', async () => {
    const { deployments } = setUp();
    await deployments.open(deployment());
    expect(await deployments.stateOf(repository, 1)).toBeUndefined();
    for (const state of ['in_progress', 'queued', 'success', 'failure', 'inactive'] as const) {
      await deployments.update(repository, 1, update({ state }));
      expect(await deployments.stateOf(repository, 1)).toBe(state);
    }
  });

  it('stay within what GitHub takes', async () => {
    const { fake, deployments } = setUp();
    await deployments.open(deployment({ environment: 'e'.repeat(300) }));
    await deployments.update(repository, 1, update({ description: 'd'.repeat(200) }));
    expect(fake.deployments[0]?.environment).toHaveLength(255);
    expect(fake.deployments[0]?.statuses[0]?.description).toHaveLength(140);
  });

  it('need their permission, and the error names it and no token', async () => {
    const { deployments } = setUp('canary-read-only');
    const error: unknown = await deployments.open(deployment()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'forge-denied', kind: 'permanent' });
    expect(String(error)).toContain('Deployments: write');
    expect(String(error)).not.toContain('canary');
  });

  it('wait as long as a secondary rate limit says', async () => {
    const { fake, deployments } = setUp();
    fake.fail(Response.json({ message: 'secondary rate limit' }, { status: 403, headers: { 'retry-after': '17' } }));
    await expect(deployments.open(deployment())).rejects.toMatchObject({ kind: 'transient', retryAfterSeconds: 17 });
  });
});
