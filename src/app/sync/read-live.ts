import { AppError } from '../../domain/errors.ts';
import { type KubernetesObject, keyOf, type ResourceRef, resourceKey } from '../../domain/kubernetes-object.ts';
import type { ClusterReader } from '../../ports/cluster.ts';
import { eachOf } from '../each-of.ts';

/** From so many objects of one kind in one namespace on, one list is cheaper than reading each. */
export const LIST_FROM = 8;
/** The adapter bounds what is in flight to a cluster; this bounds what waits for it. */
const READS_IN_FLIGHT = 32;

/** Objects by `resourceKey`; undefined: looked at, and not there. */
export type Live = Map<string, KubernetesObject | undefined>;

/**
 * Reads these objects, each once or, where there are many of a kind in a namespace, all of that kind by one list. What is
 * not there, or is of a kind that the cluster does not serve, is undefined. Errors: those of ClusterReader but
 * `kind-unknown`; then nothing is known of any.
 */
export const readLive = async (reader: ClusterReader, refs: readonly ResourceRef[]): Promise<Live> => {
  const live: Live = new Map(refs.map((ref) => [resourceKey(ref), undefined]));
  const groups = Map.groupBy(refs, listKey);
  const single: ResourceRef[] = [];
  for (const some of groups.values()) {
    const isListed = some.length >= LIST_FROM && (await listInto(live, reader, some));
    if (!isListed) single.push(...some);
  }
  await eachOf(single, READS_IN_FLIGHT, async (ref) => void live.set(resourceKey(ref), await read(reader, ref)));
  return live;
};

/** What one list can answer for: the objects of a type in a namespace. */
export const listKey = ({ group, version, kind, namespace }: ResourceRef): string =>
  [group, version, kind, namespace ?? ''].join('/');

const read = (reader: ClusterReader, ref: ResourceRef): Promise<KubernetesObject | undefined> =>
  reader.get(ref).catch(unlessUnknown);

const unlessUnknown = (error: unknown): undefined => {
  if (error instanceof AppError && error.code === 'kind-unknown') return undefined;
  throw error;
};

/** False where we may not list this kind: what may not be listed may still be read one by one. */
const listInto = async (live: Live, reader: ClusterReader, refs: readonly ResourceRef[]): Promise<boolean> => {
  const [first] = refs;
  if (!first) return true;
  try {
    const objects = await reader.list(first, first.namespace ? { namespace: first.namespace } : {});
    for (const object of objects) if (live.has(keyOf(object))) live.set(keyOf(object), object);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'cluster-denied') return false;
    unlessUnknown(error);
    return true;
  }
};
