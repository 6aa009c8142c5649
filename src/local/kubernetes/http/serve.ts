import { createHash } from 'node:crypto';
import { ApiStatus, methodNotAllowed, notEmbedded, unknownResource } from '../api-status.ts';
import { aggregated, apiGroup, groupsOf, resourceList } from '../read/discovery.ts';
import { openAPIDocument } from '../read/openapi.ts';
import type { ResourceType } from '../resource-types.ts';
import { discoveryVersion, sendJson, sendText, wantedOf } from './answers.ts';
import { serveResource } from './objects.ts';
import type { Exchange, ServerDeps } from './requests.ts';
import { resourceRoute } from './route.ts';

const versionInfo = (gitVersion: string) => {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  const build = { gitCommit: '', gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z' };
  return { major, minor, gitVersion, ...build, goVersion: '', compiler: '', platform: 'towline/embedded' };
};

const typesBelow = (deps: ServerDeps, half: string): ResourceType[] =>
  deps.types.all().filter(({ group }) => (group === '') === (half === 'api'));

/** `/api` and `/apis`: aggregated where asked for, with an ETag, else the classic lists. */
const serveRoots = (deps: ServerDeps, { request, response }: Exchange, half: string): void => {
  const types = typesBelow(deps, half);
  const version = discoveryVersion(request.headers.accept);
  if (version === undefined) {
    const groups = groupsOf(types).map(apiGroup);
    sendJson(
      response,
      200,
      half === 'api'
        ? { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
        : { kind: 'APIGroupList', apiVersion: 'v1', groups },
    );
    return;
  }
  const text = JSON.stringify(aggregated(types, version));
  const etag = `"${createHash('sha256').update(text).digest('hex').toUpperCase()}"`;
  const headers = { etag, vary: 'Accept' };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  sendText(response, 200, text, { ...headers, 'content-type': type });
};

const serveGroup = (deps: ServerDeps, { response }: Exchange, half: string, group: string, version?: string): void => {
  const types = typesBelow(deps, half).filter((type) => type.group === group);
  const served = version === undefined ? types : types.filter((type) => type.version === version);
  const [one] = groupsOf(types);
  if (!one || served.length === 0) {
    if (['authorization.k8s.io', 'authentication.k8s.io'].includes(group)) throw notEmbedded('access control');
    throw unknownResource();
  }
  if (version === undefined) sendJson(response, 200, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(one) });
  else sendJson(response, 200, resourceList(served));
};

const openAPIGroups = (deps: ServerDeps): Map<string, ResourceType[]> => {
  const groups = new Map<string, ResourceType[]>();
  for (const { name, versions } of groupsOf(deps.types.all())) {
    for (const { version, types } of versions) {
      groups.set(name ? `apis/${name}/${version}` : `api/${version}`, types);
    }
  }
  return groups;
};

const serveOpenAPI = (deps: ServerDeps, { request, response, path }: Exchange): void => {
  const groups = openAPIGroups(deps);
  const name = path.replace(/^\/openapi\/v3\/?/, '');
  if (name === '') {
    const revision = deps.types.revision();
    const paths = [...groups.keys()].map((key) => [key, { serverRelativeURL: `/openapi/v3/${key}?hash=${revision}` }]);
    sendJson(response, 200, { paths: Object.fromEntries(paths) });
    return;
  }
  const types = groups.get(name);
  if (!types) throw unknownResource();
  wantedOf(request.headers.accept);
  sendJson(response, 200, openAPIDocument(types, deps.gitVersion));
};

const servePlain = (deps: ServerDeps, { response, path }: Exchange): boolean => {
  if (path === '/version') sendJson(response, 200, versionInfo(deps.gitVersion));
  else if (['/healthz', '/livez', '/readyz'].some((one) => path === one || path.startsWith(`${one}/`))) {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
  } else if (path === '/') {
    const groups = groupsOf(deps.types.all()).map(({ name }) => (name ? `/apis/${name}` : '/api'));
    sendJson(response, 200, { paths: [...groups, '/healthz', '/openapi/v3', '/readyz', '/version'] });
  } else return false;
  return true;
};

/** Answers one authorized request. Errors: ApiStatus. */
export const serve = (deps: ServerDeps, exchange: Exchange): void => {
  const { path, request } = exchange;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && servePlain(deps, exchange)) return;
  if (path.startsWith('/openapi/v3')) return serveOpenAPI(deps, exchange);
  // Only in protobuf and deprecated: clients go on without, or with version 3.
  if (path.startsWith('/openapi')) throw unknownResource();
  const [half = '', ...rest] = path.split('/').filter(Boolean);
  if (half !== 'api' && half !== 'apis')
    throw new ApiStatus(404, 'NotFound', 'the server could not find the requested resource', {});
  const depth = half === 'api' ? 1 : 2;
  if (rest.length > depth) {
    const route = unlessAccessControl(deps, path, rest[0] ?? '');
    if (route) serveResource(deps, exchange, route);
    return;
  }
  if (!isRead) throw methodNotAllowed();
  if (rest.length === 0) return serveRoots(deps, exchange, half);
  const [first = '', second] = rest;
  if (half === 'api') return serveGroup(deps, exchange, half, '', first);
  serveGroup(deps, exchange, half, first, second);
};

const unlessAccessControl = (deps: ServerDeps, path: string, group: string) => {
  if (group === 'authorization.k8s.io' || group === 'authentication.k8s.io') throw notEmbedded('access control');
  return resourceRoute(deps.types, path);
};
