import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { badRequest, expired } from '../api-status.ts';
import { isRecord } from '../json.ts';
import { present } from '../present.ts';
import type { ResourceType } from '../resource-types.ts';
import { fieldFilter, labelFilter } from '../selectors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { objectKey } from '../storage/object-store.ts';

export type Filter = (object: KubernetesObject) => boolean;

/** The label and field selectors of a query. Errors: ApiStatus 400. */
export const filterOf = (type: ResourceType, query: URLSearchParams): Filter => {
  const labels = labelFilter(query.get('labelSelector') ?? '');
  const fields = fieldFilter(query.get('fieldSelector') ?? '', type.group, type.kind);
  return (object) => labels(object) && fields(object);
};

export interface Page {
  objects: KubernetesObject[];
  resourceVersion: string;
  continueToken?: string;
  remaining?: number;
}

interface Mark {
  revision: number;
  after: string;
}

const writeMark = (mark: Mark): string => Buffer.from(JSON.stringify(mark)).toString('base64url');

const readMark = (token: string): Mark => {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (isRecord(value) && typeof value.revision === 'number' && typeof value.after === 'string') {
      return { revision: value.revision, after: value.after };
    }
  } catch {
    // Answered below like a token of another shape.
  }
  throw badRequest('invalid continue token: continue key is not valid');
};

const keyOf = ({ metadata }: KubernetesObject): string => objectKey(metadata.namespace ?? '', metadata.name ?? '');

/**
 * One page of a type's objects. A next page shows the objects as they are then, after the last name of the page before,
 * until the history since the first page is gone: then it is 410. Errors: ApiStatus 400, 410.
 */
export const listPage = (
  store: ObjectStore,
  type: ResourceType,
  namespace: string | undefined,
  query: URLSearchParams,
): Page => {
  const filter = filterOf(type, query);
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue');
  const mark = token ? readMark(token) : undefined;
  if (mark && store.since(mark.revision) === undefined) {
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. Start a new list without the continue parameter.',
    );
  }
  const revision = mark?.revision ?? store.revision();
  const all = store
    .list(type.storage, namespace)
    .filter((object) => mark === undefined || keyOf(object) > mark.after)
    .filter(filter)
    .map((object) => present(type, object));
  const resourceVersion = String(revision);
  const last = limit > 0 && all.length > limit ? all[limit - 1] : undefined;
  if (!last) return { objects: all, resourceVersion };
  const continueToken = writeMark({ revision, after: keyOf(last) });
  return { objects: all.slice(0, limit), resourceVersion, continueToken, remaining: all.length - limit };
};
