import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BareRepository, createBareRepository } from '../fakes/bare-repository.ts';
import { type FakeGitHub, startFakeGitHub } from '../fakes/fake-github.ts';
import { createFakeGitHub } from '../fakes/forge-statuses-github.ts';
import { applicationYaml, configMapYaml } from '../fakes/memory-stack.ts';
import { createFakeSlack } from '../fakes/slack-server.ts';
import { type RunningTowline, startTowline, stateFolder } from './towline.ts';

const TOKEN = 'ghp_canary0123456789';
const SLACK_TOKEN = 'xoxb-canary-0123456789';
const HOOK = 'hook-canary-0123456789';
const REPOSITORY = 'https://github.test/acme/app';

const state = stateFolder();
const commits: string[] = [];
const statuses = createFakeGitHub({ repository: 'acme/app', token: TOKEN, commits });
const slack = createFakeSlack({ token: SLACK_TOKEN, channel: 'C1' });
let bare: BareRepository;
let github: FakeGitHub;
let towline: RunningTowline;
let webhook = '';
const files: Record<string, string> = {
  'apps/web.yaml': applicationYaml('web', 'web', 'dev').replaceAll('https://git.example.com/acme/fleet', REPOSITORY),
  'apps/api.yaml': applicationYaml('api', 'api', 'dev').replaceAll('https://git.example.com/acme/fleet', REPOSITORY),
  'web/config.yaml': configMapYaml('web', 'one'),
  'api/config.yaml': configMapYaml('api', 'one'),
  'web/secret.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata: { name: web }\nstringData: { password: manifest-canary-42 }\n',
};

const fleetFile = (base: string): string => `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: ${REPOSITORY}, targetRevision: main, path: apps }
  repositories: [{ url: ${REPOSITORY}, forge: github, apiURL: ${base}, credentials: github, webhookSecret: hook }]
  clusters: [{ name: dev, labels: { environment: dev }, embedded: true }]
  slack: { channel: C1, credentials: slack, apiURL: ${base}/api/ }
`;

