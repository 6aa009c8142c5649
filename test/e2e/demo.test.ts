import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type EventLine, startTowline, stateFolder } from './towline.ts';

const state = stateFolder();
afterAll(() => state.cleanUp());

const start = () => startTowline(['demo', '--json', '--port', '0', '--state', state.path]);
const isSuccess = (event: EventLine): boolean => event.event === 'rollout' && event.state === 'success';

interface Kubeconfig {
  clusters: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { name: string; user: { token: string } }[];
}

/** GET on an embedded cluster with the kubeconfig that `ready` names. */
const kubernetes = (
  kubeconfig: string,
  cluster: string,
  path: string,
): Promise<{ metadata: { resourceVersion: string } } & Record<string, unknown>> => {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const { server, 'certificate-authority-data': ca } = clusters.find(({ name }) => name === cluster)?.cluster ?? {
    server: '',
    'certificate-authority-data': '',
  };
  const token = users.find(({ name }) => name === cluster)?.user.token;
  return new Promise((resolve, reject) => {
    const options = { ca: Buffer.from(ca, 'base64'), headers: { authorization: `Bearer ${token}` } };
    request(new URL(path, server), options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
    })
      .on('error', reject)
      .end();
  });
};

const gitURLOf = (events: EventLine[]): string => String(events.find(({ event }) => event === 'ready')?.gitURL);

/** Clones, changes, commits and pushes as a user does; answers with the commit. */
const push = (gitURL: string, folder: string, change: (dir: string) => void): string => {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  const dir = join(state.path, folder);
  git('clone', '--quiet', gitURL, dir);
  change(dir);
  git('-C', dir, 'commit', '--quiet', '--all', '--message', 'Change');
  git('-C', dir, 'push', '--quiet', 'origin', 'HEAD:main');
  return git('-C', dir, 'rev-parse', 'HEAD');
};

const replaceIn = (dir: string, file: string, from: string, to: string): void => {
  execFileSync('sed', ['-i', `s/${from}/${to}/`, join(dir, file)]);
};

describe('npm start', () => {
  it('brings the demo fleet up, keeps what it knows, and touches only what a push bears on', async () => {
    const first = start();
    const ready = await first.next(({ event }) => event === 'ready');
    expect(ready).toMatchObject({
      webhooks: { github: `${String(ready.url)}/webhooks/github`, gitlab: `${String(ready.url)}/webhooks/gitlab` },
    });
    const all = await first.next(isSuccess);
    const planned = first.events.find(
      ({ event, applications, commit }) => event === 'rollout' && applications && commit === all.commit,
    );
    expect(planned?.applications).toHaveLength(6);
    const second = await first.next((event) => isSuccess(event) && event.commit !== all.commit);
    const again = first.events.find(
      ({ event, applications, commit }) => event === 'rollout' && applications && commit === second.commit,
    );
    expect(again?.applications).toMatchObject([{ application: 'argocd/web-dev' }, { application: 'argocd/web-prod' }]);
    expect(await (await fetch(String(ready.url))).text()).toContain('worker-prod');
    const stopping = Date.now();
    expect(await first.end()).toBe(0);
    expect(Date.now() - stopping).toBeLessThan(10_000);

    const restarted = start();
    const readyAgain = await restarted.next(({ event }) => event === 'ready');
    const kubeconfig = String(readyAgain.kubeconfig);
    const untouched = [
      '/api/v1/namespaces/api/configmaps/api',
      '/apis/apps/v1/namespaces/worker/deployments/worker',
      '/apis/apps/v1/namespaces/web/deployments/web',
    ];
    const before = await Promise.all(untouched.map((path) => kubernetes(kubeconfig, 'dev', path)));
    const commit = push(gitURLOf(restarted.events), 'clone', (dir) =>
      replaceIn(dir, 'workloads/worker/values-prod.yaml', 'hello from prod', 'moin'),
    );
    await restarted.next((event) => isSuccess(event) && event.commit === commit);
    const plan = restarted.events.filter(({ event, applications }) => event === 'rollout' && applications);
    expect(plan).toHaveLength(1);
    expect(plan[0]?.applications).toMatchObject([{ application: 'argocd/worker-prod' }]);
    expect(await kubernetes(kubeconfig, 'prod', '/api/v1/namespaces/worker/configmaps/worker')).toMatchObject({
      data: { GREETING: 'moin' },
    });
    const after = await Promise.all(untouched.map((path) => kubernetes(kubeconfig, 'dev', path)));
    expect(after.map(({ metadata }) => metadata.resourceVersion)).toEqual(
      before.map(({ metadata }) => metadata.resourceVersion),
    );

    const broken = push(gitURLOf(restarted.events), 'clone-2', (dir) =>
      replaceIn(dir, 'workloads/worker/templates/config.yaml', '| quote', '| nosuchfunction'),
    );
    const failure = await restarted.next(
      (event) => event.event === 'status' && event.commit === broken && event.state === 'failure',
    );
    expect(String(failure.description)).toContain('config.yaml');
    expect(await restarted.end('SIGTERM')).toBe(0);
  });

  it('finishes a push that a kill interrupted', async () => {
    let running = start();
    await running.next(({ event }) => event === 'ready');
    for (let kills = 0; kills < 3; kills++) {
      const commit = push(gitURLOf(running.events), `kill-${kills}`, (dir) =>
        replaceIn(dir, 'workloads/web/config.yaml', 'GREETING: .*', `GREETING: kill ${kills}`),
      );
      // Killed at another stage each time: planned, rendered, applied.
      await running.next(({ event, applications, phase }) =>
        kills === 0 ? event === 'change' : kills === 1 ? applications !== undefined : phase !== undefined,
      );
      await running.end('SIGKILL');
      running = start();
      const ready = await running.next(({ event }) => event === 'ready');
      await running.next((event) => event.event === 'ready');
      await expect
        .poll(
          async () =>
            (await kubernetes(String(ready.kubeconfig), 'prod', '/api/v1/namespaces/web/configmaps/web')).data,
          { timeout: 30_000 },
        )
        .toEqual({ GREETING: `kill ${kills}` });
      expect(commit).toMatch(/^[0-9a-f]{40}$/);
    }
    await running.end();
  });
});
