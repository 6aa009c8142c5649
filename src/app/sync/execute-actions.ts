import { AppError } from '../../domain/errors.ts';
import type { Action, ActionResult } from '../../domain/sync/operation.ts';
import type { ClusterConnection } from '../../ports/cluster.ts';

/** Argo CD's own: so that an application can move over, and back, with its fields' ownership. */
const FIELD_MANAGER = 'argocd-controller';

/**
 * Runs one step's actions in parallel (the adapter bounds the requests in flight). A permanent refusal is a result of its
 * object; transient errors are thrown, and the step is taken again later.
 */
export const executeActions = (connection: ClusterConnection, actions: readonly Action[]): Promise<ActionResult[]> =>
  Promise.all(actions.map((action) => execute(connection, action)));

const execute = async (connection: ClusterConnection, action: Action): Promise<ActionResult> => {
  const { key, type } = action;
  try {
    const object = await perform(connection, action);
    return { key, type, ...(object ? { object } : {}) };
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'transient') throw error;
    if (type === 'read' && error.code === 'kind-unknown') return { key, type };
    return { key, type, error: { code: error.code, message: error.message } };
  }
};

const perform = async (connection: ClusterConnection, action: Action) => {
  switch (action.type) {
    case 'apply':
      return applyKnown(connection, action);
    case 'read':
      return connection.get(action.ref);
    case 'delete': {
      const { uid, resourceVersion } = action;
      await connection.delete(action.ref, { uid, resourceVersion, propagationPolicy: 'Foreground' });
      return undefined;
    }
  }
};

/** A kind that discovery does not know may be a minute old: asked again, once. */
const applyKnown = async (connection: ClusterConnection, { object }: Action & { type: 'apply' }) => {
  const options = { fieldManager: FIELD_MANAGER, force: true };
  try {
    return await connection.apply(object, options);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'kind-unknown') throw error;
    await connection.discover({ fresh: true });
    return connection.apply(object, options);
  }
};
