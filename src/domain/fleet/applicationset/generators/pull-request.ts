import type { Params, PullRequestGenerator } from '../application-set.ts';
import { type GeneratorContext, noteRead, take, withValues } from '../context.ts';
import { isInputError, type PullRequest, providerRequest } from '../generator-inputs.ts';
import { slugify } from '../go-text.ts';
import { readPattern } from './patterns.ts';

/** Leaves room for a suffix in a DNS label of 63 characters. */
const SLUG_LENGTH = 50;

/** One set of params an open pull request that some filter takes. */
export const generatePullRequests = (generator: PullRequestGenerator, context: GeneratorContext): Params[] => {
  const { key, request, requeueAfterSeconds } = providerRequest(generator);
  noteRead(context, { type: 'pullRequests', key, ...requeueAfterSeconds });
  const input = context.inputs.pullRequests[key];
  const isExcused = generator.continueOnRepoNotFoundError && input && isInputError(input) && input.notFound;
  if (isExcused) return [];
  const need = { type: 'pullRequests' as const, key, request };
  const found = take(context, input, need, (error) => `error listing repos: ${error}`) ?? [];
  return found
    .filter((pull) => isTaken(pull, generator))
    .map((pull) => withValues(paramsOf(pull, context.set.goTemplate), generator.values, context));
};

const isTaken = (pull: PullRequest, { filters = [] }: PullRequestGenerator): boolean =>
  filters.length === 0 ||
  filters.some(
    ({ branchMatch, targetBranchMatch, titleMatch }) =>
      readPattern(branchMatch).test(pull.branch) &&
      readPattern(targetBranchMatch).test(pull.targetBranch) &&
      readPattern(titleMatch).test(pull.title),
  );

const paramsOf = (pull: PullRequest, goTemplate: boolean): Params => ({
  number: String(pull.number),
  title: pull.title,
  branch: pull.branch,
  branch_slug: slugify(pull.branch, SLUG_LENGTH, true),
  target_branch: pull.targetBranch,
  target_branch_slug: slugify(pull.targetBranch, SLUG_LENGTH, true),
  head_sha: pull.headSHA,
  head_short_sha: pull.headSHA.slice(0, 8),
  head_short_sha_7: pull.headSHA.slice(0, 7),
  author: pull.author,
  ...(goTemplate ? { labels: pull.labels ?? [] } : {}),
});
