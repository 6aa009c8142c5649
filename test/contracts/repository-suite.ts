import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../src/domain/errors.ts';
import type { Repository } from '../../src/ports/repository.ts';
import { type BareRepository, createBareRepository, type FixtureFile } from '../fakes/bare-repository.ts';

/** Serves a bare repository and opens it through the adapter under test. */
export interface RepositoryUnderTest {
  open(bare: BareRepository): Promise<{ repository: Repository; close: () => Promise<void> }>;
  /** The host can serve SHA-256 repositories. */
  sha256: boolean;
  /** Also a tree of 100,000 files: once for each kind of host, as it takes its time. */
  large?: boolean;
}

const CODES = (error: unknown): string => (error instanceof AppError ? `${error.kind} ${error.code}` : String(error));
const failure = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'no failure', CODES);
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('utf8');

/** File names that git allows and that something on the way is likely to get wrong. */
const ODD_NAMES = [
  'with space.yaml',
  'ünïcode/日本語.yaml',
  '-rf',
  '--help/-x',
  '"quoted".yaml',
  "it's.yaml",
  'new\nline.yaml',
  'tab\t.yaml',
  'back\\slash.yaml',
  'percent%20.yaml',
  'hash#query?.yaml',
  '$(id)',
  'a:b',
  '{curly}[square]*',
  'constructor',
  '__proto__',
];
const ODD_BRANCHES = ['feature/a', '-x', 'ünïcode', 'q"uote', "it's", 'per%20cent', 'a#b', '$(id)', 'a&b=c', 'x/y/z'];