/** One host for GitHub's repository API, its statuses and Slack. */
const serveForge = async (): Promise<string> => {
  const answerStatus = getRequestListener(statuses.app.fetch);
  const answerSlack = getRequestListener(slack.app.fetch);
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await request.toArray());
    const headers = { authorization: request.headers.authorization ?? '', accept: request.headers.accept ?? '*/*' };
    const answer = await fetch(new URL(request.url ?? '', github.apiURL), {
      method: request.method ?? 'GET',
      headers,
      ...(body.length > 0 ? { body } : {}),
    });
    const { 'content-encoding': _encoding, 'content-length': _length, ...kept } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, kept).end(Buffer.from(await answer.arrayBuffer()));
  };
  const server = createServer((request, response) => {
    if (request.url?.includes('/statuses/')) void answerStatus(request, response);
    else if (request.url?.startsWith('/api/')) void answerSlack(request, response);
    else void forward(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

beforeAll(async () => {
  bare = await createBareRepository();
  github = await startFakeGitHub(bare.directory);
  const first = await bare.commit({ ref: 'refs/heads/main', files });
  commits.push(first);
  const path = join(state.path, 'fleet.yaml');
  writeFileSync(path, fleetFile(await serveForge()));
  const secrets = { TOWLINE_SECRET_GITHUB: TOKEN, TOWLINE_SECRET_SLACK: SLACK_TOKEN, TOWLINE_SECRET_HOOK: HOOK };
  towline = startTowline(['dev', '--fleet', path, '--json', '--port', '0', '--state', join(state.path, 'state')], {
    ...secrets,
    TOWLINE_POLL_SECONDS: '2',
  });
  const ready = await towline.next(({ event }) => event === 'ready');
  webhook = (ready.webhooks as { github: string }).github;
  await ended(first);
});

afterAll(async () => {
  await towline?.end();
  await github?.close();
  await bare?.remove();
  state.cleanUp();
});

const ended = (commit: string) =>
  towline.next(
    (event) =>
      event.event === 'rollout' && event.commit === commit && event.state !== 'pending' && event.state !== 'running',
  );

const commitFiles = async (changes: Record<string, string>): Promise<string> => {
  Object.assign(files, changes);
  const commit = await bare.commit({ ref: 'refs/heads/main', from: 'refs/heads/main', files });
  commits.push(commit);
  return commit;
};

const deliver = (commit: string, delivery: string): Promise<Response> => {
  const repository = {
    id: 1,
    full_name: 'acme/app',
    html_url: REPOSITORY,
    clone_url: `${REPOSITORY}.git`,
    default_branch: 'main',
  };
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: commit,
    created: false,
    deleted: false,
    forced: false,
    repository,
    commits: [],
    head_commit: null,
  });
  const signature = createHmac('sha256', HOOK).update(body).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': delivery,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  return fetch(webhook, { method: 'POST', headers, body });
};

const told = (commit: string) =>
  statuses.statuses
    .filter(({ sha }) => sha === commit)
    .map(({ context, state: name, description }) => [context, name, description]);

describe('a fleet on GitHub', () => {
  it('posts pending, then success, for a push, and one Slack message', async () => {
    const before = slack.messages.length;
    const commit = await commitFiles({ 'web/config.yaml': configMapYaml('web', 'two') });
    expect((await deliver(commit, 'd1')).status).toBe(202);
    await ended(commit);
    expect(told(commit).at(0)).toEqual(['towline/dev', 'pending', 'planning']);
    expect(told(commit).at(-1)).toEqual(['towline/dev', 'success', '1/1 synced']);
    expect(slack.messages.length - before).toBe(1);
  });

  it('does nothing for the same delivery again', async () => {
    const commit = commits.at(-1) ?? '';
    const count = statuses.statuses.length;
    expect((await deliver(commit, 'd1')).status).toBe(202);
    const next = await commitFiles({ 'README.md': 'hello' });
    await deliver(next, 'd2');
    await ended(next);
    expect(told(next).at(-1)).toEqual(['towline/dev', 'success', 'no applications affected']);
    expect(statuses.statuses.filter(({ sha }) => sha === commit)).toHaveLength(
      count - statuses.statuses.filter(({ sha }) => sha !== commit && sha !== next).length,
    );
  });

  it('fails the commit that breaks a manifest, names the file, and lets the other application go on', async () => {
    const bad = await commitFiles({
      'web/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: [\n',
      'api/config.yaml': configMapYaml('api', 'two'),
    });
    await deliver(bad, 'd3');
    await ended(bad);
    const [, end, description] = told(bad).at(-1) ?? [];
    expect(end).toBe('failure');
    expect(description).toContain('web/config.yaml');
    expect(description).toContain('1/2');
    const good = await commitFiles({ 'web/config.yaml': configMapYaml('web', 'three') });
    await deliver(good, 'd4');
    await ended(good);
    expect(told(good).at(-1)?.[1]).toBe('success');
  });

  it('finds a push whose webhook was lost', async () => {
    const commit = await commitFiles({ 'api/config.yaml': configMapYaml('api', 'polled') });
    await ended(commit);
    expect(told(commit).at(-1)).toEqual(['towline/dev', 'success', '1/1 synced']);
  });

  it('refuses a wrong signature, and says no secret anywhere', async () => {
    const body = '{"ref":"refs/heads/main"}';
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-hub-signature-256': 'sha256=00',
    };
    expect((await fetch(webhook, { method: 'POST', headers, body })).status).toBe(401);
    const log = readFileSync(join(state.path, 'state', 'towline.log'), 'utf8');
    const everything = [
      log,
      towline.stderr(),
      JSON.stringify(towline.events),
      JSON.stringify(statuses.statuses),
      JSON.stringify(slack.messages),
    ].join('\n');
    for (const canary of [TOKEN, SLACK_TOKEN, HOOK, 'manifest-canary-42']) expect(everything).not.toContain(canary);
  });
});
