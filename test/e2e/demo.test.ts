import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { contentsOf, openCluster, versionsOf } from './harness/clusters.ts';
import { greeting } from './harness/demo-changes.ts';
import { familyOf, survivors } from './harness/processes.ts';
import { type RunningTowline, startTowline, stateFolder } from './harness/towline.ts';

const folder = stateFolder();
const state = join(folder.path, 'state');
const home = join(folder.path, 'home');
const temporary = join(folder.path, 'tmp');
for (const path of [home, temporary]) mkdirSync(path);
const started: RunningTowline[] = [];
afterAll(async () => {
  await Promise.all(started.map((one) => one.kill()));
  folder.cleanUp();
});

const start = (): RunningTowline => {
  const args = ['demo', '--json', '--port', '0', '--state', state];
  const towline = startTowline(args, { HOME: home, TMPDIR: temporary });
  started.push(towline);
  return towline;
};

/** What a start that comes to nothing says. */
const refusal = async (): Promise<string> => {
  const towline = start();
  expect(await towline.exited).toBe(1);
  return towline.stderr().trim();
};

const SIX = ['api-dev', 'api-prod', 'web-dev', 'web-prod', 'worker-dev', 'worker-prod'].map((name) => `argocd/${name}`);

interface Listed {
  items: { id: string; sync: string; health: { status: string } }[];
}

const applications = async (url: string) => {
  const { items } = (await (await fetch(`${url}/api/v1/applications`)).json()) as Listed;
  return items.map(({ id, sync, health }) => `${id} ${sync} ${health.status}`).sort();
};

/** Clones, changes, commits and pushes as a user does; answers with the commit. */
const push = (gitURL: string, name: string, files: Record<string, string>): string => {
  const dir = join(folder.path, name);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  git('clone', '--quiet', gitURL, dir);
  for (const [path, content] of Object.entries(files)) writeFileSync(join(dir, path), content);
  git('-C', dir, 'commit', '--quiet', '--all', '--message', 'Change');
  git('-C', dir, 'push', '--quiet', 'origin', 'HEAD:main');
  return git('-C', dir, 'rev-parse', 'HEAD');
};

const endOf = async (towline: RunningTowline) => {
  const family = familyOf(towline.pid);
  const asked = Date.now();
  const code = await towline.end('SIGINT');
  return { code, took: Date.now() - asked, left: survivors(family, state) };
};

const all = async (kubeconfig: string) => ({
  dev: await openCluster(kubeconfig, 'dev').objects(),
  prod: await openCluster(kubeconfig, 'prod').objects(),
});

