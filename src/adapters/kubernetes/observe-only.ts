import type { AppError } from '../../domain/errors.ts';
import { permanent } from '../../domain/errors.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';

const refused = (verb: string, kind: string, name: string | undefined): AppError =>
  permanent('observe-mode', `observe mode: ${verb} of ${kind} "${name ?? ''}" was not sent`, {
    details: { verb, kind, name },
  });

/** The same cluster, reads and dry runs only: `spec.mode: observe`. Errors beyond the port's: `observe-mode`. */
export const observeOnly = (connection: ClusterConnection): ClusterConnection => ({
  discover: connection.discover,
  version: connection.version,
  get: connection.get,
  list: connection.list,
  apply: async (object, options) => {
    if (!options.dryRun) throw refused('apply', object.kind, object.metadata.name);
    return connection.apply(object, options);
  },
  create: async (object, options) => {
    if (!options.dryRun) throw refused('create', object.kind, object.metadata.name);
    return connection.create(object, options);
  },
  replace: async (object, options) => {
    if (!options.dryRun) throw refused('replace', object.kind, object.metadata.name);
    return connection.replace(object, options);
  },
  patch: async (ref) => {
    throw refused('patch', ref.kind, ref.name);
  },
  delete: async (ref, options) => {
    if (!options?.dryRun) throw refused('delete', ref.kind, ref.name);
    return connection.delete(ref, options);
  },
});
