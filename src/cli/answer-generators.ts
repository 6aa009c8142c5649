import { resolve } from 'node:path';
import { answerFromTrees, type GeneratorTree } from '../app/answer-from-trees.ts';
import type { AnswerNeed } from '../app/expand-set.ts';
import { permanent } from '../domain/errors.ts';
import { sameRepository } from '../domain/repository-url.ts';
import { createFolderRepository } from '../local/folder-repository.ts';
import { STATE_DIR } from './command-line.ts';
import type { AnswerProvider } from './given-answers.ts';

/** Which folder stands for which Git repository, at whatever revision. Paths are relative to `cwd`. */
export interface Folders {
  cwd: string;
  repositories: readonly { url: string; path: string }[];
  /** For every other repository. */
  other?: string;
}

/**
 * Answers git generators from folders, each listed once; `others` answers what asks somebody else. Errors: AppError
 * `repository-not-given`, `folder-unreadable` (permanent), and those of `others`.
 */
export const answerFromFolders = (folders: Folders, others: AnswerProvider): AnswerNeed => {
  const opened = new Map<string, Promise<GeneratorTree>>();
  const treeAt = ({ repoURL }: { repoURL: string }): Promise<GeneratorTree> => {
    const path = pathOf(repoURL, folders);
    const folder = opened.get(path) ?? openFolder(path, folders.cwd);
    opened.set(path, folder);
    return folder;
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
