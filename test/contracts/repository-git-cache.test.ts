import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { collectGarbage } from '../../src/adapters/git/collect-garbage.ts';
import { findStore } from '../../src/adapters/git/object-store.ts';
import { createGitRepository, type GitRepositoryOptions } from '../../src/adapters/git/repository.ts';
import { type BareRepository, createBareRepository } from '../fakes/bare-repository.ts';
import { createMemoryLog } from '../fakes/memory-ports.ts';
import { serveBare, serveThrough } from '../fakes/serve-bare.ts';

describe('git repository: cache', () => {
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
});
