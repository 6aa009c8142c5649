import { permanent } from '../../domain/errors.ts';
import { undeliverable } from '../../domain/registry/registration-row.ts';
import type { ClusterConnection, ConnectApplication, ConnectCluster } from '../../ports/cluster.ts';
import { registryConnection } from './registry-connection.ts';
import { type RegistryDeps, registryObjects } from './registry-objects.ts';

/**
 * Connects applications to clusters: to the in-cluster one with Towline's registry in it, which takes Argo CD's own kinds.
 * Where no cluster of the fleet is the in-cluster one there is the registry alone.
 */
export const connectRegistry =
  (deps: RegistryDeps, connect: ConnectCluster): ConnectApplication =>
  async (config, session, application) => {
    if (!config.inCluster) return connect(config, session, application);
    const cluster =
      config.access.type === 'control-plane' ? CONTROL_PLANE : await connect(config, session, application);
    const registry = registryObjects(deps, { application, observe: config.mode === 'observe' });
    return registryConnection(registry, cluster);
  };

const refused = (kind: string, name = '') =>
  permanent('apply-invalid', undeliverable({ kind, name }), { details: { causes: [] } });

const NAMESPACES = { group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces', namespaced: false };

/** The control plane where it is no cluster: it has every namespace (CreateNamespace=true is no mistake), and nothing else. */
const CONTROL_PLANE: ClusterConnection = {
  discover: () => Promise.resolve([{ ...NAMESPACES, verbs: ['get', 'create', 'patch'] }]),
  version: () => Promise.resolve(''),
  get: ({ kind, name }) =>
    Promise.resolve(
      kind === 'Namespace' ? { apiVersion: 'v1', kind, metadata: { name, uid: name }, status: ACTIVE } : undefined,
    ),
  list: () => Promise.resolve([]),
  apply: (object) =>
    object.kind === 'Namespace' ? Promise.resolve(object) : Promise.reject(refused(object.kind, object.metadata.name)),
  create: ({ kind, metadata }) => Promise.reject(refused(kind, metadata.name)),
  replace: ({ kind, metadata }) => Promise.reject(refused(kind, metadata.name)),
  patch: ({ kind, name }) => Promise.reject(refused(kind, name)),
  delete: () => Promise.resolve(false),
};

const ACTIVE = { phase: 'Active' };
