import { permanent } from '../../domain/errors.ts';
import { type KubernetesObject, parseApiVersion } from '../../domain/kubernetes-object.ts';
import {
  isRegisteredKind,
  REGISTERED_GROUP,
  REGISTERED_KINDS,
  registrationId,
} from '../../domain/registry/registration-row.ts';
import type { ApiResource, ClusterConnection, ClusterReader, ClusterWriter } from '../../ports/cluster.ts';
import type { RegistryObjects } from './registry-objects.ts';

const VERBS = ['get', 'list', 'create', 'update', 'patch', 'delete'];
const TYPES: ApiResource[] = REGISTERED_KINDS.map((kind) => ({
  group: REGISTERED_GROUP,
  version: 'v1alpha1',
  kind,
  resource: `${kind.toLowerCase()}s`,
  namespaced: true,
  verbs: VERBS,
}));

const isRegistered = ({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean =>
  isRegisteredKind({ ...parseApiVersion(apiVersion), kind });

/**
 * The in-cluster cluster as an application sees it: Argo CD's kinds are registered with Towline, everything else goes to
 * `cluster`. Waves, diffs, prunes and cascades so need no special case. Errors: those of the cluster, and `apply-invalid`
 * for what the fleet could not be compiled from.
 */
export const registryConnection = (registry: RegistryObjects, cluster: ClusterConnection): ClusterConnection => ({
  ...readerOf(registry, cluster),
  ...writerOf(registry, cluster),
});

const readerOf = (registry: RegistryObjects, cluster: ClusterConnection): ClusterReader => ({
  version: cluster.version,
  discover: async (options) => [
    ...(await cluster.discover(options)).filter((type) => !isRegisteredKind(type)),
    ...TYPES,
  ],
  get: (ref) => (isRegisteredKind(ref) ? registry.get(ref) : cluster.get(ref)),
  list: (type, options) =>
    isRegisteredKind(type) ? registry.list(type.kind, options?.namespace) : cluster.list(type, options),
});

const writerOf = (registry: RegistryObjects, cluster: ClusterConnection): ClusterWriter => ({
  apply: (object, options) => (isRegistered(object) ? registry.write(object, options) : cluster.apply(object, options)),
  create: (object, options) =>
    isRegistered(object) ? registry.write(object, options) : cluster.create(object, options),
  replace: (object, options) =>
    isRegistered(object) ? registry.write(object, options) : cluster.replace(object, options),
  patch: (ref, patch, options) => {
    if (!isRegisteredKind(ref)) return cluster.patch(ref, patch, options);
    const message = `${registrationId(ref)} is registered as a whole: it takes no patch`;
    return Promise.reject(permanent('apply-invalid', message, { details: { causes: [] } }));
  },
  delete: (ref, options) => (isRegisteredKind(ref) ? registry.remove(ref, options) : cluster.delete(ref, options)),
  flush: async () => {
    await registry.flush();
    await cluster.flush?.();
  },
});
