import { resolve } from 'node:path';
import { answerFromTrees, type GeneratorTree } from '../app/answer-from-trees.ts';
import type { AnswerNeed } from '../app/expand-set.ts';
import { permanent } from '../domain/errors.ts';
import { sameRepository } from '../domain/repository-url.ts';
import { createFolderRepository } from '../local/folder-repository.ts';
import { STATE_DIR } from './command-line.ts';

/** Which folder stands for which Git repository, at whatever revision. Paths are relative to `cwd`. */
export interface Folders {
  cwd: string;
  repositories: readonly { url: string; path: string }[];
  /** For every other repository. */
  other?: string;
}

/** What asks somebody whom no folder can stand for. */
const ONLINE = {
  pullRequests: 'the pullRequest generator asks a Git host for its pull requests',
  scmRepositories: 'the scmProvider generator asks a Git host for its repositories',
  plugins: 'the plugin generator asks its plugin',
};

/**
 * Answers git generators from folders, each listed once. Errors: AppError `generator-online`, `repository-not-given`,
 * `folder-unreadable` (permanent).
 */
export const answerFromFolders = (folders: Folders): AnswerNeed => {
  const opened = new Map<string, Promise<GeneratorTree>>();
  const treeAt = ({ repoURL }: { repoURL: string }): Promise<GeneratorTree> => {
    const path = pathOf(repoURL, folders);
    const folder = opened.get(path) ?? openFolder(path, folders.cwd);
    opened.set(path, folder);
    return folder;
  };
  const others = async ({ type }: { type: keyof typeof ONLINE }) => {
    throw permanent('generator-online', `${ONLINE[type]}, which is not known here: generate it from a list instead`);
  };
  return answerFromTrees({ treeAt, others });
};

const pathOf = (url: string, { cwd, repositories, other }: Folders): string => {
  const path = repositories.find((one) => one.url === url || sameRepository(one.url, url))?.path ?? other;
  if (path === undefined) {
    throw permanent('repository-not-given', `no folder stands for ${url}: add --repo ${url}=DIR or --repo-root DIR`);
  }
  return resolve(cwd, path);
};

const NO_COMMIT = '0'.repeat(40);

const openFolder = async (path: string, cwd: string): Promise<GeneratorTree> => {
  const ignored = path === resolve(cwd) ? [STATE_DIR] : [];
  const repository = createFolderRepository({ path, commit: NO_COMMIT, ignored });
  return { tree: await repository.listTree(NO_COMMIT), readBlobs: (digests) => repository.readBlobs(digests) };
};