describe('npm start', () => {
  it('shows a push of six applications, a push of two, and keeps all of it over a restart', async () => {
    const first = start();
    const ready = await first.ready();
    expect(ready).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      webhooks: { github: `${ready.url}/webhooks/github`, gitlab: `${ready.url}/webhooks/gitlab` },
      kubeconfig: join(state, 'kubeconfig'),
      contexts: ['dev', 'prod'],
    });
    const six = await first.next('rollout', ({ state: end }) => end === 'success');
    const two = await first.next('rollout', ({ state: end, commit }) => end === 'success' && commit !== six.commit);
    const plans = first
      .all('rollout')
      .flatMap(({ commit, applications: planned }) => (planned ? [{ commit, planned }] : []));
    expect(plans.map(({ commit, planned }) => [commit, planned.map(({ application }) => application).sort()])).toEqual([
      [six.commit, SIX],
      [two.commit, ['argocd/web-dev', 'argocd/web-prod']],
    ]);
    const healthy = SIX.map((id) => `${id} Synced Healthy`);
    expect(await applications(ready.url)).toEqual(healthy);
    const before = await all(ready.kubeconfig);
    for (const [cluster, objects] of Object.entries(before)) {
      expect([...objects.keys()].sort(), cluster).toEqual(
        ['ConfigMap', 'Deployment', 'Service', 'ServiceAccount'].flatMap((kind) =>
          ['api', 'web', 'worker'].map((name) => `${kind} ${name}/${name}`),
        ),
      );
    }
    expect(before.prod.get('ConfigMap web/web')?.data).toEqual({ GREETING: 'hello again' });
    expect(await endOf(first)).toEqual({ code: 0, took: expect.toSatisfy((ms: number) => ms < 10_000), left: [] });

    const second = start();
    const again = await second.ready();
    expect(again.gitURL).toBe(ready.gitURL);
    expect(await refusal()).toMatch(/^towline: .*state is in use by process \d+: end it, or give another --state DIR$/);
    expect(await applications(again.url)).toEqual(healthy);
    const after = await all(again.kubeconfig);
    expect(contentsOf(after.prod)).toEqual(contentsOf(before.prod));
    expect(versionsOf(after.dev)).toEqual(versionsOf(before.dev));
    const commit = push(String(again.gitURL), 'clone', greeting('api', 'after the restart'));
    await second.next('rollout', (line) => line.commit === commit && line.state === 'success');
    // Nothing was planned, rendered or synced but for this push.
    expect(new Set(second.all('rollout').map((line) => line.commit))).toEqual(new Set([commit]));
    const synced = () => new Set(second.all('application').map(({ application }) => application));
    // What became of an application is told after it is written, so the rollout's end may be told first.
    await expect.poll(synced).toEqual(new Set(['argocd/api-dev', 'argocd/api-prod']));
    expect(second.all('render')).toHaveLength(2);
    expect(second.stderr()).toBe('');
    expect(await endOf(second)).toMatchObject({ code: 0, left: [] });
  });

  it('pushes the fleet where its first start was ended before it had done so', async () => {
    writeFileSync(join(state, 'demo-unpushed'), '');
    const towline = start();
    await towline.next('rollout', ({ state: end }) => end === 'success');
    expect(await endOf(towline)).toMatchObject({ code: 0, left: [] });
    expect(readdirSync(state)).not.toContain('demo-unpushed');
  });

  it('ends on Ctrl-C also where the fleet cannot be pushed, which it says', async () => {
    writeFileSync(join(state, 'demo-unpushed'), '');
    const inTheWay = join(state, 'repositories/fleet.git/refs/heads/main.lock');
    writeFileSync(inTheWay, '');
    const towline = start();
    await towline.ready();
    await expect.poll(() => towline.stderr(), { timeout: 60_000 }).toContain('the demo fleet could not be pushed');
    expect(await endOf(towline)).toMatchObject({ code: 0, left: [] });
    rmSync(inTheWay);
    rmSync(join(state, 'demo-unpushed'));
  });

  it('says that the port of its repository is taken by now', async () => {
    const port = Number(readFileSync(join(state, 'demo-git-port'), 'utf8'));
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const text = await refusal();
    server.close();
    expect(text).toMatch(
      new RegExp(`^towline: port ${port}, where the repository .* is in use: free it, or .* --state DIR$`),
    );
  });

  it('writes nothing outside its state directory', () => {
    expect({ home: readdirSync(home), temporary: readdirSync(temporary) }).toEqual({ home: [], temporary: [] });
  });

  it('leaves nothing behind when it is asked to end while it starts', async () => {
    for (const [signal, after] of [
      ['SIGINT', 300],
      ['SIGTERM', 900],
      ['SIGTERM', 1_500],
    ] as const) {
      const towline = start();
      const family = familyOf(towline.pid);
      const look = setInterval(() => {
        for (const one of familyOf(towline.pid)) family.add(one);
      }, 100);
      await new Promise((resolve) => setTimeout(resolve, after));
      const code = await towline.end(signal);
      clearInterval(look);
      // 0 where it was ready to be asked, else the signal's own.
      expect([0, null, 128 + constants.signals[signal]]).toContain(code);
      await expect.poll(() => survivors(family, state)).toEqual([]);
    }
  });
});
