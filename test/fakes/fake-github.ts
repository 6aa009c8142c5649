import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type BareReader, createBareReader } from './bare-reader.ts';

export interface FakeGitHubOptions {
  /** Tree listings end after so many entries, with `truncated`. */
  truncateAt?: number;
  pageSize?: number;
  /** Answers a request itself (true), before the repository is looked at. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface FakeGitHub {
  /** octokit's baseUrl. */
  apiURL: string;
  /** `https://github.test/acme/app`: what the fleet file would say. */
  repositoryURL: string;
  requests: { method: string; url: string; authorization: string | undefined; body: string; status: number }[];
  close(): Promise<void>;
}

interface Answer {
  status?: number;
  body: unknown;
  link?: string;
}

type Query = URLSearchParams;

const REPOSITORY = 'acme/app';
const absent: Answer = { status: 404, body: { message: 'Not Found' } };
const emptyRepository: Answer = { status: 409, body: { message: 'Git Repository is empty.' } };

/** GitHub's REST and GraphQL endpoints that read a repository, served from a real bare repository. */
export const startFakeGitHub = async (directory: string, options: FakeGitHubOptions = {}): Promise<FakeGitHub> => {
  const requests: FakeGitHub['requests'] = [];
  const bare = createBareReader(directory);
  let base = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      response.on('finish', () => {
        const { method = '', url = '', headers } = request;
        requests.push({ method, url, authorization: headers.authorization, body, status: response.statusCode });
      });
      if (options.intercept?.(request, response)) return;
      answer(bare, options, base, request, body).then(
        (found) => reply(request, response, found),
        (error: unknown) => reply(request, response, { status: 500, body: { message: String(error) } }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    apiURL: base,
    repositoryURL: `https://github.test/${REPOSITORY}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const reply = (request: IncomingMessage, response: ServerResponse, { status = 200, body, link }: Answer): void => {
  const text = JSON.stringify(body);
  const etag = `W/"${createHash('sha256').update(text).digest('hex')}"`;
  const headers = { 'content-type': 'application/json; charset=utf-8', etag, ...(link ? { link } : {}) };
  if (status === 200 && request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
  else response.writeHead(status, headers).end(text);
};

const answer = async (
  bare: BareReader,
  options: FakeGitHubOptions,
  base: string,
  request: IncomingMessage,
  body: string,
): Promise<Answer> => {
  const url = new URL(request.url ?? '/', base);
  const path = url.pathname.split('/').map(decodeURIComponent).join('/');
  if (request.method === 'POST') return path === '/graphql' ? graphql(bare, body) : appToken(path);
  if (!path.startsWith(`/repos/${REPOSITORY}`)) return absent;
  const rest = path.slice(`/repos/${REPOSITORY}`.length);
  if (rest === '') return { body: { id: 4711, full_name: REPOSITORY, default_branch: await defaultBranch(bare) } };
  if (rest === '/installation') return { body: { id: 99 } };
  if (await bare.isEmpty()) return rest.startsWith('/git/') ? emptyRepository : { body: [] };
  const [, section = '', id = ''] = /^\/git\/([a-z]+)\/(.+)$/.exec(rest) ?? [];
  if (section !== '') return gitData(bare, options, section, id, url.searchParams);
  if (rest.startsWith('/commits/')) {
    const sha = await bare.parse(`${rest.slice('/commits/'.length)}^{commit}`);
    return sha ? { body: { sha } } : { status: 422, body: { message: 'No commit found for SHA' } };
  }
  if (rest === '/branches') return page(await named(bare, 'refs/heads/'), options, url);
  if (rest === '/tags') return page(await named(bare, 'refs/tags/'), options, url);
  return absent;
};

const defaultBranch = async (bare: BareReader) => (await bare.head()).replace('refs/heads/', '');

/** An App's installation token; what it may do is echoed in it. */
const appToken = (path: string): Answer =>
  path === '/app/installations/99/access_tokens'
    ? { status: 201, body: { token: 'ghs_installation', expires_at: '2999-01-01T00:00:00Z', permissions: {} } }
    : absent;

const named = async (bare: BareReader, prefix: string) =>
  (await bare.refs(prefix)).map(({ name, commit }) => ({ name: name.slice(prefix.length), commit: { sha: commit } }));

const page = (all: unknown[], { pageSize = 100 }: FakeGitHubOptions, url: URL): Answer => {
  const number = Number(url.searchParams.get('page') ?? 1);
  const size = Math.min(pageSize, Number(url.searchParams.get('per_page') ?? 30));
  const next = new URL(url);
  next.searchParams.set('page', String(number + 1));
  const body = all.slice((number - 1) * size, number * size);
  return number * size < all.length ? { body, link: `<${next.href}>; rel="next"` } : { body };
};

const gitData = async (
  bare: BareReader,
  { truncateAt = 100_000 }: FakeGitHubOptions,
  section: string,
  id: string,
  query: Query,
): Promise<Answer> => {
  if (section === 'ref') {
    const found = (await bare.refs(`refs/${id}`)).find(({ name }) => name === `refs/${id}`);
    return found ? { body: { ref: found.name, object: { sha: found.sha, type: found.type } } } : absent;
  }
  if (!/^[0-9a-f]{40}$/.test(id)) return { status: 422, body: { message: 'The sha parameter must be a SHA' } };
  const type = await bare.type(id);
  if (section === 'tags' && type === 'tag') {
    const text = (await bare.bytes('tag', id))?.toString('utf8') ?? '';
    const [, sha, target] = /^object ([0-9a-f]+)\ntype (\w+)/.exec(text) ?? [];
    return { body: { sha: id, object: { sha, type: target } } };
  }
  if (section === 'commits' && type === 'commit') {
    return { body: { sha: id, tree: { sha: await bare.parse(`${id}^{tree}`) } } };
  }
  if (section === 'blobs' && type === 'blob') {
    const content = (await bare.bytes('blob', id))?.toString('base64').replace(/(.{60})/g, '$1\n');
    return { body: { sha: id, encoding: 'base64', content } };
  }
  if (section === 'trees' && (type === 'tree' || type === 'commit')) {
    const entries = (await bare.tree(id, query.has('recursive'))) ?? [];
    const truncated = query.has('recursive') && entries.length > truncateAt;
    return { body: { sha: id, truncated, tree: truncated ? entries.slice(0, truncateAt) : entries } };
  }
  return absent;
};

/** Only what is asked: `b0: object(oid: "…") { ... on Blob { text } }`, with null for what is not text. */
const graphql = async (bare: BareReader, body: string): Promise<Answer> => {
  const { query = '' }: { query?: string } = JSON.parse(body);
  const repository: Record<string, { text: string | null } | null> = {};
  for (const [, name = '', oid = ''] of query.matchAll(/(b\d+): object\(oid: "([0-9a-f]+)"\)/g)) {
    const bytes = (await bare.type(oid)) === 'blob' ? await bare.bytes('blob', oid) : undefined;
    const text = bytes?.includes(0) ? null : (bytes?.toString('utf8').slice(0, 500_000) ?? null);
    repository[name] = bytes ? { text } : null;
  }
  return { body: { data: { repository } } };
};
