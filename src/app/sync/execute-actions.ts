import { AppError } from '../../domain/errors.ts';
import { type KubernetesObject, keyOf, resourceKey } from '../../domain/kubernetes-object.ts';
import type { Action, ActionError, ActionResult, ClientSide } from '../../domain/sync/actions.ts';
import { FIELD_MANAGER } from '../../domain/sync/migrate-fields.ts';
import type { ApplyOptions, ClusterConnection } from '../../ports/cluster.ts';
import { LIST_FROM, listKey } from './read-live.ts';

/**
 * Runs one step's actions in parallel (the adapter bounds the requests in flight); many reads of a kind in a namespace are
 * one list. What the cluster refuses, or cannot answer just now, is a result of its object; the engine decides what it
 * means. Defects are thrown.
 */
export const executeActions = async (
  connection: ClusterConnection,
  actions: readonly Action[],
): Promise<ActionResult[]> => {
  const reads = actions.filter((action) => action.type === 'read');
  const groups = [...Map.groupBy(reads, ({ ref }) => listKey(ref)).values()].filter(
    ({ length }) => length >= LIST_FROM,
  );
  const listed = new Map((await Promise.all(groups.map((some) => readByList(connection, some)))).flat());
  return Promise.all(actions.map(async (action) => listed.get(action) ?? execute(connection, action)));
};

/** What one list says of each read; nothing where we may not list, as what may not be listed may still be read. */
const readByList = async (
  connection: ClusterConnection,
  reads: readonly (Action & { type: 'read' })[],
): Promise<[Action, ActionResult][]> => {
  const [first] = reads;
  if (!first) return [];
  const { namespace } = first.ref;
  try {
    const objects = await connection.list(first.ref, namespace ? { namespace } : {});
    const live = new Map(objects.map((object) => [keyOf(object), object]));
    return reads.map((action) => {
      const object = live.get(resourceKey(action.ref));
      return [action, { key: action.key, type: 'read', ...(object ? { object } : {}) }];
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'cluster-denied') return [];
    return reads.map((action) => [action, { key: action.key, type: 'read', error: toActionError(error) }]);
  }
};

const execute = async (connection: ClusterConnection, action: Action): Promise<ActionResult> => {
  const { key, type } = action;
  try {
    const object = await perform(connection, action);
    return { key, type, ...(object ? { object } : {}) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { key, type, error: toActionError(error) };
  }
};

const applyOptions = ({ clientSide }: { clientSide?: ClientSide }): ApplyOptions => ({
  fieldManager: FIELD_MANAGER,
  force: true,
  ...(clientSide ? { clientSide } : {}),
});

/** Server-side apply takes no field that the schema lacks and no list with two items of one key. */
const UNTYPED_CURE =
  'correct the field, or give the object the sync option ServerSideApply=false (Validate=false for an unknown field)';

const toActionError = ({ code, kind, message, details, retryAfterSeconds }: AppError): ActionError => ({
  code,
  kind,
  message: details.untyped === true ? `${message}; ${UNTYPED_CURE}` : message,
  ...(details.untyped === true ? { untyped: true } : {}),
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
});

const perform = async (connection: ClusterConnection, action: Action): Promise<KubernetesObject | undefined> => {
  switch (action.type) {
    case 'read':
      return connection.get(action.ref);
    case 'dry-run':
      return action.method === 'create'
        ? connection.create(action.object, { fieldManager: FIELD_MANAGER, dryRun: true })
        : connection.apply(action.object, { ...applyOptions(action), dryRun: true });
    case 'apply':
      if (action.fresh) await connection.discover({ fresh: true });
      return connection.apply(action.object, applyOptions(action));
    case 'create':
      return connection.create(action.object, { fieldManager: FIELD_MANAGER });
    case 'replace':
      return connection.replace(action.object, { fieldManager: FIELD_MANAGER });
    case 'patch':
      return connection.patch(action.ref, action.patch, { fieldManager: FIELD_MANAGER });
    case 'delete': {
      const { uid, resourceVersion, propagationPolicy } = action;
      const preconditions = { uid, ...(resourceVersion ? { resourceVersion } : {}) };
      await connection.delete(action.ref, { ...preconditions, propagationPolicy });
      return undefined;
    }
  }
};