/** What every `Repository` must do, run against the adapter and a real Git repository. */
export const repositoryContract = (name: string, under: RepositoryUnderTest): void => {
  describe(`Repository contract: ${name}`, () => {
    const closers: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const close of closers.splice(0).reverse()) await close();
    });

    const serve = async (format: 'sha1' | 'sha256' = 'sha1') => {
      const bare = await createBareRepository(format);
      closers.push(bare.remove);
      const { repository, close } = await under.open(bare);
      closers.push(close);
      return { bare, repository };
    };
    const readText = async (repository: Repository, commit: string, path: string) => {
      const digest = (await repository.listTree(commit)).entries.get(path)?.digest ?? '';
      return text((await repository.readBlobs([digest])).get(digest));
    };

    test('resolves branches, HEAD and commit ids, and follows pushes', async () => {
      const { bare, repository } = await serve();
      const first = await bare.commit({ ref: 'refs/heads/main', files: { 'a.yaml': 'one' } });
      const other = await bare.commit({ ref: 'refs/heads/other', files: { 'b.yaml': 'two' }, from: first });
      expect(await repository.resolve('refs/heads/main')).toBe(first);
      expect(await repository.resolve('refs/heads/other')).toBe(other);
      expect(await repository.resolve('HEAD')).toBe(first);
      expect(await repository.resolve(other)).toBe(other);
      const second = await bare.commit({ ref: 'refs/heads/main', files: { 'a.yaml': 'changed' }, from: first });
      expect(await repository.resolve('refs/heads/main')).toBe(second);
      expect(await readText(repository, second, 'a.yaml')).toBe('changed');
      expect(await readText(repository, first, 'a.yaml')).toBe('one');
      expect(await repository.defaultBranch()).toBe('refs/heads/main');
    });

    test('takes the first digits of a commit id for the commit, never for a branch of that name', async () => {
      const { bare, repository } = await serve();
      const commit = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      expect(await repository.resolve(commit.slice(0, 7))).toBe(commit);
      expect(await repository.resolve(commit.slice(0, 12))).toBe(commit);
      const named = commit.startsWith('0000000') ? '1111111' : '0000000';
      await bare.git('update-ref', `refs/heads/${named}`, commit);
      expect(await repository.resolve(named)).toBeUndefined();
      expect(await repository.resolve(`refs/heads/${named}`)).toBe(commit);
    });

    test('resolves refs that are neither branches nor tags', async () => {
      const { bare, repository } = await serve();
      const commit = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      const pulled = await bare.commit({ ref: 'refs/pull/7/head', files: { a: '2' }, from: commit });
      expect(await repository.resolve('refs/pull/7/head')).toBe(pulled);
      expect(await repository.resolve('refs/pull/8/head')).toBeUndefined();
    });

    test('answers undefined for what does not exist, and for names that git forbids', async () => {
      const { bare, repository } = await serve();
      const commit = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      const absent = ['refs/heads/mai', 'refs/heads/main2', 'refs/tags/main', 'refs/heads/a..b', 'refs/heads/x y'];
      const forbidden = [
        '--upload-pack=touch PWN',
        'refs/heads/*',
        'main',
        '',
        'refs/heads/main:refs/heads/x',
        'HEAD~1',
      ];
      for (const ref of [...absent, ...forbidden])
        expect([ref, await repository.resolve(ref)]).toEqual([ref, undefined]);
      expect(await repository.resolve(commit.replaceAll(/[0-8]/g, '9'))).toBeUndefined();
      expect(await repository.resolve('refs/heads/main')).toBe(commit);
    });

    test('peels annotated tags, also tags of tags, and reads lightweight ones', async () => {
      const { bare, repository } = await serve();
      const commit = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      await bare.annotatedTag('v1.0.0', commit);
      await bare.annotatedTag('nested', 'v1.0.0');
      await bare.git('tag', 'light', commit);
      for (const tag of ['v1.0.0', 'nested', 'light'])
        expect(await repository.resolve(`refs/tags/${tag}`)).toBe(commit);
      const tree = await repository.listTree(commit);
      expect([...tree.entries.keys()]).toEqual(['a']);
    });

    test('lists every branch and tag, peeled, and HEAD', async () => {
      const { bare, repository } = await serve();
      const main = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      const next = await bare.commit({ ref: 'refs/heads/feature/next', files: { a: '2' }, from: main });
      await bare.annotatedTag('v1', main);
      await bare.git('update-ref', 'refs/pull/1/head', next);
      expect(Object.fromEntries(await repository.listRefs())).toEqual({
        HEAD: main,
        'refs/heads/main': main,
        'refs/heads/feature/next': next,
        'refs/tags/v1': main,
      });
    });

    test('lists more refs than fit a page', async () => {
      const { bare, repository } = await serve();
      const main = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      const names = Array.from({ length: 250 }, (_, index) => `refs/tags/v0.${index}.0`);
      await bare.git('fetch', '--quiet', '.', ...names.map((name) => `+${main}:${name}`));
      expect([...(await repository.listRefs()).keys()].sort()).toEqual(['HEAD', 'refs/heads/main', ...names].sort());
    });

    test('an empty repository has no refs, no HEAD and no default branch, and may be filled', async () => {
      const { bare, repository } = await serve();
      expect(await repository.resolve('refs/heads/main')).toBeUndefined();
      expect(await repository.resolve('HEAD')).toBeUndefined();
      expect(await repository.defaultBranch()).toBeUndefined();
      expect((await repository.listRefs()).size).toBe(0);
      const commit = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      expect(await repository.resolve('refs/heads/main')).toBe(commit);
      expect(await repository.defaultBranch()).toBe('refs/heads/main');
    });

    test('a deleted ref is gone, and its commit may still be read', async () => {
      const { bare, repository } = await serve();
      const main = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      const doomed = await bare.commit({ ref: 'refs/heads/doomed', files: { a: '2' }, from: main });
      expect(await repository.resolve('refs/heads/doomed')).toBe(doomed);
      await bare.git('update-ref', '-d', 'refs/heads/doomed');
      expect(await repository.resolve('refs/heads/doomed')).toBeUndefined();
      expect(await repository.resolve('refs/heads/main')).toBe(main);
      expect([...(await repository.listRefs()).keys()].sort()).toEqual(['HEAD', 'refs/heads/main']);
    });

    test('a force-push to an unrelated history, and back, is followed', async () => {
      const { bare, repository } = await serve();
      const first = await bare.commit({ ref: 'refs/heads/main', files: { a: '1', 'd/b': 'x' } });
      expect(await repository.resolve('refs/heads/main')).toBe(first);
      const forced = await bare.commit({ ref: 'refs/heads/main', files: { a: 'other', 'd/b': 'x' } });
      expect(await repository.resolve('refs/heads/main')).toBe(forced);
      expect(await readText(repository, forced, 'a')).toBe('other');
      await bare.git('update-ref', 'refs/heads/main', first);
      expect(await repository.resolve('refs/heads/main')).toBe(first);
      expect(await readText(repository, first, 'a')).toBe('1');
    });

    test('lists a whole tree with modes, digests and directories', async () => {
      const { bare, repository } = await serve();
      const module = 'c0ffee'.padEnd(40, '0');
      const files: Record<string, FixtureFile> = {
        'plain.yaml': { content: 'a: 1\n' },
        'bin/run': { content: '#!/bin/sh\n', mode: '100755' },
        'deep/er/still/x': { content: 'x' },
        link: { content: '../../etc/passwd', mode: '120000' },
        'vendor/module': { content: module, mode: '160000' },
      };
      const commit = await bare.commit({ ref: 'refs/heads/main', files });
      const tree = await repository.listTree(commit);
      expect(tree.commit).toBe(commit);
      expect(tree.digest).toBe(await bare.git('rev-parse', `${commit}^{tree}`));
      const modes = [...tree.entries].map(([path, { mode }]) => [path, mode]);
      expect(Object.fromEntries(modes)).toEqual({
        'plain.yaml': 'file',
        bin: 'directory',
        'bin/run': 'executable',
        deep: 'directory',
        'deep/er': 'directory',
        'deep/er/still': 'directory',
        'deep/er/still/x': 'file',
        link: 'symlink',
        vendor: 'directory',
        'vendor/module': 'submodule',
      });
      const listed = (await bare.git('ls-tree', '-r', '-t', '--format=%(path) %(objectname)', commit)).split('\n');
      expect([...tree.entries.values()].map(({ path, digest }) => `${path} ${digest}`).sort()).toEqual(listed.sort());
      expect(tree.entries.get('deep/er/still/x')?.path).toBe('deep/er/still/x');
      expect(tree.entries.get('vendor/module')?.digest).toBe(module);
      expect(tree.entries.size).toBe(10);
      expect(tree.entries.has('deep/er/nothing')).toBe(false);
      expect(tree.entries.get('plain.yaml/x')).toBeUndefined();
      expect(await readText(repository, commit, 'link')).toBe('../../etc/passwd');
    });

    test.runIf(under.large)(
      'a tree of 100,000 files is listed whole, and a change of one is noticed',
      async () => {
        const { bare, repository } = await serve();
        const files = Object.fromEntries(
          Array.from({ length: 100_001 }, (_, at) => [`d${at % 101}/file-${at}.yaml`, `n: ${at}\n`]),
        );
        const first = await bare.commit({ ref: 'refs/heads/main', files });
        const before = (await repository.listTree(first)).entries;
        expect(before.size).toBe(100_001 + 101);
        const changed = { ...files, 'd7/file-7.yaml': 'changed' };
        const second = await bare.commit({ ref: 'refs/heads/main', files: changed, from: first });
        const after = (await repository.listTree(second)).entries;
        const moved = [...after].filter(([path, { digest }]) => before.get(path)?.digest !== digest);
        expect(moved.map(([path]) => path).toSorted()).toEqual(['d7', 'd7/file-7.yaml']);
        expect(await readText(repository, second, 'd0/file-99990.yaml')).toBe('n: 99990\n');
      },
      300_000,
    );

    test('odd file names come through', async () => {
      const { bare, repository } = await serve();
      const files = Object.fromEntries(ODD_NAMES.map((path, index) => [path, `content ${index}`]));
      const commit = await bare.commit({ ref: 'refs/heads/main', files });
      const tree = await repository.listTree(commit);
      const digests = ODD_NAMES.map((path) => tree.entries.get(path)?.digest ?? path);
      const blobs = await repository.readBlobs(digests);
      const read = digests.map((digest, index) => [ODD_NAMES[index], text(blobs.get(digest))]);
      expect(read).toEqual(Object.entries(files));
      expect([...tree.entries.values()].filter(({ mode }) => mode !== 'directory')).toHaveLength(ODD_NAMES.length);
    });

    test('odd branch names come through', async () => {
      const { bare, repository } = await serve();
      const main = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      await bare.git('fetch', '--quiet', '.', ...ODD_BRANCHES.map((branch) => `+${main}:refs/heads/${branch}`));
      for (const branch of ODD_BRANCHES) {
        expect([branch, await repository.resolve(`refs/heads/${branch}`)]).toEqual([branch, main]);
      }
      expect((await repository.listRefs()).size).toBe(ODD_BRANCHES.length + 2);
    });

    test('reads blobs as bytes, each digest once, empty ones too', async () => {
      const { bare, repository } = await serve();
      const binary = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
      const large = Buffer.alloc(3 * 1024 * 1024, 'towline ');
      const commit = await bare.commit({
        ref: 'refs/heads/main',
        files: { binary: { content: binary }, empty: '', same: 'x', again: 'x', large: { content: large } },
      });
      const { entries } = await repository.listTree(commit);
      const digest = (path: string) => entries.get(path)?.digest ?? '';
      const wanted = ['binary', 'empty', 'same', 'again', 'binary', 'large'].map(digest);
      const blobs = await repository.readBlobs(wanted);
      expect(blobs.size).toBe(4);
      expect(Buffer.from(blobs.get(digest('binary')) ?? []).equals(binary)).toBe(true);
      expect(Buffer.from(blobs.get(digest('large')) ?? []).equals(large)).toBe(true);
      expect(blobs.get(digest('empty'))).toHaveLength(0);
      expect(digest('same')).toBe(digest('again'));
      expect((await repository.readBlobs([])).size).toBe(0);
    });

    test('a big tree: some thousand files, one changed', async () => {
      const { bare, repository } = await serve();
      const files: Record<string, string> = {};
      for (let index = 0; index < 2000; index += 1) files[`apps/${index % 40}/env/${index}.yaml`] = `n: ${index}\n`;
      const first = await bare.commit({ ref: 'refs/heads/main', files });
      const before = await repository.listTree((await repository.resolve('refs/heads/main')) ?? '');
      expect(before.commit).toBe(first);
      expect(before.entries.size).toBe(2000 + 40 + 40 + 1);
      files['apps/7/env/7.yaml'] = 'n: changed\n';
      await bare.commit({ ref: 'refs/heads/main', files, from: first });
      const after = await repository.listTree((await repository.resolve('refs/heads/main')) ?? '');
      const changed = [...after.entries.values()].filter(
        ({ path, digest }) => before.entries.get(path)?.digest !== digest,
      );
      expect(changed.map(({ path }) => path).sort()).toEqual(['apps', 'apps/7', 'apps/7/env', 'apps/7/env/7.yaml']);
    });

    test('unknown commits and blobs are permanent errors', async () => {
      const { bare, repository } = await serve();
      const commit = await bare.commit({ ref: 'refs/heads/main', files: { a: '1' } });
      const unknown = 'deadbeef'.repeat(5);
      expect(await failure(repository.listTree(unknown))).toBe('permanent commit-not-found');
      expect(await failure(repository.listTree('main'))).toBe('permanent commit-not-found');
      expect(await failure(repository.readBlobs([unknown]))).toBe('permanent blob-not-found');
      expect(await failure(repository.readBlobs(['../../config']))).toBe('permanent blob-not-found');
      expect((await repository.listTree(commit)).commit).toBe(commit);
    });

    test('a dozen callers at once all see a push that came before their call', async () => {
      const { bare, repository } = await serve();
      let head = await bare.commit({ ref: 'refs/heads/main', files: { n: '0' } });
      const seen: Promise<[string | undefined, string]>[] = [];
      for (let round = 1; round <= 4; round += 1) {
        head = await bare.commit({ ref: 'refs/heads/main', files: { n: String(round) }, from: head });
        const expected = head;
        for (let caller = 0; caller < 3; caller += 1) {
          seen.push(repository.resolve('refs/heads/main').then((commit) => [commit, expected]));
        }
      }
      const results = await Promise.all(seen);
      const order = (await bare.git('rev-list', '--reverse', 'refs/heads/main')).split('\n');
      for (const [commit, expected] of results) {
        expect(order.indexOf(commit ?? '')).toBeGreaterThanOrEqual(order.indexOf(expected));
      }
      expect(await repository.resolve('refs/heads/main')).toBe(head);
    });

    test.runIf(under.sha256)('reads a SHA-256 repository', async () => {
      const { bare, repository } = await serve('sha256');
      const commit = await bare.commit({ ref: 'refs/heads/main', files: { 'd/a': '1' } });
      expect(commit).toHaveLength(64);
      await bare.annotatedTag('v1', commit);
      expect(await repository.resolve('refs/heads/main')).toBe(commit);
      expect(await repository.resolve('refs/tags/v1')).toBe(commit);
      expect(await readText(repository, commit, 'd/a')).toBe('1');
    });
  });
};
