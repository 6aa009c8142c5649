import * as v from 'valibot';
import type { PullRequestComment, PullRequestComments } from '../../ports/pull-request-comments.ts';
import { AnsweredSchema } from './github-errors.ts';
import { createGitHubWriter, type GitHubTarget, type GitHubWriterDeps } from './github-writer.ts';

const PAGE_SIZE = 100;
const MAX_PAGES = 10;
const REMEDY = 'the credentials need to write comments there (pull requests: write; a classic token: repo)';

/**
 * The comment of a pull request on GitHub (its API: an issue's comment). One that is gone is written anew; one whose id is
 * not known is looked for by its marker. Errors: as the port says.
 */
export const createGitHubComments = (deps: GitHubWriterDeps): PullRequestComments => {
  const asking = createGitHubWriter(deps, { pull_requests: 'write' }, REMEDY);
  return {
    upsert: (comment) =>
      asking(comment.repository, async (to) => {
        const known = comment.id ?? (await find(to, comment));
        const edited = known === undefined ? undefined : await edit(to, known, comment.body);
        return edited ?? write(to, comment);
      }),
  };
};

/** The oldest of the first thousand that holds the marker. */
const find = async ({ octokit, target }: GitHubTarget, { number, marker }: PullRequestComment) => {
  for (let page = 1; page <= MAX_PAGES; page++) {
    const path = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments';
    const { data } = await octokit.request(path, { ...target, issue_number: number, per_page: PAGE_SIZE, page });
    const own = data.find(({ body }) => body?.startsWith(marker));
    if (own) return String(own.id);
    if (data.length < PAGE_SIZE) return undefined;
  }
  return undefined;
};

/** Undefined: it is gone, or it is somebody else's. */
const edit = async ({ octokit, target }: GitHubTarget, id: string, body: string) => {
  try {
    const path = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}';
    await octokit.request(path, { ...target, comment_id: Number(id), body });
    return { id };
  } catch (error) {
    const answered = v.safeParse(AnsweredSchema, error);
    if (answered.success && answered.output.status === 404) return undefined;
    throw error;
  }
};

const write = async ({ octokit, target }: GitHubTarget, { number, body }: PullRequestComment) => {
  const path = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
  const { data } = await octokit.request(path, { ...target, issue_number: number, body });
  return { id: String(data.id) };
};
