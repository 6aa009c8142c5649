import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bundle, bytesOf } from '../../domain/sources/bundle.ts';

/** Where one render takes place. Everything in it goes when the render ends. */
export interface RenderFolder {
  root: string;
  /** The bundle's files: what the repository's root is in Git. */
  repository: string;
  /** An empty home for the tool. */
  home: string;
  /** Value and parameter files under names of our own, so that no name of theirs reaches a command line. */
  values: string;
}

/** True for a path that stays in the folder it is joined to. */
export const isSafePath = (path: string): boolean =>
  path !== '' &&
  !path.startsWith('/') &&
  !path.includes('\0') &&
  !path.includes('\\') &&
  path.length < 4_096 &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.length < 256);

/** Makes an empty folder for one render. */
export const makeFolder = async (temporary: string): Promise<RenderFolder> => {
  await mkdir(temporary, { recursive: true });
  const root = await mkdtemp(join(temporary, 'render-'));
  const folder = { root, repository: join(root, 'r'), home: join(root, 'h'), values: join(root, 'v') };
  await Promise.all([folder.repository, folder.home, folder.values].map((directory) => mkdir(directory)));
  return folder;
};

/** Writes a bundle's files into a render's folder, each a regular file. Paths have been checked before. */
export const writeFiles = async ({ repository }: RenderFolder, files: Bundle['files']): Promise<void> => {
  const directories = new Set(Object.keys(files).map((path) => dirname(join(repository, path))));
  for (const directory of directories) await mkdir(directory, { recursive: true });
  await Promise.all(
    Object.entries(files).map(([path, file]) =>
      writeFile(join(repository, path), 'text' in file ? file.text : bytesOf(file), { flag: 'wx' }),
    ),
  );
};

/** Makes the folder and writes the bundle's files into it. */
export const writeBundle = async (temporary: string, files: Bundle['files']): Promise<RenderFolder> => {
  const folder = await makeFolder(temporary);
  try {
    await writeFiles(folder, files);
    return folder;
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
};

/** Takes away a render's folder with everything in it. Errors: those of the file system. */
export const removeFolder = (folder: RenderFolder): Promise<void> => rm(folder.root, { recursive: true, force: true });
