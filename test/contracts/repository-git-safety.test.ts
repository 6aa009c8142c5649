import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { runGit } from '../../src/adapters/git/git-process.ts';
import { createGitRepository, type GitRepositoryOptions } from '../../src/adapters/git/repository.ts';
import { isForbiddenAddress } from '../../src/adapters/git/smart-http.ts';
import { AppError } from '../../src/domain/errors.ts';
import { type BareRepository, createBareRepository } from '../fakes/bare-repository.ts';
import { createMemoryLog } from '../fakes/memory-ports.ts';
import { serveBare, serveThrough } from '../fakes/serve-bare.ts';

const CANARY = 'ghs_canary-0123456789abcdef';

describe('git repository: safety', () => {
  const closers: (() => unknown)[] = [];
  const log = createMemoryLog();
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    log.lines.length = 0;
  });

  const temporary = async (): Promise<string> => {
    const directory = await mkdtemp(join(tmpdir(), 'towline-cache-'));
    closers.push(() => rm(directory, { recursive: true, force: true }));
    return directory;
  };
  const open = async (url: string, more: Partial<GitRepositoryOptions> = {}) => {
    const cacheDir = more.cacheDir ?? (await temporary());
    const options = { url, log, allowInsecure: true, newId: randomUUID, searchPath: process.env.PATH };
    const repository = createGitRepository({ ...options, ...more, cacheDir });
    closers.push(repository.close);
    return { repository, cacheDir };
  };
  const bareWith = async (files: Record<string, string>): Promise<{ bare: BareRepository; commit: string }> => {
    const bare = await createBareRepository();
    closers.push(bare.remove);
    return { bare, commit: await bare.commit({ ref: 'refs/heads/main', files }) };
  };
  const served = async (bare: BareRepository, answer?: (q: IncomingMessage, r: ServerResponse) => boolean) => {
    const host = await serveBare(bare.directory);
    closers.push(host.close);
    const front = await serveThrough(host.url, answer ?? (() => false));
    closers.push(front.close);
    return front;
  };
  const failureOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  const answering =
    (status: number, headers: Record<string, string> = {}) =>
    (_request: IncomingMessage, response: ServerResponse): boolean => {
      response.writeHead(status, headers).end('a body');
      return true;
    };

  test.each([
    [401, {}, 'permanent', 'repository-denied', undefined],
    [403, {}, 'permanent', 'repository-denied', undefined],
    [404, {}, 'permanent', 'repository-not-found', undefined],
    [302, { location: 'https://evil.example/x' }, 'permanent', 'repository-not-found', undefined],
    [429, { 'retry-after': '7' }, 'transient', 'repository-rate-limited', 7],
    [500, {}, 'transient', 'repository-unreachable', undefined],
    [503, {}, 'transient', 'repository-unreachable', undefined],
  ])('status %i is told by its meaning, without the token', async (status, headers, kind, code, retryAfterSeconds) => {
    const { bare } = await bareWith({ a: '1' });
    const front = await served(bare, answering(status, headers));
    const { repository } = await open(front.url, { credential: async () => CANARY });
    for (const work of [() => repository.resolve('refs/heads/main'), () => repository.listRefs()]) {
      const error = await failureOf(work());
      expect(error).toMatchObject({ kind, code, retryAfterSeconds });
      expect(inspect(error, { depth: 9 }) + inspect(log.lines, { depth: 9 })).not.toContain(CANARY);
    }
    const basic = `Basic ${Buffer.from(`x-access-token:${CANARY}`).toString('base64')}`;
    expect(front.requests[0]?.authorization).toBe(basic);
  });

  test('a redirect is not followed, so its target never sees the token', async () => {
    const { bare } = await bareWith({ a: '1' });
    const target = await served(bare);
    const front = await served(bare, ({ url }, response) => {
      response.writeHead(307, { location: new URL(url ?? '', target.url).href }).end();
      return true;
    });
    const { repository } = await open(front.url, { credential: async () => CANARY });
    expect(await failureOf(repository.resolve('refs/heads/main'))).toMatchObject({ code: 'repository-not-found' });
    expect(target.requests).toEqual([]);
  });

  test('with the git command line the token goes in a header, never in an argument, and statuses mean the same', async () => {
    const { bare, commit } = await bareWith({ a: '1' });
    let status = 200;
    const front = await served(bare, (request, response) => {
      delete request.headers['git-protocol'];
      return status === 200 ? false : answering(status)(request, response);
    });
    const credential = async () => JSON.stringify({ username: 'robot', password: CANARY });
    const { repository } = await open(front.url, { credential });
    expect(await repository.resolve('refs/heads/main')).toBe(commit);
    const basic = `Basic ${Buffer.from(`robot:${CANARY}`).toString('base64')}`;
    expect(new Set(front.requests.map(({ authorization }) => authorization))).toEqual(new Set([basic]));
    for (const [code, wanted] of [
      [401, 'repository-denied'],
      [404, 'repository-not-found'],
      [500, 'repository-unreachable'],
    ] as const) {
      status = code;
      const error = await failureOf(repository.resolve('refs/heads/main'));
      expect(error).toMatchObject({ code: wanted });
      expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
    }
  });

  test('nobody at the address is a transient failure', async () => {
    const { repository } = await open('http://127.0.0.1:1/x.git', { credential: async () => CANARY });
    const error = await failureOf(repository.listRefs());
    expect(error).toMatchObject({ kind: 'transient', code: 'repository-unreachable' });
    expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
  });

  test.each([
    'http://github.com/a/b',
    'ssh://git@github.com/a/b',
    'git@github.com:a/b',
    'file:///etc',
    '/etc',
    'ext::sh -c touch% /tmp/pwn',
    '--upload-pack=touch PWN',
    'https://user:secret@github.com/a/b',
    'https://127.0.0.1/a/b',
    'https://[::1]/a/b',
    'https://[::ffff:127.0.0.1]/a/b',
    'https://169.254.169.254/latest',
    'https://[fd00:ec2::254]/latest',
    'https://localhost/a/b',
    'https://2130706433/a/b',
  ])('outside local mode %s is refused', async (url) => {
    const { repository } = await open(url, { allowInsecure: false });
    const error = await failureOf(repository.resolve('refs/heads/main'));
    expect(error).toMatchObject({ kind: 'permanent', code: 'repository-url-refused' });
    expect(inspect(error)).not.toContain('secret@');
  });

  test.each([
    ['127.0.0.1', true],
    ['::ffff:169.254.169.254', true],
    ['10.0.0.1', false],
    ['140.82.121.3', false],
    ['github.com', false],
  ])('address %s is forbidden: %s', (address, forbidden) => {
    expect(isForbiddenAddress(address)).toBe(forbidden);
  });

  test('without git there is one clear error', async () => {
    const { bare } = await bareWith({ a: '1' });
    const { repository } = await open(bare.directory, { searchPath: '/nonexistent' });
    expect(await failureOf(repository.resolve('HEAD'))).toMatchObject({ kind: 'permanent', code: 'git-missing' });
  });

  test('nothing of the repository ever lands in the cache as a hook, a link or a work tree', async () => {
    const { bare } = await bareWith({ 'hooks/post-checkout': '#!/bin/sh\ntouch /tmp/pwn\n' });
    const link = { content: '/etc/passwd', mode: '120000' } as const;
    const commit = await bare.commit({ ref: 'refs/heads/main', files: { link, '.gitmodules': '[submodule "x"]\n' } });
    const { repository, cacheDir } = await open(bare.directory);
    await repository.listTree((await repository.resolve('refs/heads/main')) ?? '');
    const found = await readdir(cacheDir, { recursive: true, withFileTypes: true });
    expect(found.filter((entry) => entry.isSymbolicLink() || entry.parentPath.includes('hooks'))).toEqual([]);
    const config = await readFile(join(cacheDir, (await readdir(cacheDir))[0] ?? '', 'config'), 'utf8');
    expect(config).toContain('bare = true');
    expect(commit).toHaveLength(40);
  });

  test('a git that hangs is ended at its deadline, with its children', async () => {
    const directory = await temporary();
    const marker = join(directory, 'pid');
    const script = `#!/bin/sh\nsleep 60 &\necho $! > ${marker}\nwait\n`;
    await writeFile(join(directory, 'git'), script, { mode: 0o755 });
    const settings = { protocols: 'file', searchPath: `${directory}:${process.env.PATH}` };
    const result = await runGit(settings, ['version'], { timeoutMs: 2_000 });
    expect(result).toMatchObject({ status: -1, timedOut: true });
    const child = Number(await readFile(marker, 'utf8'));
    const stateOf = () => readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'gone');
    await expect.poll(stateOf).toMatch(/^gone$|^\d+ \(sleep\) Z/);
  });

  test('objects that git calls broken are refused for good', async () => {
    const { bare } = await bareWith({ a: '1' });
    const tree = await bare.git('hash-object', '-t', 'tree', '-w', '--literally', '/dev/null');
    const text = `tree ${tree}\nauthor broken\ncommitter broken\n\nx\n`;
    await writeFile(join(bare.directory, 'broken'), text);
    const broken = await bare.git('hash-object', '-t', 'commit', '-w', '--literally', 'broken');
    await bare.git('update-ref', 'refs/heads/broken', broken);
    const { repository } = await open((await served(bare)).url);
    const error = await failureOf(repository.resolve('refs/heads/broken'));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ kind: 'permanent', code: 'repository-corrupt' });
    expect(await repository.resolve('refs/heads/main')).toHaveLength(40);
  });
});
