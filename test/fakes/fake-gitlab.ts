import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type BareEntry, type BareReader, createBareReader } from './bare-reader.ts';

export interface FakeGitLabOptions {
  pageSize?: number;
  /** Answers a request itself (true), before the repository is looked at. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface FakeGitLab {
  /** GitLab's API, ending in /api/v4. */
  apiURL: string;
  repositoryURL: string;
  requests: { url: string; token: string | string[] | undefined; status: number }[];
  close(): Promise<void>;
}

interface Answer {
  status?: number;
  body: unknown;
  next?: string;
}

const PROJECT = 'acme/team/app';
const absent: Answer = { status: 404, body: { message: '404 Not found' } };

/** GitLab's REST endpoints that read a project's repository, served from a real bare repository. */
export const startFakeGitLab = async (directory: string, options: FakeGitLabOptions = {}): Promise<FakeGitLab> => {
  const requests: FakeGitLab['requests'] = [];
  const bare = createBareReader(directory);
  let base = '';
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    response.on('finish', () => requests.push({ url, token: headers['private-token'], status: response.statusCode }));
    if (options.intercept?.(request, response)) return;
    answer(bare, options, new URL(url, base)).then(
      (found) => reply(request, response, found),
      (error: unknown) => reply(request, response, { status: 500, body: { message: String(error) } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    apiURL: `${base}/api/v4`,
    repositoryURL: `https://gitlab.test/${PROJECT}.git`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const reply = (request: IncomingMessage, response: ServerResponse, { status = 200, body, next }: Answer): void => {
  const link = next === undefined ? {} : { link: `<${next}>; rel="next"` };
  if (Buffer.isBuffer(body)) return void response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
  const text = JSON.stringify(body);
  const etag = `W/"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;
  const headers = { 'content-type': 'application/json', etag, ...link };
  if (status === 200 && request.headers['if-none-match'] === etag) response.writeHead(304, { etag, ...link }).end();
  else response.writeHead(status, headers).end(text);
};

const answer = async (bare: BareReader, options: FakeGitLabOptions, url: URL): Promise<Answer> => {
  const start = `/api/v4/projects/${encodeURIComponent(PROJECT)}`;
  if (!url.pathname.startsWith(start)) return absent;
  const parts = url.pathname.slice(start.length).split('/').slice(1).map(decodeURIComponent);
  if (parts.length === 0) return { body: { id: 7, ...(await project(bare, await bare.isEmpty())) } };
  const [section, kind = '', name, last] = parts;
  if (section !== 'repository') return absent;
  if (kind === 'branches' || kind === 'tags') return refs(bare, options, url, kind, name);
  if (kind === 'commits' && name !== undefined) {
    const id = await bare.parse(`${name}^{commit}`);
    return id ? { body: { id } } : absent;
  }
  if (kind === 'tree') return tree(bare, options, url);
  if (kind !== 'blobs' || last !== 'raw' || !/^[0-9a-f]{40}$/.test(name ?? '')) return absent;
  const bytes = await bare.bytes('blob', name ?? '');
  return bytes ? { body: bytes } : absent;
};

const project = async (bare: BareReader, empty: boolean) => ({
  default_branch: empty ? null : (await bare.head()).replace('refs/heads/', ''),
  empty_repo: empty,
});

const refs = async (
  bare: BareReader,
  options: FakeGitLabOptions,
  url: URL,
  kind: 'branches' | 'tags',
  name: string | undefined,
): Promise<Answer> => {
  const prefix = kind === 'branches' ? 'refs/heads/' : 'refs/tags/';
  const all = (await bare.refs(prefix)).map((ref) => ({
    name: ref.name.slice(prefix.length),
    target: ref.sha,
    commit: { id: ref.commit },
  }));
  if (name === undefined) return page(all, options, url);
  const found = all.find((one) => one.name === name);
  return found ? { body: found } : absent;
};

const TYPES: Record<string, string> = { tree: 'tree', blob: 'blob', commit: 'commit' };

const tree = async (bare: BareReader, options: FakeGitLabOptions, url: URL): Promise<Answer> => {
  const path = url.searchParams.get('path') ?? '';
  const commit = await bare.parse(`${url.searchParams.get('ref') ?? 'HEAD'}^{commit}`);
  const root = commit && (path === '' ? commit : await bare.parse(`${commit}:${path}`));
  const entries = root ? await bare.tree(root, url.searchParams.get('recursive') === 'true') : undefined;
  if (!entries) return { status: 404, body: { message: '404 Tree Not Found' } };
  // As GitLab's Gitaly: all directories come before all files.
  const sorted = [...entries.filter(isTree), ...entries.filter((entry) => !isTree(entry))];
  const answer = page(sorted, options, url);
  const told = (entry: BareEntry) => ({
    id: entry.sha,
    name: entry.path.split('/').at(-1),
    type: TYPES[entry.type],
    path: path === '' ? entry.path : `${path}/${entry.path}`,
    mode: entry.mode,
  });
  return { ...answer, body: answer.body.map(told) };
};

const isTree = ({ type }: BareEntry): boolean => type === 'tree';

/** Pages by number or, for `pagination=keyset`, by an opaque token; the Link header names the next one either way. */
const page = <T>(all: T[], { pageSize = 100 }: FakeGitLabOptions, url: URL): Answer & { body: T[] } => {
  const key = url.searchParams.get('pagination') === 'keyset' ? 'page_token' : 'page';
  const number = Number(url.searchParams.get(key)?.replace('token-', '') ?? 1);
  const size = Math.min(pageSize, Number(url.searchParams.get('per_page') ?? 20));
  const body = all.slice((number - 1) * size, number * size);
  if (number * size >= all.length) return { body };
  const next = new URL(url);
  next.searchParams.set(key, key === 'page' ? String(number + 1) : `token-${number + 1}`);
  return { body, next: next.href };
};
