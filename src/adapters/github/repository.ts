import { permanent } from '../../domain/errors.ts';
import { isObjectId, isRefName, isShortObjectId } from '../../domain/git-name.ts';
import type { Repository } from '../../ports/repository.ts';
import { readGitHubBlobs } from './repository-blobs.ts';
import { createGitHubClient, type GitHubClientOptions } from './repository-client.ts';
import { createGitHubRefs } from './repository-refs.ts';
import { createGitHubTrees } from './repository-tree.ts';

export type GitHubRepositoryOptions = GitHubClientOptions;

/**
 * Reads a repository of GitHub or GitHub Enterprise (`repository.apiURL`) through its API; needs no git. A GitHub App's token
 * is made for this one repository and `contents: read` alone. Redirects to another host carry no token.
 * Errors: those of `Repository`, and AppError `repository-url-invalid`, `forge-credentials-invalid` (permanent).
 */
export const createGitHubRepository = (options: GitHubRepositoryOptions): Repository => {
  const client = createGitHubClient(options);
  const refs = createGitHubRefs(client, options.clock);
  const trees = createGitHubTrees(client);
  const noCommit = (commit: string) =>
    permanent('commit-not-found', `${client.subject} has no commit ${commit}`, {
      details: { repository: client.subject, commit },
    });
  return {
    resolve: async (ref) => {
      if (isObjectId(ref)) return (await refs.commit(ref))?.id;
      if (isShortObjectId(ref)) return refs.shortCommit(ref);
      return isRefName(ref) ? refs.ref(ref) : undefined;
    },
    defaultBranch: refs.defaultBranch,
    listRefs: refs.list,
    listTree: async (commit) => {
      if (!isObjectId(commit)) throw noCommit(commit);
      const found = await refs.commit(commit);
      const entries = found && (await trees.list(found.tree));
      if (!found || !entries) throw noCommit(commit);
      return { commit: found.id, digest: found.tree, entries };
    },
    mergeBase: refs.mergeBase,
    readBlobs: (digests) => readGitHubBlobs(client, digests),
  };
};
