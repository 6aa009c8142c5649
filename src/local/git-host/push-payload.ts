import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitSettings } from '../../adapters/git/git-process.ts';
import { createObjectReader, type ObjectReader } from '../../adapters/git/object-reader.ts';
import { createTreeCache, type TreeCache } from '../../adapters/git/tree-node.ts';
import { changedFiles } from './changed-files.ts';
import { type CommitObject, parseCommitObject } from './commit-object.ts';
import { repositoryDirectory } from './hosted-repository.ts';
import { isZero, type RefUpdate } from './ref-update.ts';

/** GitHub tells no more commits than these. */
const MAX_COMMITS = 2_048;
const PERSON = { name: 'towline', email: 'towline@example.com' };

export interface PayloadOptions {
  root: string;
  settings: GitSettings;
  url: (name: string) => string;
}

export interface PushPayload {
  /** The body of GitHub's `push` event for one ref that moved. */
  build(name: string, update: RefUpdate): Promise<Record<string, unknown>>;
  close(): void;
}

interface Opened {
  reader: ObjectReader;
  trees: TreeCache;
}

/** Builds push payloads; objects are read through one long-lived git process per repository. */
export const createPushPayload = ({ root, settings, url }: PayloadOptions): PushPayload => {
  const opened = new Map<string, Opened>();
  const open = (name: string): Opened => {
    const found = opened.get(name);
    if (found) return found;
    const reader = createObjectReader(settings, repositoryDirectory(root, name));
    const fresh = { reader, trees: createTreeCache() };
    opened.set(name, fresh);
    return fresh;
  };
  return {
    build: async (name, update) => {
      const { ref, before, after } = update;
      const at = open(name);
      const { commits, reachesBefore } = await newCommits(at, update);
      const told = await Promise.all(commits.map((commit) => describe(at, commit, url(name))));
      const deleted = isZero(after);
      return {
        ref,
        before,
        after,
        base_ref: null,
        created: isZero(before),
        deleted,
        forced: !isZero(before) && !deleted && !reachesBefore,
        compare: `${url(name)}/compare/${before}...${after}`,
        commits: told,
        head_commit: told.at(-1) ?? (deleted ? null : await describeHead(at, after, url(name))),
        repository: await describeRepository(root, name, url(name)),
        pusher: PERSON,
        sender: { login: PERSON.name, id: 1, type: 'User' },
      };
    },
    close: () => {
      for (const { reader } of opened.values()) reader.close();
      opened.clear();
    },
  };
};

const readCommit = async ({ reader }: Opened, id: string): Promise<CommitObject | undefined> => {
  const object = await reader.read(`${id}^{commit}`);
  return object && parseCommitObject(object.id, object.data.toString('utf8'));
};

/**
 * The commits that a push brought, oldest first: from the new head back along first parents to the old one. Where the
 * old one is not met (new branch, forced push) only the head is told, as the rest is not new for certain.
 */
const newCommits = async (
  at: Opened,
  { before, after }: RefUpdate,
): Promise<{ commits: CommitObject[]; reachesBefore: boolean }> => {
  const commits: CommitObject[] = [];
  if (isZero(after)) return { commits, reachesBefore: false };
  const seen = new Set<string>();
  let front = [after];
  while (front.length > 0 && seen.size < MAX_COMMITS) {
    if (front.includes(before)) return { commits: commits.reverse(), reachesBefore: true };
    const read = await Promise.all(front.map((id) => readCommit(at, id)));
    const found = read.filter((commit) => commit !== undefined);
    for (const { id } of found) seen.add(id);
    commits.push(...found);
    front = [...new Set(found.flatMap(({ parents }) => parents))].filter((id) => !seen.has(id));
    if (isZero(before)) break;
  }
  return { commits: commits.slice(0, 1), reachesBefore: false };
};

const describe = async (at: Opened, commit: CommitObject, url: string) => {
  const [parent] = commit.parents;
  const before = parent === undefined ? undefined : await readCommit(at, parent);
  const read = async (digest: string) => (await at.reader.read(digest))?.data;
  const load = async (tree: string | undefined) => (tree === undefined ? undefined : at.trees.load(tree, read));
  return {
    id: commit.id,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.timestamp,
    url: `${url}/commit/${commit.id}`,
    author: commit.author,
    committer: commit.committer,
    ...changedFiles(await load(before?.tree), await load(commit.tree)),
  };
};

/** The head of a push that brought no commit of its own (a ref set back, or a tag of what was there). */
const describeHead = async (at: Opened, id: string, url: string) => {
  const commit = await readCommit(at, id);
  return commit ? describe(at, commit, url) : null;
};

const describeRepository = async (root: string, name: string, url: string) => {
  const head = await readFile(join(repositoryDirectory(root, name), 'HEAD'), 'utf8').catch(() => '');
  const branch = /^ref: refs\/heads\/(.+)$/m.exec(head)?.[1] ?? 'main';
  const [owner = name] = name.split('/');
  return {
    id: createHash('sha256').update(name).digest().readUInt32BE(0),
    name: name.split('/').at(-1),
    full_name: name,
    private: false,
    owner: { login: owner, name: owner },
    html_url: url.replace(/\.git$/, ''),
    clone_url: url,
    url: url.replace(/\.git$/, ''),
    default_branch: branch,
    master_branch: branch,
  };
};
