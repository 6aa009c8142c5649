import { transient } from '../../domain/errors.ts';
import type { KubernetesObject, ResourceRef } from '../../domain/kubernetes-object.ts';
import { refOf } from '../../domain/kubernetes-object.ts';
import type { ClusterReader, ClusterWriter, DeleteOptions } from '../../ports/cluster.ts';
import { clientSideApply } from './client-side-apply.ts';
import type { ConnectionDeps } from './cluster-reader.ts';
import { subjectOf, succeeded } from './cluster-reader.ts';
import { parseObject } from './objects.ts';
import type { RequestSubject } from './request-errors.ts';
import { errorOf, looksUntyped, untypedError } from './request-errors.ts';
import { requireTarget, resourcePath } from './resource-path.ts';
import { parseStatus } from './status.ts';
import type { Answer } from './transport.ts';

interface WriteQuery {
  fieldManager: string;
  force?: boolean;
  dryRun?: boolean;
  fieldValidation?: 'Strict' | 'Ignore';
}

interface Write {
  ref: ResourceRef;
  query: WriteQuery;
  body: unknown;
}

/** Verb, method and content type of each way to write. */
const ways = {
  apply: { verb: 'patch', method: 'PATCH', contentType: 'application/apply-patch+yaml' },
  jsonPatch: { verb: 'patch', method: 'PATCH', contentType: 'application/json-patch+json' },
  mergePatch: { verb: 'patch', method: 'PATCH', contentType: 'application/merge-patch+json' },
  strategicPatch: { verb: 'patch', method: 'PATCH', contentType: 'application/strategic-merge-patch+json' },
  create: { verb: 'create', method: 'POST', contentType: 'application/json' },
  replace: { verb: 'update', method: 'PUT', contentType: 'application/json' },
} as const;

type Way = keyof typeof ways;

const queryOf = ({ fieldManager, force, dryRun, fieldValidation }: WriteQuery) => ({
  fieldManager,
  fieldValidation,
  force: force ? 'true' : undefined,
  dryRun: dryRun ? 'All' : undefined,
});

/** A failed `test` of a JSON patch is the only 422 whose Status names no object and no cause. */
const isFailedTest = (way: Way, answer: Answer): boolean => {
  if (way !== 'jsonPatch' || answer.status !== 422) return false;
  const details = parseStatus(answer.body)?.details;
  return details?.name === undefined && !details?.causes.length;
};

/** Healthy, as far as it tells: then a 500 was the request's fault. */
const isHealthy = async ({ request }: ConnectionDeps): Promise<boolean> => {
  const answer = await request({ method: 'GET', path: '/readyz' });
  return answer.status < 500;
};

/** After a write that failed for its type, discovery is read again, so that the next one knows better. */
const fail = async (
  { request, discovery }: ConnectionDeps,
  subject: RequestSubject,
  answer: Answer,
): Promise<never> => {
  const error = errorOf(subject, answer);
  if (error.code === 'kind-unknown') await discovery.all(request, { fresh: true });
  throw error;
};

const failWrite = async (deps: ConnectionDeps, way: Way, subject: RequestSubject, answer: Answer): Promise<never> => {
  if (isFailedTest(way, answer)) {
    const { kind, name, namespace } = subject;
    const message = `${kind} "${name}" has changed since it was read: a test of the JSON patch failed`;
    throw transient('precondition-failed', message, { details: { kind, name, namespace } });
  }
  if (way === 'apply' && looksUntyped(answer) && (await isHealthy(deps))) throw untypedError(subject, answer);
  return fail(deps, subject, answer);
};

const write = async (deps: ConnectionDeps, way: Way, { ref, query, body }: Write): Promise<KubernetesObject> => {
  const { request, discovery } = deps;
  const { verb, method, contentType } = ways[way];
  const type = await discovery.find(request, ref);
  requireTarget(type, ref, way !== 'create');
  const { name, ...collection } = ref;
  const path = resourcePath(type, { ...collection, ...(way === 'create' ? {} : { name }), query: queryOf(query) });
  const headers = { 'content-type': contentType };
  const answer = await request({ method, path, headers, body: JSON.stringify(body) });
  if (succeeded(answer)) return parseObject(answer.body, request.words.cluster);
  return failWrite(deps, way, subjectOf(request, verb, type, ref), answer);
};

const deleteBody = ({ uid, resourceVersion, propagationPolicy, dryRun }: DeleteOptions): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(uid || resourceVersion ? { preconditions: { uid, resourceVersion } } : {}),
    propagationPolicy,
    ...(dryRun ? { dryRun: ['All'] } : {}),
  });

const remove = async (deps: ConnectionDeps, ref: ResourceRef, options: DeleteOptions): Promise<boolean> => {
  const { request, discovery } = deps;
  const type = await discovery.find(request, ref);
  requireTarget(type, ref, true);
  const headers = { 'content-type': 'application/json' };
  const path = resourcePath(type, ref);
  const answer = await request({ method: 'DELETE', path, headers, body: deleteBody(options) });
  if (answer.status === 404) return false;
  if (!succeeded(answer)) return fail(deps, subjectOf(request, 'delete', type, ref), answer);
  return true;
};

/** The writing half of a connection; it reads where it applies client-side. */
export const createClusterWriter = (deps: ConnectionDeps, reader: Pick<ClusterReader, 'get'>): ClusterWriter => ({
  apply: (object, { clientSide, ...query }) => {
    if (!clientSide) return write(deps, 'apply', { ref: refOf(object), query, body: object });
    const { fieldManager, dryRun = false } = query;
    const checked = { fieldManager, dryRun, fieldValidation: clientSide.validate ? 'Strict' : 'Ignore' } as const;
    return clientSideApply(object, fieldManager, {
      get: reader.get,
      patchType: (ref) => deps.patchTypes.find(deps.request, ref),
      create: (made) => write(deps, 'create', { ref: refOf(made), query: checked, body: made }),
      patch: (ref, body, isStrategic) =>
        write(deps, isStrategic ? 'strategicPatch' : 'mergePatch', { ref, query: checked, body }),
    });
  },
  create: (object, query) => write(deps, 'create', { ref: refOf(object), query, body: object }),
  replace: (object, query) => write(deps, 'replace', { ref: refOf(object), query, body: object }),
  patch: (ref, body, query) => write(deps, Array.isArray(body) ? 'jsonPatch' : 'mergePatch', { ref, query, body }),
  delete: (ref, options = {}) => remove(deps, ref, options),
});
