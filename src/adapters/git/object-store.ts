import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObjectId } from '../../domain/git-name.ts';
import type { NewId } from '../../ports/clock.ts';
import { cacheBroken, gitMissing } from './git-errors.ts';
import { finishGit, type GitResult, type GitSettings, runGit, startGit } from './git-process.ts';
import { createObjectReader, type ObjectReader } from './object-reader.ts';
import { createReadyProcess } from './ready-process.ts';

/** Kept refs: named by a digest of the remote ref, so that `a` and `a/b`, or `A` and `a`, never stand in each other's way. */
const KEPT = 'refs/towline';
export type ObjectFormat = 'sha1' | 'sha256';
const FORMATS: readonly ObjectFormat[] = ['sha1', 'sha256'];

/** The bare repository on disk that caches one remote repository. */
export interface ObjectStore extends ObjectReader {
  directory: string;
  format: ObjectFormat;
  /** Ids that were fetched whole and are kept by a ref, newest last. */
  tips(): readonly string[];
  isTip(id: string): boolean;
  /** Something was kept under this remote ref before. */
  isKept(name: string): boolean;
  /** Local ref that keeps what a remote ref (or id) named. */
  keptRef(name: string): string;
  keep(name: string, id: string): Promise<void>;
  /** Reads back what git itself wrote to a kept ref. */
  readKept(name: string): Promise<string | undefined>;
  /** Notes commits whose parents are not here; to be done before their objects are stored. */
  addShallow(ids: readonly string[]): Promise<void>;
  /** Has git check a small pack and store its objects each for itself. */
  unpack(pack: AsyncIterable<Uint8Array>, timeoutMs: number): Promise<GitResult>;
  /** Removes the lock files of a git that was killed or crashed; this process has no other git that writes here. */
  removeLocks(): Promise<void>;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Directory of a repository's cache, by URL and object format. */
const directoryOf = (cacheDir: string, url: string, format: ObjectFormat): string =>
  join(cacheDir, `${createHash('sha256').update(url).digest('hex').slice(0, 32)}-${format}.git`);

/** Opens the cache of a URL where one is on disk, whole or not. */
export const findStore = async (
  settings: GitSettings,
  cacheDir: string,
  url: string,
): Promise<ObjectStore | undefined> => {
  for (const format of FORMATS) {
    const directory = directoryOf(cacheDir, url, format);
    if (await exists(join(directory, 'towline'))) return openStore(settings, directory, format);
  }
  return undefined;
};

/** Makes an empty cache for a URL. It is complete before it appears under its name. Errors: AppError `git-missing`. */
export const createStore = async (
  settings: GitSettings,
  cacheDir: string,
  url: string,
  format: ObjectFormat,
  newId: NewId,
): Promise<ObjectStore> => {
  const directory = directoryOf(cacheDir, url, format);
  const draft = join(cacheDir, `draft-${newId()}`);
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  const args = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', draft];
  const { status, stderr } = await runGit(settings, args, { timeoutMs: 20_000 });
  if (status !== 0) throw status === 127 ? gitMissing() : cacheBroken(stderr);
  await mkdir(join(draft, KEPT), { recursive: true });
  await writeFile(join(draft, 'towline'), `${format}\n`);
  await rm(directory, { recursive: true, force: true });
  await rename(draft, directory);
  return openStore(settings, directory, format);
};

/** Deletes every cache of a URL. */
export const removeStores = async (cacheDir: string, url: string, newId: NewId): Promise<void> => {
  for (const format of FORMATS) {
    const directory = directoryOf(cacheDir, url, format);
    const doomed = join(cacheDir, `draft-${newId()}`);
    // Renamed first: a half-deleted repository must never be found under the name.
    await rename(directory, doomed).catch(() => undefined);
    await rm(doomed, { recursive: true, force: true });
  }
};

const openStore = async (settings: GitSettings, directory: string, format: ObjectFormat): Promise<ObjectStore> => {
  await removeLocks(directory);
  const shallow = new Set(await readLines(join(directory, 'shallow')));
  const kept = new Map<string, string>();
  const keptRef = (name: string): string => `${KEPT}/${createHash('sha256').update(name).digest('hex')}`;
  for (const name of await readdir(join(directory, KEPT)).catch(() => [])) {
    const id = await readId(join(directory, KEPT, name));
    if (id) kept.set(`${KEPT}/${name}`, id);
  }
  const remember = (ref: string, id: string): void => {
    kept.delete(ref);
    kept.set(ref, id);
  };
  return {
    ...createObjects(settings, directory),
    directory,
    format,
    tips: () => [...new Set(kept.values())],
    isTip: (id) => [...kept.values()].includes(id),
    isKept: (name) => kept.has(keptRef(name)),
    keptRef,
    keep: async (name, id) => {
      if (kept.get(keptRef(name)) === id) return;
      await replaceFile(join(directory, keptRef(name)), `${id}\n`);
      remember(keptRef(name), id);
    },
    removeLocks: () => removeLocks(directory),
    readKept: async (name) => {
      const id = await readId(join(directory, keptRef(name)));
      if (id) remember(keptRef(name), id);
      return id;
    },
    addShallow: async (ids) => {
      const before = shallow.size;
      for (const id of ids) shallow.add(id);
      if (shallow.size > before) await replaceFile(join(directory, 'shallow'), `${[...shallow].join('\n')}\n`);
    },
  };
};

/** Objects are read and written by processes that wait for work. */
const createObjects = (settings: GitSettings, directory: string): ObjectReader & Pick<ObjectStore, 'unpack'> => {
  const reader = createObjectReader(settings, directory);
  const args = ['unpack-objects', '-q', '--strict'];
  const unpackers = createReadyProcess(() => startGit(settings, args, { cwd: directory }));
  return {
    read: reader.read,
    unpack: (input, timeoutMs) => finishGit(unpackers.take(), { input, timeoutMs }),
    close: () => {
      reader.close();
      unpackers.close();
    },
  };
};

const removeLocks = async (directory: string): Promise<void> => {
  const kept = await readdir(join(directory, KEPT)).catch(() => []);
  const locks = kept.filter((name) => name.endsWith('.lock')).map((name) => join(KEPT, name));
  for (const lock of ['shallow.lock', 'packed-refs.lock', ...locks]) await rm(join(directory, lock), { force: true });
};

const readLines = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8').catch(() => '')).split('\n').filter(isObjectId);

const readId = async (path: string): Promise<string | undefined> => (await readLines(path))[0];

/** Readers of the file, git among them, see the old or the new text, never a part. One writer at a time. */
const replaceFile = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
};
