import * as v from 'valibot';
import type { ApiResource } from '../../ports/cluster.ts';
import { errorOf } from './request-errors.ts';
import type { Requester } from './requester.ts';
import { parseBody, parseJson } from './status.ts';

const coreSchema = v.object({ versions: v.array(v.string()) });
const groupsSchema = v.object({
  groups: v.array(v.object({ name: v.string(), versions: v.array(v.object({ version: v.string() })) })),
});
const resourcesSchema = v.object({
  resources: v.array(
    v.object({
      name: v.string(),
      kind: v.string(),
      namespaced: v.boolean(),
      verbs: v.optional(v.array(v.string()), []),
    }),
  ),
});

const groupVersions = (
  path: '/api' | '/apis',
  body: unknown,
  cluster: string,
): { group: string; version: string }[] => {
  if (path === '/api') return parseBody(coreSchema, body, cluster).versions.map((version) => ({ group: '', version }));
  return parseBody(groupsSchema, body, cluster).groups.flatMap(({ name, versions }) =>
    versions.map(({ version }) => ({ group: name, version })),
  );
};

/** A group whose own server is down answers 503: its types are left out, as kubectl does. */
const typesOf = async (request: Requester, path: string, group: string, version: string): Promise<ApiResource[]> => {
  const at = `${path}/${group ? `${group}/` : ''}${version}`;
  const answer = await request({ method: 'GET', path: at });
  if (answer.status === 404 || answer.status >= 500) return [];
  if (answer.status !== 200) throw errorOf({ ...request.words, verb: 'get', resource: at }, answer);
  return parseBody(resourcesSchema, parseJson(answer.body), request.words.cluster)
    .resources.filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, namespaced, verbs }) => ({ group, version, kind, resource: name, namespaced, verbs }));
};

/**
 * The types under `/api` or `/apis` of a server without aggregated discovery (before Kubernetes 1.26): one request a
 * group version. `body` is the JSON that the path answered with.
 */
export const classicTypes = async (
  request: Requester,
  path: '/api' | '/apis',
  body: unknown,
): Promise<ApiResource[]> => {
  const versions = groupVersions(path, body, request.words.cluster);
  const types = await Promise.all(versions.map(({ group, version }) => typesOf(request, path, group, version)));
  return types.flat();
};
