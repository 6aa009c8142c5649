import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One entry of a commit: bytes and mode; a submodule's content is its commit id. */
export interface FixtureFile {
  content: string | Buffer;
  mode?: '100644' | '100755' | '120000' | '160000';
}

export interface FixtureCommit {
  ref: string;
  /** The whole tree by path: what is not named is not there. */
  files: Record<string, string | FixtureFile>;
  /** A ref or id that it builds upon; absent: a root commit. */
  from?: string;
  message?: string;
}

/** A real bare repository in a temporary directory, written through `git fast-import`. */
export interface BareRepository {
  directory: string;
  git(...args: string[]): Promise<string>;
  commit(commit: FixtureCommit): Promise<string>;
  annotatedTag(name: string, target: string): Promise<void>;
  remove(): Promise<void>;
}

const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_COMMITTER_NAME: 'fixture',
  GIT_COMMITTER_EMAIL: 'fixture@example.com',
  GIT_COMMITTER_DATE: '1700000000 +0000',
};

const run = (cwd: string, args: string[], input?: Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile('git', args, { cwd, env: ENVIRONMENT, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      error ? reject(new Error(`git ${args.join(' ')}: ${stderr}`, { cause: error })) : resolve(stdout.trim()),
    );
    // A command that reads no input may be gone before it is written: its exit status tells whether that matters.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
  });

/** C-style quoting that fast-import reads back: every byte that is not plain as octal. */
const quote = (path: string): string =>
  `"${[...Buffer.from(path)].map((byte) => (byte > 32 && byte < 127 && byte !== 34 && byte !== 92 ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`)).join('')}"`;

const entry = (path: string, file: string | FixtureFile): Buffer[] => {
  const { content, mode = '100644' } = typeof file === 'string' ? { content: file } : file;
  if (mode === '160000') return [Buffer.from(`M 160000 ${content.toString()} ${quote(path)}\n`)];
  const bytes = Buffer.from(content);
  return [Buffer.from(`M ${mode} inline ${quote(path)}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')];
};

/** Makes an empty bare repository whose HEAD is `main`. */
export const createBareRepository = async (format: 'sha1' | 'sha256' = 'sha1'): Promise<BareRepository> => {
  const directory = await mkdtemp(join(tmpdir(), 'towline-bare-'));
  const git = (...args: string[]) => run(directory, args);
  await git('init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, '.');
  return {
    directory,
    git,
    commit: async ({ ref, files, from, message = 'change' }) => {
      const isId = /^[0-9a-f]{40,64}$/.test(from ?? '');
      const parent = from && !isId ? await git('rev-parse', '--verify', '--end-of-options', `${from}^{commit}`) : from;
      const head = [
        `commit ${ref}\nmark :1\ncommitter fixture <fixture@example.com> 1700000000 +0000\n`,
        `data ${Buffer.byteLength(message)}\n${message}\n`,
        parent ? `from ${parent}\n` : '',
        'deleteall\n',
      ];
      // A root commit on an existing ref is a force-push: fast-import would take the ref's commit as the parent.
      const reset = `reset ${ref}\n${parent ? `from ${parent}\n` : ''}\n`;
      const body = Object.entries(files).flatMap(([path, file]) => entry(path, file));
      const input = Buffer.concat([
        Buffer.from(reset),
        Buffer.from(head.join('')),
        ...body,
        Buffer.from('\nget-mark :1\n'),
      ]);
      return run(directory, ['fast-import', '--quiet', '--force'], input);
    },
    annotatedTag: async (name, target) => {
      await git(
        '-c',
        'user.name=fixture',
        '-c',
        'user.email=fixture@example.com',
        'tag',
        '-a',
        '-m',
        name,
        name,
        target,
      );
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
};
