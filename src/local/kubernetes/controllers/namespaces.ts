import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { recordOf } from '../json.ts';
import { remove } from '../writes/delete.ts';
import type { WriteDeps } from '../writes/deps.ts';
import { timeText } from '../writes/deps.ts';
import type { Condition } from './conditions.ts';
import { conditionsOf } from './conditions.ts';
import { makeObject, writeStatus } from './controller-writes.ts';

/** Gives a new namespace its ServiceAccount. */
export const furnishNamespace = (deps: WriteDeps, { metadata }: KubernetesObject): void => {
  makeObject(deps, '/serviceaccounts', { metadata: { name: 'default' } }, metadata.name ?? '');
};

const contentOf = ({ store, types }: WriteDeps, namespace: string) =>
  store.storages().flatMap((storage) => {
    const type = types.stored(storage);
    return type?.namespaced ? store.list(storage, namespace).map((object) => ({ type, object })) : [];
  });

const remaining = (objects: readonly KubernetesObject[]): Condition[] => {
  const finalizers = [...new Set(objects.flatMap(({ metadata }) => metadata.finalizers ?? []))];
  const what = finalizers.map((name) => `${name} in ${objects.length} resource instances`).join(', ');
  return [
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${objects.length} resource instances`,
    },
    {
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      reason: 'SomeFinalizersRemain',
      message: `Some content in the namespace has finalizers remaining: ${what}`,
    },
  ];
};

/** Empties a terminating namespace; it is removed when nothing is left and no finalizer holds it. */
export const emptyNamespace = (deps: WriteDeps, namespace: KubernetesObject): void => {
  const { name = '', finalizers = [] } = namespace.metadata;
  for (const { type, object } of contentOf(deps, name)) {
    if (object.metadata.deletionTimestamp) continue;
    const target = { type, namespace: name, name: object.metadata.name ?? '' };
    remove(deps, target, { propagation: 'Background', dryRun: false });
  }
  const left = contentOf(deps, name).map(({ object }) => object);
  if (left.length > 0) {
    const conditions = conditionsOf(namespace, timeText(deps.clock()), remaining(left));
    writeStatus(deps, '/namespaces', namespace, { phase: 'Terminating', conditions });
    return;
  }
  const { finalizers: _kubernetes, ...spec } = recordOf(namespace.spec);
  const emptied = { ...namespace, spec };
  if (finalizers.length === 0) deps.store.remove('/namespaces', emptied);
  else if (_kubernetes !== undefined) deps.store.put('/namespaces', emptied);
};
