import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { collectGarbage } from '../../src/adapters/git/collect-garbage.ts';
import { runGit } from '../../src/adapters/git/git-process.ts';
import { findStore } from '../../src/adapters/git/object-store.ts';
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

  const damage = {
    'deleted objects': async (store: string) => rm(join(store, 'objects'), { recursive: true }),
    'a truncated object': async (store: string) => {
      for (const entry of await readdir(join(store, 'objects'), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        await rm(path);
        await writeFile(path, 'x');
      }
    },
    'a truncated HEAD': async (store: string) => truncate(join(store, 'HEAD'), 0),
    'leftover locks': async (store: string) => {
      await writeFile(join(store, 'shallow.lock'), '');
      await writeFile(join(store, 'HEAD.lock'), '');
    },
    'no directory at all': async (store: string) => rm(store, { recursive: true }),
  };
  const transports = ['path', 'http'] as const;
  test.each(transports.flatMap((transport) => Object.keys(damage).map((what) => [transport, what] as const)))(
    'a cache of a %s with %s is made again',
    async (transport, what) => {
      const { bare, commit } = await bareWith({ 'd/a': '1', b: '2' });
      const url = transport === 'path' ? bare.directory : (await served(bare)).url;
      const first = await open(url);
      await first.repository.listTree((await first.repository.resolve('refs/heads/main')) ?? '');
      first.repository.close();
      const [store = ''] = await readdir(first.cacheDir);
      await damage[what as keyof typeof damage](join(first.cacheDir, store));
      const next = await bare.commit({ ref: 'refs/heads/main', files: { 'd/a': 'new', b: '2' }, from: commit });
      const { repository } = await open(url, { cacheDir: first.cacheDir });
      expect(await repository.resolve('refs/heads/main')).toBe(next);
      const { entries } = await repository.listTree(next);
      const blobs = await repository.readBlobs([entries.get('d/a')?.digest ?? '', entries.get('b')?.digest ?? '']);
      expect([...blobs.values()].map((bytes) => Buffer.from(bytes).toString())).toEqual(['new', '2']);
      expect((await repository.listTree(commit)).commit).toBe(commit);
    },
  );

  test('damage while the cache is open is mended too', async () => {
    const { bare, commit } = await bareWith({ 'd/a': '1', b: '2' });
    const { repository, cacheDir } = await open((await served(bare)).url);
    await repository.resolve('refs/heads/main');
    const [store = ''] = await readdir(cacheDir);
    await damage['a truncated object'](join(cacheDir, store));
    const { entries } = await repository.listTree(commit);
    const digest = entries.get('d/a')?.digest ?? '';
    expect(Buffer.from((await repository.readBlobs([digest])).get(digest) ?? []).toString()).toBe('1');
  });

  test('a second process start builds upon the cache: one commit costs its changed objects', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`d${index % 30}/${index}`, `${index}`]),
    );
    const { bare, commit } = await bareWith(files);
    const front = await served(bare);
    const first = await open(front.url);
    await first.repository.resolve('refs/heads/main');
    first.repository.close();
    const next = await bare.commit({ ref: 'refs/heads/main', files: { ...files, 'd7/7': 'new' }, from: commit });
    const second = await open(front.url, { cacheDir: first.cacheDir });
    expect(await second.repository.resolve('refs/heads/main')).toBe(next);
    const [store = ''] = await readdir(first.cacheDir);
    const objects = await readdir(join(first.cacheDir, store, 'objects'), { recursive: true, withFileTypes: true });
    const loose = objects.filter((entry) => entry.isFile() && !entry.parentPath.endsWith('pack'));
    // commit, root, d7 and the blob
    expect(loose).toHaveLength(4);
    expect((await second.repository.listTree(next)).entries.size).toBe(330);
  });

  test('objects that a server leaves out, believing that all history is here, are fetched all the same', async () => {
    const { bare, commit } = await bareWith({ 'd/a': 'old', b: '1' });
    const second = await bare.commit({ ref: 'refs/heads/main', files: { 'd/a': 'new', b: '1' }, from: commit });
    const { repository } = await open((await served(bare)).url);
    expect(await repository.resolve('refs/heads/main')).toBe(second);
    const reverted = await bare.commit({ ref: 'refs/heads/main', files: { 'd/a': 'old', b: '1' }, from: second });
    // With bitmaps a server knows all that is reachable from what the client says that it has.
    await bare.git('repack', '-adbq');
    expect(await repository.resolve('refs/heads/main')).toBe(reverted);
    const { entries } = await repository.listTree(reverted);
    const digest = entries.get('d/a')?.digest ?? '';
    expect(Buffer.from((await repository.readBlobs([digest])).get(digest) ?? []).toString()).toBe('old');
    expect(log.lines).toEqual([]);
  });

  test('several commits pushed at once, and a merge, are built upon', async () => {
    const { bare, commit } = await bareWith({ a: '0' });
    const { repository } = await open((await served(bare)).url);
    await repository.resolve('refs/heads/main');
    let head = commit;
    for (let n = 1; n <= 5; n += 1) {
      head = await bare.commit({ ref: 'refs/heads/main', files: { a: `${n}`, [`f${n}`]: 'x' }, from: head });
    }
    const side = await bare.commit({ ref: 'refs/heads/side', files: { a: '0', side: 's' }, from: commit });
    const tree = await bare.git('rev-parse', `${side}^{tree}`);
    const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];
    const merge = await bare.git(...identity, 'commit-tree', '-m', 'merge', '-p', head, '-p', side, tree);
    await bare.git('update-ref', 'refs/heads/main', merge);
    expect(await repository.resolve('refs/heads/main')).toBe(merge);
    expect([...(await repository.listTree(merge)).entries.keys()]).toEqual(['a', 'side']);
    expect((await repository.listTree(head)).entries.size).toBe(2);
  });

  test('collecting garbage in the cache beside its use loses nothing', async () => {
    const { bare, commit } = await bareWith({ 'd/a': '0', b: '1' });
    const { url } = await served(bare);
    const { repository, cacheDir } = await open(url);
    await repository.resolve('refs/heads/main');
    const settings = { protocols: 'http', searchPath: process.env.PATH };
    const store = await findStore(settings, cacheDir, url);
    let head = commit;
    for (let round = 0; round < 3; round += 1) {
      expect(store && (await collectGarbage(settings, store))).toBe(true);
      head = await bare.commit({ ref: 'refs/heads/main', files: { 'd/a': `new ${round}`, b: '1' }, from: head });
      expect(await repository.resolve('refs/heads/main')).toBe(head);
      expect((await repository.listTree(head)).entries.size).toBe(3);
    }
    expect((await repository.listTree(commit)).entries.size).toBe(3);
    expect(log.lines).toEqual([]);
  });

  test('callers share fetches: one under way, the rest together in the next', async () => {
    const { bare, commit } = await bareWith({ a: '1' });
    await bare.git('config', 'uploadpack.allowRefInWant', 'true');
    const front = await served(bare);
    const { repository } = await open(front.url);
    await repository.resolve('refs/heads/main');
    const before = front.requests.length;
    const answers = await Promise.all(Array.from({ length: 24 }, () => repository.resolve('refs/heads/main')));
    expect(new Set(answers)).toEqual(new Set([commit]));
    expect(front.requests.length - before).toBe(2);
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
    const result = await runGit(settings, ['version'], { timeoutMs: 300 });
    expect(result).toMatchObject({ status: -1, timedOut: true });
    const child = Number(await readFile(marker, 'utf8'));
    const state = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'gone');
    expect(state).toMatch(/^gone$|^\d+ \(sleep\) Z/);
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
