import { execFile } from 'node:child_process';

/** One entry of a bare repository's tree as git tells it. */
export interface BareEntry {
  mode: string;
  type: string;
  sha: string;
  size: number | undefined;
  path: string;
}

export interface BareRef {
  name: string;
  sha: string;
  type: string;
  /** The commit that an annotated tag stands for, else the object itself. */
  commit: string;
}

/** Reads a real bare repository for fake forges: undefined where git has no such thing. */
export interface BareReader {
  refs(prefix: string): Promise<BareRef[]>;
  head(): Promise<string>;
  /** True until the first ref. */
  isEmpty(): Promise<boolean>;
  /** Of an object id. */
  type(id: string): Promise<string | undefined>;
  bytes(type: string, sha: string): Promise<Buffer | undefined>;
  parse(name: string): Promise<string | undefined>;
  tree(sha: string, recursive: boolean): Promise<BareEntry[] | undefined>;
}

const FORMAT = '%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)';

/** Opens a bare repository by its directory. */
export const createBareReader = (directory: string): BareReader => {
  const git = (...args: string[]): Promise<Buffer | undefined> =>
    new Promise((resolve) => {
      const options = { cwd: directory, encoding: 'buffer', maxBuffer: 1 << 28 } as const;
      execFile('git', args, options, (error, stdout) => resolve(error ? undefined : stdout));
    });
  /** What an id names never changes, so it is asked for once; what is not there may come. */
  const known = new Map<string, Promise<Buffer | undefined>>();
  const gitOnce = (...args: string[]): Promise<Buffer | undefined> => {
    const key = args.join(' ');
    const answer = known.get(key) ?? git(...args);
    known.set(key, answer);
    void answer.then((found) => found ?? known.delete(key));
    return answer;
  };
  const text = async (...args: string[]) => (await git(...args))?.toString('utf8').trim();
  const parse = async (name: string) => {
    const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', name];
    return (await (/^[0-9a-f]{40}/.test(name) ? gitOnce : git)(...args))?.toString('utf8').trim();
  };
  /** A tree that is asked for page by page is read once. */
  const trees = new Map<string, BareEntry[]>();
  let empty = true;
  return {
    parse,
    refs: async (prefix) => {
      const lines = (await text('for-each-ref', `--format=${FORMAT}`, '--', prefix)) ?? '';
      const rows = lines.split('\n').filter((line) => line !== '');
      return Promise.all(
        rows.map(async (line) => {
          const [name = '', sha = '', type = '', peeled = ''] = line.split('\0');
          // git peels one level only.
          const commit = peeled === '' ? sha : ((await parse(`${sha}^{commit}`)) ?? peeled);
          return { name, sha, type, commit };
        }),
      );
    },
    head: async () => (await text('symbolic-ref', 'HEAD')) ?? '',
    isEmpty: async () => {
      empty = empty && ((await text('for-each-ref', '--count=1')) ?? '') === '';
      return empty;
    },
    type: async (id) => (await gitOnce('cat-file', '-t', id))?.toString('utf8').trim(),
    bytes: (type, sha) => gitOnce('cat-file', type, sha),
    tree: async (sha, recursive) => {
      const key = `${sha} ${recursive}`;
      const read = trees.get(key);
      if (read) return read;
      const output = await git('ls-tree', '-z', '-l', ...(recursive ? ['-r', '-t'] : []), sha);
      if (!output) return undefined;
      const entries = output
        .toString('utf8')
        .split('\0')
        .filter((line) => line !== '')
        .map((line) => {
          const [head, path] = splitOnce(line, '\t');
          const [mode = '', type = '', id = '', size = '-'] = head.split(/ +/);
          return { mode, type, sha: id, size: size === '-' ? undefined : Number(size), path };
        });
      trees.set(key, entries);
      return entries;
    },
  };
};

const splitOnce = (textToSplit: string, by: string): [string, string] => {
  const at = textToSplit.indexOf(by);
  return [textToSplit.slice(0, at), textToSplit.slice(at + by.length)];
};
