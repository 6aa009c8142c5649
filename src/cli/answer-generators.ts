import { resolve } from 'node:path';
import { permanent } from '../domain/errors.ts';
import { type Answer, gitInput, withAnswer } from '../domain/fleet/applicationset/answer-needs.ts';
import type { ApplicationSet } from '../domain/fleet/applicationset/application-set.ts';
import { type Expansion, expandApplicationSet } from '../domain/fleet/applicationset/expand.ts';
import type { GeneratorInputs, Need } from '../domain/fleet/applicationset/generator-inputs.ts';
import type { RenderTemplates } from '../domain/fleet/applicationset/render.ts';
import { sameRepository } from '../domain/repository-url.ts';
import { createFolderRepository } from '../local/folder-repository.ts';
import type { Repository, Tree } from '../ports/repository.ts';
import { STATE_DIR } from './command-line.ts';

/** Which folder stands for which Git repository, at whatever revision. Paths are relative to `cwd`. */
export interface Folders {
  cwd: string;
  repositories: readonly { url: string; path: string }[];
  /** For every other repository. */
  other?: string;
}

/** Reads what a generator asks for. Errors: AppError (permanent) where it cannot be had offline. */
export type AnswerNeed = (need: Need) => Promise<Answer>;

/** Generators name what they read in so many steps at most: a matrix of git generators takes two each. */
const STEPS_AT_MOST = 100;

/** Expands a set, reading what its generators ask for as they name it. Errors: those of `answer`. */
export const expandWithAnswers = async (
  set: ApplicationSet,
  start: GeneratorInputs,
  { render, answer }: { render: RenderTemplates; answer: AnswerNeed },
): Promise<Exclude<Expansion, { needs: Need[] }>> => {
  let inputs = start;
  for (let step = 0; step < STEPS_AT_MOST; step += 1) {
    const expansion = expandApplicationSet(set, inputs, render);
    if (!('needs' in expansion)) return expansion;
    for (const need of expansion.needs) inputs = withAnswer(inputs, await answer(need));
  }
  return { error: `what its generators read is not known after ${STEPS_AT_MOST} steps` };
};

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
  const opened = new Map<string, Promise<Folder>>();
  const folderOf = (url: string): Promise<Folder> => {
    const path = pathOf(url, folders);
    const folder = opened.get(path) ?? openFolder(path, folders.cwd);
    opened.set(path, folder);
    return folder;
  };
  return async (need) => {
    if (need.type === 'git') return { ...need, input: listed(await folderOf(need.repoURL)) };
    if (need.type === 'gitFiles') return { ...need, input: await readTexts(await folderOf(need.repoURL), need.paths) };
    throw permanent(
      'generator-online',
      `${ONLINE[need.type]}, which is not known here: generate it from a list instead`,
    );
  };
};

const pathOf = (url: string, { cwd, repositories, other }: Folders): string => {
  const path = repositories.find((one) => one.url === url || sameRepository(one.url, url))?.path ?? other;
  if (path === undefined) {
    throw permanent('repository-not-given', `no folder stands for ${url}: add --repo ${url}=DIR or --repo-root DIR`);
  }
  return resolve(cwd, path);
};

interface Folder {
  repository: Repository;
  tree: Tree;
}

const NO_COMMIT = '0'.repeat(40);

const openFolder = async (path: string, cwd: string): Promise<Folder> => {
  const ignored = path === resolve(cwd) ? [STATE_DIR] : [];
  const repository = createFolderRepository({ path, commit: NO_COMMIT, ignored });
  return { repository, tree: await repository.listTree(NO_COMMIT) };
};

const listed = ({ tree }: Folder) => {
  const files = [...tree.entries.values()].filter(({ mode }) => mode === 'file' || mode === 'executable');
  return gitInput(files.map(({ path }) => path));
};

const readTexts = async ({ repository, tree }: Folder, paths: readonly string[]): Promise<Record<string, string>> => {
  const entries = paths.flatMap((path) => tree.entries.get(path) ?? []);
  const blobs = await repository.readBlobs(entries.map(({ digest }) => digest));
  const texts = entries.map(({ path, digest }) => [path, Buffer.from(blobs.get(digest) ?? []).toString('utf8')]);
  return Object.fromEntries(texts);
};
