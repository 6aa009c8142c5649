import { access, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { type GitSettings, runGit } from '../../adapters/git/git-process.ts';
import { permanent, rejected } from '../../domain/errors.ts';
import { isRefName } from '../../domain/git-name.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RefUpdate } from './ref-update.ts';

/** Files by path from the repository's root; `null` deletes. */
export type FileChanges = Readonly<Record<string, string | Uint8Array | null>>;

export interface HostedOptions {
  root: string;
  settings: GitSettings;
  clock: Clock;
}

const NAME = /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*$/;
const TIMEOUT_MS = 60_000;
const PARALLEL_READS = 64;
const ZERO = '0'.repeat(40);
const AUTHOR = 'Towline <towline@example.com>';

/** Where a repository is. Names are words joined by slashes. Errors: AppError `repository-name-invalid` (rejected). */
export const repositoryDirectory = (root: string, name: string): string => {
  if (NAME.test(name)) return join(root, `${name}.git`);
  throw rejected('repository-name-invalid', `"${name}" is no repository name: use words joined by /`);
};

/** Makes the repository with one commit of a folder's files; false where it is there. See `GitHost`. */
export const createRepository = async (options: HostedOptions, name: string, folder: string): Promise<boolean> => {
  const directory = repositoryDirectory(options.root, name);
  if (await isThere(directory)) return false;
  const draft = `${directory}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(dirname(draft), { recursive: true });
  await git(options, ['init', '--quiet', '--bare', '--initial-branch=main', '--template=', '--', draft]);
  // Collecting garbage in the middle of a push would only cost time.
  for (const [key, value] of Object.entries(CONFIGURATION)) await git(options, ['config', key, value], { cwd: draft });
  const entries = await readFolder(folder);
  await importCommit(options, draft, { ref: 'refs/heads/main', entries, message: 'Initial commit' });
  await rename(draft, directory);
  return true;
};

const CONFIGURATION = {
  'receive.autogc': 'false',
  'receive.denyDeleteCurrent': 'warn',
  'gc.auto': '0',
  'uploadpack.allowAnySHA1InWant': 'true',
  // Resolves and fetches a ref in one request.
  'uploadpack.allowRefInWant': 'true',
};

/** Commits changes on top of a ref (a new root commit where there is none), in one `git fast-import`. */
export const commitFiles = async (
  options: HostedOptions,
  name: string,
  { ref, files, message }: { ref: string; files: FileChanges; message: string },
): Promise<RefUpdate> => {
  const directory = repositoryDirectory(options.root, name);
  if (!isRefName(ref) || ref === 'HEAD') throw rejected('ref-invalid', `"${ref}" is no full ref name`);
  const before = await readRef(options, directory, ref);
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    executable: false,
    content: content === null ? null : Buffer.from(content),
  }));
  await importCommit(options, directory, { ref, entries, message, ...(before && { from: before }) });
  const after = await readRef(options, directory, ref);
  if (!after || after === before) throw permanent('commit-failed', `nothing was committed to ${ref} of ${name}`);
  return { ref, before: before ?? ZERO, after };
};

/** The id that a ref stands for: from its own file where it has one, which costs no process. */
export const readRef = async (
  { settings }: Pick<HostedOptions, 'settings'>,
  directory: string,
  ref: string,
): Promise<string | undefined> => {
  const loose = (await readFile(join(directory, ref), 'utf8').catch(() => '')).trim();
  if (/^[0-9a-f]{40,64}$/.test(loose)) return loose;
  const args = ['for-each-ref', '--format=%(objectname)', '--', ref];
  const { status, stdout } = await runGit(settings, args, { cwd: directory, timeoutMs: TIMEOUT_MS });
  return status === 0 ? stdout.toString('utf8').trim() || undefined : undefined;
};

interface ImportEntry {
  path: string;
  executable: boolean;
  content: Buffer | null;
}

interface ImportedCommit {
  ref: string;
  entries: readonly ImportEntry[];
  message: string;
  from?: string;
}

const importCommit = async (options: HostedOptions, directory: string, commit: ImportedCommit): Promise<void> => {
  const seconds = Math.floor(options.clock() / 1000);
  const head = [
    `commit ${commit.ref}\ncommitter ${AUTHOR} ${seconds} +0000\n`,
    `data ${Buffer.byteLength(commit.message)}\n${commit.message}\n`,
    commit.from ? `from ${commit.from}\n` : '',
  ];
  const parts = [Buffer.from(head.join('')), ...commit.entries.flatMap(importEntry), Buffer.from('\n')];
  await git(options, ['fast-import', '--quiet'], { cwd: directory, input: Buffer.concat(parts) });
};

const importEntry = ({ path, executable, content }: ImportEntry): Buffer[] => {
  if (content === null) return [Buffer.from(`D ${quote(path)}\n`)];
  const mode = executable ? '100755' : '100644';
  return [Buffer.from(`M ${mode} inline ${quote(path)}\ndata ${content.length}\n`), content, Buffer.from('\n')];
};

/** A path as git-fast-import(1) wants it where it is not plain: in quotes, odd bytes in octal. */
const quote = (path: string): string => {
  const bytes = [...Buffer.from(path)].map((byte) =>
    /[\w./ -]/.test(String.fromCharCode(byte)) && byte < 128
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`,
  );
  return `"${bytes.join('')}"`;
};

const readFolder = async (folder: string): Promise<ImportEntry[]> => {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const own = paths.filter((path) => !relative(folder, path).split(sep).includes('.git')).sort();
  const entries: ImportEntry[] = [];
  // A few at a time: one after the other takes seconds for ten thousand files, all at once too many descriptors.
  for (let at = 0; at < own.length; at += PARALLEL_READS) {
    entries.push(...(await Promise.all(own.slice(at, at + PARALLEL_READS).map((path) => readEntry(folder, path)))));
  }
  return entries;
};

const readEntry = async (folder: string, path: string): Promise<ImportEntry> => {
  const [content, { mode }] = await Promise.all([readFile(path), stat(path)]);
  return { path: relative(folder, path).split(sep).join('/'), executable: (mode & 0o100) !== 0, content };
};

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const git = async (
  { settings }: HostedOptions,
  args: readonly string[],
  { cwd, input }: { cwd?: string; input?: Buffer } = {},
): Promise<void> => {
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    if (input) yield input;
  }
  const result = await runGit(settings, args, { ...(cwd && { cwd }), input: chunks(), timeoutMs: TIMEOUT_MS });
  if (result.status === 0) return;
  throw permanent('git-failed', `git ${args[0]} ended with status ${result.status}: ${result.stderr.trim()}`);
};
