import { permanent } from '../../domain/errors.ts';
import type { ApiResource } from '../../ports/cluster.ts';

export interface PathTarget {
  namespace?: string;
  name?: string;
  query?: Record<string, string | undefined>;
}

/**
 * The URL path of a type's objects or, with a name, of one object. A namespace is left out for cluster-scoped types, and
 * without one a namespaced type's path means all namespaces: right for a list only.
 */
export const resourcePath = (type: ApiResource, { namespace, name, query = {} }: PathTarget): string => {
  const root = type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`;
  const within = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name ? `/${encodeURIComponent(name)}` : '';
  const asked = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  return `${root}${within}/${type.resource}${object}${asked.length ? `?${asked.join('&')}` : ''}`;
};

/** Errors: `apply-invalid`, where a namespaced type's object has no namespace or (unless it is made up) no name. */
export const requireTarget = (type: ApiResource, target: PathTarget, needsName: boolean): void => {
  const lacks = type.namespaced && !target.namespace ? 'namespace' : needsName && !target.name ? 'name' : undefined;
  if (!lacks) return;
  const which = target.name ? ` "${target.name}"` : '';
  const details = { field: `metadata.${lacks}`, kind: type.kind, name: target.name };
  throw permanent('apply-invalid', `${type.kind}${which} has no metadata.${lacks}`, { details });
};
