import * as v from 'valibot';
import { permanent } from '../../domain/errors.ts';
import type { ApiResource } from '../../ports/cluster.ts';
import { classicTypes } from './discovery-classic.ts';
import { errorOf } from './request-errors.ts';
import type { Requester } from './requester.ts';
import { parseJson } from './status.ts';
import type { Answer } from './transport.ts';

const accept = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');

const aggregatedSchema = v.object({
  kind: v.literal('APIGroupDiscoveryList'),
  items: v.array(
    v.object({
      metadata: v.optional(v.object({ name: v.optional(v.string(), '') }), {}),
      versions: v.array(
        v.object({
          version: v.string(),
          resources: v.optional(
            v.array(
              v.object({
                resource: v.string(),
                responseKind: v.optional(v.object({ kind: v.string() })),
                scope: v.string(),
                verbs: v.array(v.string()),
              }),
            ),
            [],
          ),
        }),
      ),
    }),
  ),
});

type Aggregated = v.InferOutput<typeof aggregatedSchema>;

const typesOf = (list: Aggregated): ApiResource[] =>
  list.items.flatMap(({ metadata, versions }) =>
    versions.flatMap(({ version, resources }) =>
      resources.map(({ resource, responseKind, scope, verbs }) => ({
        group: metadata.name ?? '',
        version,
        kind: responseKind?.kind ?? '',
        resource,
        namespaced: scope === 'Namespaced',
        verbs,
      })),
    ),
  );

/** One half of discovery (`/api` or `/apis`), kept with its ETag so that an unchanged one is not sent again. */
interface Half {
  path: '/api' | '/apis';
  etag?: string;
  types: ApiResource[];
}

const readHalf = async (request: Requester, before: Half): Promise<Half> => {
  const headers = { accept, ...(before.etag === undefined ? {} : { 'if-none-match': before.etag }) };
  const answer: Answer = await request({ method: 'GET', path: before.path, headers });
  if (answer.status === 304) return before;
  if (answer.status !== 200) throw errorOf({ ...request.words, verb: 'get', resource: before.path }, answer);
  const body = parseJson(answer.body);
  const aggregated = v.safeParse(aggregatedSchema, body);
  if (!aggregated.success) return { path: before.path, types: await classicTypes(request, before.path, body) };
  const { etag } = answer.headers;
  return { path: before.path, ...(etag === undefined ? {} : { etag }), types: typesOf(aggregated.output) };
};

/** The types that one cluster serves, shared by all its sessions. */
export interface Discovery {
  all(request: Requester, options: { fresh: boolean }): Promise<ApiResource[]>;
  /** Reads again once where the type is not known. Errors: `kind-unknown`. */
  find(request: Requester, type: Pick<ApiResource, 'group' | 'version' | 'kind'>): Promise<ApiResource>;
}

const typeKey = ({ group, version, kind }: Pick<ApiResource, 'group' | 'version' | 'kind'>): string =>
  `${group}/${version}/${kind}`;

const unknown = (
  cluster: string,
  { group, version, kind }: Pick<ApiResource, 'group' | 'version' | 'kind'>,
  types: ApiResource[],
) => {
  const others = types.filter((type) => type.group === group && type.kind === kind).map((type) => type.version);
  const hint = others.length ? `; it serves ${others.join(', ')}` : '';
  const name = `${group ? `${group}/` : ''}${version} ${kind}`;
  const details = { cluster, group, version, kind, served: others };
  return permanent('kind-unknown', `cluster "${cluster}" does not serve ${name}${hint}`, { details });
};

const cacheMilliseconds = 10 * 60_000;

interface Known {
  at: number;
  types: ApiResource[];
  byKey: Map<string, ApiResource>;
}

/** Reads both halves, one reading at a time however many ask. */
const createReader = (clock: () => number) => {
  let halves: [Half, Half] = [
    { path: '/api', types: [] },
    { path: '/apis', types: [] },
  ];
  let reading: Promise<Known> | undefined;
  const read = async (request: Requester): Promise<Known> => {
    const at = clock();
    halves = await Promise.all([readHalf(request, halves[0]), readHalf(request, halves[1])]);
    const types = halves.flatMap((half) => half.types).filter(({ kind }) => kind !== '');
    return { at, types, byKey: new Map(types.map((type) => [typeKey(type), type])) };
  };
  return (request: Requester): Promise<Known> => {
    reading ??= read(request).finally(() => {
      reading = undefined;
    });
    return reading;
  };
};

/** Makes the cache of one cluster's discovery: kept for ten minutes. */
export const createDiscovery = (clock: () => number): Discovery => {
  const read = createReader(clock);
  let known: Known | undefined;
  const current = async (request: Requester, fresh: boolean): Promise<Known> => {
    if (fresh || !known || clock() - known.at >= cacheMilliseconds) known = await read(request);
    return known;
  };
  return {
    all: async (request, { fresh }) => (await current(request, fresh)).types,
    find: async (request, type) => {
      const key = typeKey(type);
      const before = known;
      const first = (await current(request, false)).byKey.get(key);
      if (first) return first;
      const { byKey, types } = await current(request, before === known);
      const found = byKey.get(key);
      if (found) return found;
      throw unknown(request.words.cluster, type, types);
    },
  };
};
