import { createHash } from 'node:crypto';
import { permanent } from '../../domain/errors.ts';
import { isObjectId, isRefName, isShortObjectId } from '../../domain/git-name.ts';
import type { Repository } from '../../ports/repository.ts';
import { createGitLabClient, type GitLabClient, type GitLabClientOptions, unreadable } from './repository-client.ts';
import { flatten } from './repository-directory.ts';
import { createGitLabRefs } from './repository-refs.ts';
import { createGitLabTrees } from './repository-tree.ts';

export type GitLabRepositoryOptions = GitLabClientOptions;

const PARALLEL = 8;

/**
 * Reads a project of GitLab (any host: `repository.apiURL`) through its API; needs no git. The token is sent to that
 * host alone. Errors: those of `Repository`, and AppError `repository-url-invalid` (permanent).
 */
export const createGitLabRepository = (options: GitLabRepositoryOptions): Repository => {
  const client = createGitLabClient(options);
  const refs = createGitLabRefs(client, options.clock);
  const trees = createGitLabTrees(client);
  return {
    resolve: async (ref) => {
      if (isObjectId(ref) || isShortObjectId(ref)) return refs.commit(ref);
      return isRefName(ref) ? refs.ref(ref) : undefined;
    },
    defaultBranch: refs.defaultBranch,
    listRefs: refs.list,
    listTree: async (commit) => {
      const root = isObjectId(commit) ? await trees.load(commit) : undefined;
      if (!root) throw missing(client, 'commit', commit);
      return { commit, digest: root.digest, entries: flatten(root) };
    },
    mergeBase: refs.mergeBase,
    readBlobs: async (digests) => {
      const found = new Map<string, Uint8Array>();
      const queue = new Set(digests).values();
      const worker = async (): Promise<void> => {
        for (const digest of queue) found.set(digest, await readBlob(client, digest));
      };
      await Promise.all(Array.from({ length: PARALLEL }, worker));
      return found;
    },
  };
};

/** What came is what was asked for: bytes are held against their id. */
const readBlob = async (client: GitLabClient, digest: string): Promise<Uint8Array> => {
  const bytes = isObjectId(digest) ? await client.getBytes(`/repository/blobs/${digest}/raw`) : undefined;
  if (!bytes) throw missing(client, 'blob', digest);
  const hash = createHash(digest.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${bytes.length}\0`)
    .update(bytes);
  if (hash.digest('hex') !== digest) throw unreadable(client.subject, `blob ${digest} has other bytes`);
  return bytes;
};

const missing = ({ subject }: GitLabClient, what: 'commit' | 'blob', id: string) =>
  permanent(`${what}-not-found`, `${subject} has no ${what} ${id}`, { details: { repository: subject, [what]: id } });
