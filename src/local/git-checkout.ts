import { runGit } from '../adapters/git/git-process.ts';

/** What a Git checkout tells about itself. */
export interface Checkout {
  /** Where it is: the folder that holds `.git`; of a bare repository, itself. */
  root: string;
  /** The commit that is checked out; undefined before the first one. */
  head: string | undefined;
  /** Full name of the branch that is checked out; undefined where HEAD is detached. */
  branch: string | undefined;
  /** Full names of the branches that it has, or that the remote `origin` had (`refs/heads/main`). */
  branches: ReadonlySet<string>;
  /** Full name of what `HEAD` means: origin's default branch, else main or master where there is one, else `branch`. */
  defaultBranch: string;
  /** Fetch URLs of its remotes. */
  remotes: string[];
}

/**
 * Reads what a checkout, or a bare repository, tells about itself. Undefined: `path` is in none. Errors: AppError `git-missing`.
 */
export const readCheckout = async (path: string, searchPath: string | undefined): Promise<Checkout | undefined> => {
  const git = gitIn(path, searchPath);
  const root = (await git(['rev-parse', '--show-toplevel'])) ?? (await bareRoot(git));
  if (root === undefined) return undefined;
  const [head, branch, remoteHead, remotes, refs] = await Promise.all([
    git(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']),
    git(['symbolic-ref', '--quiet', 'HEAD']),
    git(['symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD']),
    git(['config', '--get-regexp', String.raw`^remote\..*\.url$`]),
    git(['for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/remotes/origin']),
  ]);
  const branches = new Set((refs ?? '').split('\n').map(localName));
  const usual = ['refs/heads/main', 'refs/heads/master'].find((name) => branches.has(name));
  return {
    root,
    head,
    branch,
    branches,
    defaultBranch: (remoteHead && localName(remoteHead)) ?? usual ?? branch ?? 'refs/heads/main',
    remotes: (remotes ?? '').split('\n').flatMap((line) => line.split(' ').slice(1, 2)),
  };
};

const bareRoot = async (git: ReturnType<typeof gitIn>): Promise<string | undefined> => {
  const isBare = (await git(['rev-parse', '--is-bare-repository'])) === 'true';
  return isBare ? git(['rev-parse', '--absolute-git-dir']) : undefined;
};

/** Whether a clone lacks what came before some commit. */
export const isShallow = async (path: string, searchPath: string | undefined): Promise<boolean> =>
  (await gitIn(path, searchPath)(['rev-parse', '--is-shallow-repository'])) === 'true';

const localName = (ref: string): string => ref.replace(/^refs\/remotes\/origin\//, 'refs/heads/');

/** The commit that a revision means in a checkout (`HEAD~1`, `main`, `v1.2`, an abbreviated id); undefined: none. */
export const resolveInCheckout = (
  path: string,
  revision: string,
  searchPath: string | undefined,
): Promise<string | undefined> =>
  gitIn(path, searchPath)(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);

/** Paths in a checkout that Git ignores: files, and folders of which nothing is kept. */
export const ignoredIn = async (root: string, searchPath: string | undefined): Promise<string[]> => {
  const listed = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory'];
  const found = await gitIn(root, searchPath)(listed);
  return (found ?? '').split('\0').flatMap((path) => (path === '' ? [] : [path.replace(/\/$/, '')]));
};

const TIMEOUT_MS = 30_000;

/** Runs git in a folder: what it said, trimmed, or undefined where it failed. */
const gitIn =
  (path: string, searchPath: string | undefined) =>
  async (args: readonly string[]): Promise<string | undefined> => {
    // The user's own checkout on the user's own machine, whoever owns the files.
    const trusted = ['-c', 'safe.directory=*', ...args];
    const { status, stdout } = await runGit({ searchPath, protocols: 'file' }, trusted, {
      cwd: path,
      timeoutMs: TIMEOUT_MS,
    });
    return status === 0 ? stdout.toString('utf8').trim() : undefined;
  };
