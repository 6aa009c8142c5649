import * as v from 'valibot';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { ApiResource, ClusterReader, ListOptions } from '../../ports/cluster.ts';
import type { Discovery } from './discovery.ts';
import { parseObject, parsePage } from './objects.ts';
import type { PatchTypes } from './patch-types.ts';
import type { RequestSubject } from './request-errors.ts';
import { errorOf } from './request-errors.ts';
import type { Requester } from './requester.ts';
import { requireTarget, resourcePath } from './resource-path.ts';
import { parseBody, parseJson, parseStatus } from './status.ts';
import type { Answer } from './transport.ts';

const versionSchema = v.object({ gitVersion: v.string() });

const pageSize = '500';

export interface ConnectionDeps {
  request: Requester;
  discovery: Discovery;
  patchTypes: PatchTypes;
}

/** Words for the errors of one request. */
export const subjectOf = (
  request: Requester,
  verb: RequestSubject['verb'],
  { group, version, kind, resource }: ApiResource,
  target: { namespace?: string; name?: string },
): RequestSubject => ({
  ...request.words,
  verb,
  group,
  version,
  kind,
  resource,
  ...(target.namespace ? { namespace: target.namespace } : {}),
  ...(target.name ? { name: target.name } : {}),
});

/** True for every 2xx. */
export const succeeded = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** True where a 404 means the type, not the object: it is no longer served. */
const isTypeMissing = (answer: Answer): boolean => !parseStatus(answer.body)?.details.name;

type ListResult = { objects: KubernetesObject[] } | { expired: true };

const listPages = async (
  { request }: ConnectionDeps,
  type: ApiResource,
  { namespace, labelSelector }: ListOptions,
  limit: string | undefined,
): Promise<ListResult> => {
  const objects: KubernetesObject[] = [];
  let next: string | undefined;
  do {
    const query = { limit, continue: next, labelSelector };
    const path = resourcePath(type, { ...(namespace ? { namespace } : {}), query });
    const answer = await request({ method: 'GET', path });
    if (answer.status === 410) return { expired: true };
    if (!succeeded(answer)) throw errorOf(subjectOf(request, 'list', type, namespace ? { namespace } : {}), answer);
    const page = parsePage(answer.body, type, request.words.cluster);
    objects.push(...page.objects);
    next = page.next;
  } while (next);
  return { objects };
};

/** A continue token that expired (410) invalidates what was read: begin again, the second time in one answer. */
const listAll = async (deps: ConnectionDeps, type: ApiResource, options: ListOptions): Promise<KubernetesObject[]> => {
  for (const limit of [pageSize, pageSize, undefined]) {
    const result = await listPages(deps, type, options, limit);
    if ('objects' in result) return result.objects;
  }
  throw errorOf(subjectOf(deps.request, 'list', type, options), { status: 500, headers: {}, body: '' });
};

/** The reading half of a connection. */
export const createClusterReader = (deps: ConnectionDeps): ClusterReader => {
  const { request, discovery } = deps;
  return {
    discover: ({ fresh = false } = {}) => discovery.all(request, { fresh }),
    version: async () => {
      const answer = await request({ method: 'GET', path: '/version' });
      if (!succeeded(answer)) throw errorOf({ ...request.words, verb: 'get', resource: '/version' }, answer);
      return parseBody(versionSchema, parseJson(answer.body), request.words.cluster).gitVersion;
    },
    get: async (ref) => {
      const type = await discovery.find(request, ref);
      requireTarget(type, ref, true);
      const answer = await request({ method: 'GET', path: resourcePath(type, ref) });
      if (answer.status === 404) {
        if (isTypeMissing(answer)) await discovery.all(request, { fresh: true });
        await discovery.find(request, ref);
        return undefined;
      }
      if (!succeeded(answer)) throw errorOf(subjectOf(request, 'get', type, ref), answer);
      return parseObject(answer.body, request.words.cluster);
    },
    list: async (type, options = {}) => listAll(deps, await discovery.find(request, type), options),
  };
};
