import { unknownResource } from '../api-status.ts';
import type { ResourceType, TypeRegistry } from '../resource-types.ts';

/** What a path under `/api` or `/apis` names. */
export interface ResourceRoute {
  type: ResourceType;
  /** Undefined: all namespaces, or a cluster-scoped type. */
  namespace: string | undefined;
  /** '' for a collection. */
  name: string;
  subresource?: string;
}

/**
 * Reads `/api/v1/…` or `/apis/GROUP/VERSION/…` below the group version. Undefined: the path is the group version itself or
 * above it. Errors: ApiStatus 404 for what is not served.
 */
export const resourceRoute = (types: TypeRegistry, path: string): ResourceRoute | undefined => {
  const [half, ...rest] = path.split('/').filter(Boolean).map(decodeURIComponent);
  const group = half === 'api' ? '' : (rest.shift() ?? '');
  const version = rest.shift() ?? '';
  const [first] = rest;
  if (first === undefined) return undefined;
  // `namespaces` is a resource of its own, and the place of others.
  const inNamespace = first === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize';
  const [namespace, resource = '', name = '', subresource, ...more] = inNamespace
    ? [rest[1], ...rest.slice(2)]
    : [undefined, ...rest];
  const type = types.find(group, version, resource);
  if (!type || more.length > 0 || (inNamespace && !type.namespaced)) throw unknownResource();
  return { type, namespace, name, ...(subresource === undefined ? {} : { subresource }) };
};
