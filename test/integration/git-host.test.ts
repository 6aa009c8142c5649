import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { verify } from '@octokit/webhooks-methods';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GitHost, startGitHost } from '../../src/local/git-host/start-git-host.ts';
import { createMemoryLog } from '../fakes/memory-ports.ts';

const run = promisify(execFile);
const SECRET = 'host-secret';
const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

interface Received {
  headers: IncomingHttpHeaders;
  text: string;
}

/** A webhook endpoint that hands out what it gets, one call at a time, in order of arrival. */
const startReceiver = async () => {
  const queue: Received[] = [];
  const waiting: ((received: Received) => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(202).end();
      const received = { headers: request.headers, text: Buffer.concat(chunks).toString('utf8') };
      const next = waiting.shift();
      if (next) next(received);
      else queue.push(received);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const next = (): Promise<Received> => {
    const ready = queue.shift();
    return ready ? Promise.resolve(ready) : new Promise((resolve) => waiting.push(resolve));
  };
  return {
    url: `http://127.0.0.1:${port}/webhooks/github`,
    next,
    pending: () => queue.length,
    close: () => server.close(),
  };
};

describe('Git host', () => {
  const log = createMemoryLog();
  let folder = '';
  let host: GitHost;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let ids = 0;
  const git = (cwd: string, ...args: string[]) =>
    run('git', args, { cwd, env: ENVIRONMENT }).then(({ stdout }) => stdout.trim());
  const nextPush = async () => {
    const { headers, text } = await receiver.next();
    expect(await verify(SECRET, text, String(headers['x-hub-signature-256']))).toBe(true);
    expect(headers['x-github-event']).toBe('push');
    expect(headers['content-type']).toBe('application/json');
    return { headers, push: JSON.parse(text) };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'towline-host-'));
    receiver = await startReceiver();
    host = await startGitHost({
      root: join(folder, 'root'),
      port: 0,
      webhook: { url: () => receiver.url, secret: () => SECRET },
      clock: () => 1_700_000_000_000,
      newId: () => `delivery-${++ids}`,
      log,
      searchPath: process.env.PATH,
    });
    await mkdir(join(folder, 'files', 'apps'), { recursive: true });
    await writeFile(join(folder, 'files', 'apps', 'a.yaml'), 'a: 1\n');
    await writeFile(join(folder, 'files', 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    await host.createRepository('demo/fleet', join(folder, 'files'));
  });
  afterAll(async () => {
    await host.close();
    receiver.close();
    await rm(folder, { recursive: true, force: true });
  });
  const clone = async (name: string): Promise<string> => {
    await git(folder, 'clone', '--quiet', host.url('demo/fleet'), name);
    return join(folder, name);
  };

  test('a folder becomes a repository once, without a webhook', async () => {
    expect(await host.createRepository('demo/once', join(folder, 'files'))).toBe(true);
    expect(await host.createRepository('demo/once', join(folder, 'files'))).toBe(false);
    const work = await clone('first');
    expect(await readFile(join(work, 'apps', 'a.yaml'), 'utf8')).toBe('a: 1\n');
    expect(await git(work, 'ls-tree', '-r', 'HEAD')).toContain('100755');
    expect(receiver.pending()).toBe(0);
  });

  test('each ref that a push moves is told once, as GitHub would', async () => {
    const work = await clone('second');
    const before = await git(work, 'rev-parse', 'HEAD');
    await writeFile(join(work, 'apps', 'a.yaml'), 'a: 2\n');
    await writeFile(join(work, 'new.yaml'), 'n: 1\n');
    await git(work, 'rm', '--quiet', 'run.sh');
    await git(work, 'add', '.');
    await git(work, 'commit', '--quiet', '-m', 'change a\n\nand more');
    const after = await git(work, 'rev-parse', 'HEAD');
    await git(work, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    const { push, headers } = await nextPush();
    expect(headers['x-github-delivery']).toMatch(/^delivery-/);
    expect(push).toMatchObject({
      ref: 'refs/heads/main',
      before,
      after,
      created: false,
      deleted: false,
      forced: false,
      repository: { full_name: 'demo/fleet', clone_url: host.url('demo/fleet'), default_branch: 'main' },
      head_commit: {
        id: after,
        message: 'change a\n\nand more',
        added: ['new.yaml'],
        modified: ['apps/a.yaml'],
        removed: ['run.sh'],
        author: { name: 'Ada', email: 'ada@example.com' },
      },
      commits: [{ id: after }],
    });
    expect(push.repository.html_url).toBe(host.url('demo/fleet').replace('.git', ''));
    expect(receiver.pending()).toBe(0);
  });

  test('new branches and tags, forced pushes and deletions say what they are', async () => {
    const work = await clone('third');
    await git(work, 'push', '--quiet', 'origin', 'HEAD:refs/heads/feature/x');
    const created = (await nextPush()).push;
    expect(created).toMatchObject({ ref: 'refs/heads/feature/x', created: true, deleted: false, forced: false });
    expect(created.before).toBe('0'.repeat(40));
    await git(work, 'commit', '--quiet', '--amend', '--allow-empty', '-m', 'amended');
    await git(work, 'push', '--quiet', '--force', 'origin', 'HEAD:refs/heads/feature/x');
    const forced = (await nextPush()).push;
    expect(forced).toMatchObject({ forced: true, created: false, before: created.after });
    expect(forced.head_commit.message).toBe('amended');
    await git(work, 'tag', '-a', '-m', 'v1', 'v1');
    await git(work, 'push', '--quiet', 'origin', 'v1');
    const tag = (await nextPush()).push;
    expect(tag).toMatchObject({ ref: 'refs/tags/v1', created: true });
    expect(tag.after).toBe(await git(work, 'rev-parse', 'v1'));
    expect(tag.head_commit.id).toBe(await git(work, 'rev-parse', 'v1^{commit}'));
    await git(work, 'push', '--quiet', 'origin', ':refs/heads/feature/x');
    const deleted = (await nextPush()).push;
    expect(deleted).toMatchObject({ ref: 'refs/heads/feature/x', deleted: true, head_commit: null, commits: [] });
    expect(deleted).toMatchObject({ after: '0'.repeat(40), before: forced.after });
  });

  test('a push of several refs sends one webhook each, a refused one none', async () => {
    const work = await clone('fourth');
    await git(work, 'push', '--quiet', 'origin', 'HEAD:refs/heads/p', 'HEAD:refs/heads/q', 'HEAD:refs/heads/r');
    const refs = [(await nextPush()).push.ref, (await nextPush()).push.ref, (await nextPush()).push.ref];
    expect(new Set(refs)).toEqual(new Set(['refs/heads/p', 'refs/heads/q', 'refs/heads/r']));
    const stale = await clone('fifth');
    await git(work, 'commit', '--quiet', '--allow-empty', '-m', 'newer');
    await git(work, 'push', '--quiet', 'origin', 'HEAD:refs/heads/p');
    await nextPush();
    await git(stale, 'commit', '--quiet', '--allow-empty', '-m', 'diverged');
    await expect(git(stale, 'push', '--quiet', 'origin', 'HEAD:refs/heads/p')).rejects.toThrow();
    expect(receiver.pending()).toBe(0);
  });

  test('a push of several megabytes, sent in chunks, comes through', async () => {
    const work = await clone('large');
    await writeFile(join(work, 'large.bin'), randomBytes(3_000_000));
    await git(work, 'add', '.');
    await git(work, 'commit', '--quiet', '-m', 'large');
    await git(work, 'push', '--quiet', 'origin', 'HEAD:refs/heads/large');
    expect((await nextPush()).push.head_commit.added).toEqual(['large.bin']);
    expect(receiver.pending()).toBe(0);
  });

  test('files are committed by call, and told like a push', async () => {
    const before = await git(await clone('sixth'), 'rev-parse', 'HEAD');
    const files = { 'apps/b.yaml': 'b: 1\n', 'odd "name"\n.yaml': 'x', 'apps/a.yaml': null };
    const after = await host.commitFiles('demo/fleet', 'refs/heads/main', files, 'by call');
    const { push } = await nextPush();
    expect(push).toMatchObject({ ref: 'refs/heads/main', before, after, forced: false });
    expect(push.head_commit).toMatchObject({ message: 'by call', removed: ['apps/a.yaml'] });
    expect(push.head_commit.added.sort()).toEqual(['apps/b.yaml', 'odd "name"\n.yaml']);
    const created = await host.commitFiles('demo/fleet', 'refs/heads/fresh', { x: '1' }, 'new branch');
    expect((await nextPush()).push).toMatchObject({ created: true, after: created });
  });

  test.each([
    ['GET', '/demo/fleet.git/HEAD'],
    ['GET', '/demo/fleet.git/objects/info/packs'],
    ['GET', '/demo/fleet.git/info/refs'],
    ['GET', '/demo/../../etc/info/refs?service=git-upload-pack'],
    ['GET', '/demo/%2e%2e/fleet.git/info/refs?service=git-upload-pack'],
    ['GET', '/other.git/info/refs?service=git-upload-pack'],
    ['POST', '/demo/fleet.git/git-receive-pack'],
  ])('%s %s is not served', async (method, path) => {
    const response = await fetch(`http://127.0.0.1:${host.port}${path}`, { method });
    expect(response.status).toBe(404);
  });

  test('a page of another origin is not served', async () => {
    const url = `${host.url('demo/fleet')}/info/refs?service=git-upload-pack`;
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url, { headers: { origin: 'https://evil.example' } })).status).toBe(404);
  });

  test('without git there is one clear error', async () => {
    const starting = startGitHost({
      root: join(folder, 'none'),
      port: 0,
      webhook: { url: () => '', secret: () => '' },
      clock: () => 0,
      newId: () => 'id',
      log,
      searchPath: '/nonexistent',
    });
    await expect(starting).rejects.toMatchObject({ code: 'git-missing', kind: 'permanent' });
  });
});
