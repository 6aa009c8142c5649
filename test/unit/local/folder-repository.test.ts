import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolderRepository } from '../../../src/local/folder-repository.ts';

const COMMIT = 'c'.repeat(40);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'towline-folder-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const put = async (path: string, text = path): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
};

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'core.autocrlf=false', '-c', 'core.quotePath=false', ...args], { cwd: folder })
    .toString()
    .trim();

const treeOf = (ignored: string[] = []) =>
  createFolderRepository({ path: folder, commit: COMMIT, ignored }).listTree(COMMIT);

describe('a folder as a repository', () => {
  it('has the ids that Git gives to the same files', async () => {
    // Git sorts directories as if their names ended in a slash.
    for (const path of ['a/x', 'a.b', 'a0', 'a-b/y/z', 'ü/ñ', 'run.sh', 'empty-text']) await put(path);
    await writeFile(join(folder, 'empty-text'), '');
    await chmod(join(folder, 'run.sh'), 0o755);
    await symlink('a/x', join(folder, 'link'));
    await symlink('/nowhere', join(folder, 'dangling'));
    await mkdir(join(folder, 'nothing/in/here'), { recursive: true });
    git('init', '-q');
    git('add', '-A');
    const root = git('write-tree');
    const listed = git('ls-tree', '-r', '-t', root).split('\n');
    const tree = await treeOf();
    const modes = { file: '100644 blob', executable: '100755 blob', symlink: '120000 blob', directory: '040000 tree' };
    const lines = [...tree.entries.values()].map(
      ({ path, mode, digest }) => `${modes[mode as keyof typeof modes]} ${digest}\t${path}`,
    );
    expect(tree.digest).toBe(root);
    expect(lines.toSorted()).toEqual(listed.toSorted());
  });

  it('reads blobs by digest: bytes of files, targets of links', async () => {
    await put('file', 'text');
    await symlink('file', join(folder, 'link'));
    const repository = createFolderRepository({ path: folder, commit: COMMIT });
    const { entries } = await repository.listTree(COMMIT);
    const [file, link] = [entries.get('file')?.digest ?? '', entries.get('link')?.digest ?? ''];
    const blobs = await repository.readBlobs([file, link, file]);
    expect([blobs.get(file), blobs.get(link)].map(String)).toEqual(['text', 'file']);
    await expect(repository.readBlobs(['0'.repeat(40)])).rejects.toMatchObject({ code: 'blob-not-found' });
  });

  it('leaves out .git and what it is told, and takes a checkout inside for a submodule', async () => {
    for (const path of ['.git/HEAD', '.towline/tools/helm', 'sub/.git', 'sub/file', 'keep/.towline/file'])
      await put(path);
    const { entries } = await treeOf(['.towline']);
    expect([...entries.values()].map(({ path, mode }) => `${mode} ${path}`).toSorted()).toEqual([
      'directory keep',
      'directory keep/.towline',
      'file keep/.towline/file',
      'submodule sub',
    ]);
  });

  it('stands for every ref', async () => {
    const repository = createFolderRepository({ path: folder, commit: COMMIT });
    expect(await repository.resolve('refs/tags/v1')).toBe(COMMIT);
    expect((await repository.listRefs()).get((await repository.defaultBranch()) ?? '')).toBe(COMMIT);
  });

  it('names the folder that it cannot read', async () => {
    const repository = createFolderRepository({ path: join(folder, 'absent'), commit: COMMIT });
    await expect(repository.listTree(COMMIT)).rejects.toMatchObject({ code: 'folder-unreadable', kind: 'permanent' });
  });
});
