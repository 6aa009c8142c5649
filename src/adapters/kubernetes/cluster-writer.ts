import { transient } from '../../domain/errors.ts';
import type { KubernetesObject, ResourceRef } from '../../domain/kubernetes-object.ts';
import { refOf } from '../../domain/kubernetes-object.ts';
import type { ApiResource, ClusterWriter, DeleteOptions } from '../../ports/cluster.ts';
import type { ConnectionDeps } from './cluster-reader.ts';
import { subjectOf, succeeded } from './cluster-reader.ts';
import { parseObject } from './objects.ts';
import type { RequestSubject } from './request-errors.ts';
import { errorOf, looksUntyped, untypedError } from './request-errors.ts';
import { requireTarget, resourcePath } from './resource-path.ts';
import { parseStatus } from './status.ts';
import type { Answer, Exchange } from './transport.ts';

const applyType = 'application/apply-patch+yaml';

interface WriteQuery {
  fieldManager: string;
  force?: boolean;
  dryRun?: boolean;
  fieldValidation?: string;
}

const queryOf = ({ fieldManager, force, dryRun, fieldValidation }: WriteQuery) => ({
  fieldManager,
  force: force ? 'true' : undefined,
  dryRun: dryRun ? 'All' : undefined,
  fieldValidation,
});

interface Write {
  verb: RequestSubject['verb'];
  method: Exchange['method'];
  contentType: string;
  ref: ResourceRef;
  query: WriteQuery;
  body: unknown;
}

/** A failed `test` of a JSON patch is the only 422 whose Status names no object and no cause. */
const isFailedTest = (patch: unknown, answer: Answer): boolean => {
  if (!Array.isArray(patch) || answer.status !== 422) return false;
  const details = parseStatus(answer.body)?.details;
  return details?.name === undefined && !details?.causes.length;
};

const deleteBody = ({ uid, resourceVersion, propagationPolicy, dryRun }: DeleteOptions): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(uid || resourceVersion ? { preconditions: { uid, resourceVersion } } : {}),
    propagationPolicy,
    ...(dryRun ? { dryRun: ['All'] } : {}),
  });

/** The writing half of a connection. */
export const createClusterWriter = ({ request, discovery }: ConnectionDeps): ClusterWriter => {
  /** After a write that failed for its type, discovery is read again, so that the next one knows better. */
  const fail = async (subject: RequestSubject, answer: Answer): Promise<never> => {
    const error = errorOf(subject, answer);
    if (error.code === 'kind-unknown') await discovery.all(request, { fresh: true });
    throw error;
  };

  /** Healthy, as far as it tells: then a 500 was the request's fault. */
  const isHealthy = async (): Promise<boolean> => {
    const answer = await request({ method: 'GET', path: '/readyz' });
    return answer.status < 500;
  };

  const write = async ({ verb, method, contentType, ref, query, body }: Write): Promise<KubernetesObject> => {
    const type: ApiResource = await discovery.find(request, ref);
    requireTarget(type, ref, method !== 'POST');
    const { namespace, name } = ref;
    const at = { ...(namespace ? { namespace } : {}), ...(method === 'POST' ? {} : { name }) };
    const path = resourcePath(type, { ...at, query: queryOf(query) });
    const headers = { 'content-type': contentType };
    const answer = await request({ method, path, headers, body: JSON.stringify(body) });
    if (isFailedTest(body, answer)) {
      const message = `${ref.kind} "${ref.name}" has changed since it was read: a test of the JSON patch failed`;
      throw transient('precondition-failed', message, { details: { ...ref } });
    }
    if (succeeded(answer)) return parseObject(answer.body, request.words.cluster);
    const subject = subjectOf(request, verb, type, ref);
    if (contentType === applyType && looksUntyped(answer) && (await isHealthy())) throw untypedError(subject, answer);
    return fail(subject, answer);
  };

  const patch: ClusterWriter['patch'] = async (ref, body, query) => {
    const contentType = Array.isArray(body) ? 'application/json-patch+json' : 'application/merge-patch+json';
    return write({ verb: 'patch', method: 'PATCH', contentType, ref, query, body });
  };

  return {
    apply: (object, query) => {
      return write({ verb: 'patch', method: 'PATCH', contentType: applyType, ref: refOf(object), query, body: object });
    },
    create: (object, query) => {
      const contentType = 'application/json';
      return write({ verb: 'create', method: 'POST', contentType, ref: refOf(object), query, body: object });
    },
    replace: (object, query) => {
      const contentType = 'application/json';
      return write({ verb: 'update', method: 'PUT', contentType, ref: refOf(object), query, body: object });
    },
    patch,
    delete: async (ref, options = {}) => {
      const type = await discovery.find(request, ref);
      requireTarget(type, ref, true);
      const headers = { 'content-type': 'application/json' };
      const body = deleteBody(options);
      const answer = await request({ method: 'DELETE', path: resourcePath(type, ref), headers, body });
      if (answer.status === 404) return false;
      if (!succeeded(answer)) return fail(subjectOf(request, 'delete', type, ref), answer);
      return true;
    },
  };
};
