import type { PatchType } from '../../domain/diff/three-way-patch.ts';
import type { ApiResource } from '../../ports/cluster.ts';
import { errorOf } from './request-errors.ts';
import type { Requester } from './requester.ts';
import { parseJson } from './status.ts';
import { createTimedCache } from './timed-cache.ts';

type GroupVersionKind = Pick<ApiResource, 'group' | 'version' | 'kind'>;

/** How the kinds of one cluster are patched strategically, read from its OpenAPI v3 when first needed. */
export interface PatchTypes {
  /** Undefined: the server takes no strategic merge patch for this kind (custom resources). Errors: the port's. */
  find(request: Requester, type: GroupVersionKind): Promise<PatchType | undefined>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((here, name) => (isRecord(here) ? here[name] : undefined), value);

const entriesOf = (value: unknown): [string, unknown][] => (isRecord(value) ? Object.entries(value) : []);

/** What patches need of one schema: a document has ten times as much, most of it descriptions. */
interface Slim {
  refersTo?: string;
  fields: Map<string, Slim>;
  values?: Slim;
  items?: Slim;
  strategy: readonly string[];
  mergeKey?: string;
}

const REFERENCE = '#/components/schemas/';

/** The name that a schema refers to, by itself or as the one part of `allOf`. */
const referenceOf = (schema: unknown): string | undefined => {
  const parts: unknown = at(schema, 'allOf');
  const direct = at(schema, '$ref') ?? (Array.isArray(parts) ? at(parts[0], '$ref') : undefined);
  return typeof direct === 'string' && direct.startsWith(REFERENCE) ? direct.slice(REFERENCE.length) : undefined;
};

const slimOf = (schema: unknown): Slim => {
  const refersTo = referenceOf(schema);
  const [values, items] = [at(schema, 'additionalProperties'), at(schema, 'items')];
  const strategy = at(schema, 'x-kubernetes-patch-strategy');
  const mergeKey = at(schema, 'x-kubernetes-patch-merge-key');
  return {
    fields: new Map(entriesOf(at(schema, 'properties')).map(([name, inner]) => [name, slimOf(inner)])),
    strategy: typeof strategy === 'string' ? strategy.split(',') : [],
    ...(refersTo === undefined ? {} : { refersTo }),
    ...(isRecord(values) ? { values: slimOf(values) } : {}),
    ...(isRecord(items) ? { items: slimOf(items) } : {}),
    ...(typeof mergeKey === 'string' ? { mergeKey } : {}),
  };
};

const typeOf = (slim: Slim, all: ReadonlyMap<string, Slim>): PatchType => {
  const named = slim.refersTo === undefined ? slim : (all.get(slim.refersTo) ?? slim);
  const next = (inner: Slim | undefined) => inner && typeOf(inner, all);
  return {
    field: (name) => next(named.fields.get(name) ?? named.values),
    item: () => next(named.items),
    merges: slim.strategy.includes('merge'),
    retainsKeys: slim.strategy.includes('retainKeys'),
    ...(slim.mergeKey === undefined ? {} : { mergeKey: slim.mergeKey }),
  };
};

const STRATEGIC = 'application/strategic-merge-patch+json';
const KIND = 'x-kubernetes-group-version-kind';

const kindKey = (kind: unknown): string =>
  JSON.stringify([at(kind, 'group') ?? '', at(kind, 'version'), at(kind, 'kind')]);

/** The kinds whose patch endpoint takes a strategic merge patch. */
const strategicKinds = (document: unknown): Set<string> =>
  new Set(
    entriesOf(at(document, 'paths')).flatMap(([, path]) => {
      const patch = at(path, 'patch');
      return at(patch, 'requestBody', 'content', STRATEGIC) === undefined ? [] : [kindKey(at(patch, KIND))];
    }),
  );

/** The patch types of one group version's document, by kind. */
const readDocument = (document: unknown): Map<string, PatchType> => {
  const schemas = entriesOf(at(document, 'components', 'schemas'));
  const all = new Map(schemas.map(([name, schema]) => [name, slimOf(schema)]));
  const strategic = strategicKinds(document);
  const found = new Map<string, PatchType>();
  for (const [name, schema] of schemas) {
    const kinds: unknown = at(schema, KIND);
    const slim = all.get(name);
    for (const kind of Array.isArray(kinds) ? kinds.map(kindKey) : [])
      if (slim && strategic.has(kind)) found.set(kind, typeOf(slim, all));
  }
  return found;
};

const KEPT_MILLISECONDS = 60 * 60_000;

/** Makes the cache of one cluster's patch types, kept for an hour: they change with its version alone. */
export const createPatchTypes = (clock: () => number): PatchTypes => {
  const cache = createTimedCache<Map<string, PatchType>>(clock);
  const read = async (request: Requester, { group, version }: GroupVersionKind) => {
    const path = `/openapi/v3/${group ? `apis/${group}` : 'api'}/${version}`;
    const answer = await request({ method: 'GET', path });
    const until = clock() + KEPT_MILLISECONDS;
    // An aggregated API server that describes nothing: nobody knows how to merge its lists.
    if (answer.status === 404) return { value: new Map<string, PatchType>(), until };
    if (answer.status !== 200) throw errorOf({ ...request.words, verb: 'get', resource: path }, answer);
    return { value: readDocument(parseJson(answer.body)), until };
  };
  return {
    find: async (request, type) => {
      const types = await cache.get(`${type.group}/${type.version}`, () => read(request, type));
      return types.get(kindKey(type));
    },
  };
};
