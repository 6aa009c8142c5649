import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { packChart } from './tar.ts';

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface Published {
  name: string;
  version: string;
  archive: Buffer;
}

export interface ChartServer {
  /** `http://127.0.0.1:port`: a Helm repository under `/charts`, an OCI registry as well. */
  url: string;
  host: string;
  /** Packs a chart and publishes it in both. */
  publish(name: string, version: string, files?: Readonly<Record<string, string>>): void;
  /** Serves a file at a path. */
  serve(path: string, text: string): void;
  /** Redirects what is asked for at a path. */
  redirect(path: string, location: string): void;
  /** Every request, as `METHOD path status`; those with credentials end in ` authorized`. */
  requests: string[];
  /** Answers everything from now on with this status; undefined: as it is. */
  fail(status: number | undefined): void;
  /** Wants these credentials from now on. */
  protect(user: string, password: string): void;
  /** Has the index name another place for archives (`oci://…`, another host). */
  archivesAt(urlOf: (name: string, version: string) => string): void;
  /** Replaces the archive of a version, its digest left as it was. */
  tamper(name: string, version: string): void;
  /** Redirects every archive to here. */
  redirectArchives(base: string): void;
  close(): Promise<void>;
}

const TOKEN = 'registry-token';

/** A chart repository and OCI registry of its own, over HTTP, as `helm` would find them. */
export const startChartServer = async (): Promise<ChartServer> => {
  const charts: Published[] = [];
  const files = new Map<string, string>();
  const redirects = new Map<string, string>();
  const digests = new Map<string, string>();
  const requests: string[] = [];
  let failing: number | undefined;
  let basic: string | undefined;
  let redirect: string | undefined;
  let urlOf = (name: string, version: string): string => `archives/${name}-${version}.tgz`;

  const index = (): string =>
    `apiVersion: v1\nentries:\n${[...new Set(charts.map(({ name }) => name))]
      .map(
        (name) =>
          `  ${name}:\n${charts
            .filter((one) => one.name === name)
            .map(
              ({ version }) =>
                `  - apiVersion: v2\n    name: ${name}\n    description: |\n      entries:\n      other:\n    digest: ${digests.get(`${name}-${version}`)}\n    urls:\n    - ${urlOf(name, version)}\n    version: ${version}\n`,
            )
            .join('')}`,
      )
      .join('')}generated: "2026-01-01T00:00:00Z"\n`;

  const manifest = ({ archive }: Published): string =>
    JSON.stringify({
      schemaVersion: 2,
      layers: [
        {
          mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
          digest: `sha256:${sha256(archive)}`,
          size: archive.length,
        },
      ],
    });

  const registry = (path: string): { status: number; body: string | Buffer } => {
    const [, repository = '', what, reference = ''] = /^\/v2\/(.+)\/(tags|manifests|blobs)\/(.+)$/.exec(path) ?? [];
    const name = repository.slice(repository.lastIndexOf('/') + 1);
    const own = charts.filter((one) => one.name === name);
    if (what === 'tags') {
      const tags = own.map(({ version }) => version.replaceAll('+', '_'));
      return { status: own.length > 0 ? 200 : 404, body: JSON.stringify({ name: repository, tags }) };
    }
    const found =
      what === 'manifests'
        ? own.find(
            (one) => one.version.replaceAll('+', '_') === reference || `sha256:${sha256(manifest(one))}` === reference,
          )
        : own.find(({ archive }) => `sha256:${sha256(archive)}` === reference);
    if (!found) return { status: 404, body: '{}' };
    return { status: 200, body: what === 'manifests' ? manifest(found) : found.archive };
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const { authorization } = request.headers;
    const end = (status: number, body: string | Buffer = '', headers: Record<string, string> = {}): void => {
      requests.push(`${request.method} ${pathname} ${status}${authorization ? ' authorized' : ''}`);
      response.writeHead(status, headers).end(body);
    };
    if (failing !== undefined) return end(failing);
    if (pathname === '/token') {
      return basic === undefined || authorization === basic ? end(200, JSON.stringify({ token: TOKEN })) : end(401);
    }
    if (pathname.startsWith('/v2/')) {
      const realm = `http://${request.headers.host}/token`;
      if (authorization !== `Bearer ${TOKEN}`) {
        return end(401, '', { 'www-authenticate': `Bearer realm="${realm}",service="test"` });
      }
      const { status, body } = registry(decodeURIComponent(pathname));
      return end(status, body);
    }
    if (basic !== undefined && authorization !== basic) return end(401);
    const location = redirects.get(pathname);
    if (location !== undefined) return end(302, '', { location });
    const file = files.get(pathname);
    if (file !== undefined) {
      const etag = `"${sha256(file)}"`;
      return request.headers['if-none-match'] === etag ? end(304) : end(200, file, { etag });
    }
    if (pathname === '/charts/index.yaml') {
      const text = index();
      const etag = `"${sha256(text)}"`;
      return request.headers['if-none-match'] === etag ? end(304) : end(200, text, { etag });
    }
    const archive = /\/archives\/(.+)\.tgz$/.exec(pathname)?.[1];
    const found = charts.find(({ name, version }) => `${name}-${version}` === archive);
    if (found && redirect) return end(302, '', { location: `${redirect}${pathname}` });
    return found ? end(200, found.archive) : end(404);
  };

  const server = createServer(answer);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    serve: (path, text) => void files.set(path, text),
    redirect: (path, to) => void redirects.set(path, to),
    publish: (name, version, files = {}) => {
      const archive = packChart(name, {
        'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
        ...files,
      });
      charts.push({ name, version, archive });
      digests.set(`${name}-${version}`, sha256(archive));
    },
    fail: (status) => {
      failing = status;
    },
    protect: (user, password) => {
      basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    },
    archivesAt: (to) => {
      urlOf = to;
    },
    tamper: (name, version) => {
      const found = charts.find((one) => one.name === name && one.version === version);
      if (found) found.archive = packChart(name, { 'Chart.yaml': 'other' });
    },
    redirectArchives: (base) => {
      redirect = base;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
