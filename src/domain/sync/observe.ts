import type { KubernetesObject } from '../kubernetes-object.ts';
import type { ActionResult } from './actions.ts';

/**
 * Takes the answers to one step's actions into what was seen in this run (`StepInput.live`), in place. What an answer makes
 * doubtful is forgotten, so that the engine reads it again; dry runs show nothing.
 */
export const observe = (live: Map<string, KubernetesObject | undefined>, results: readonly ActionResult[]): void => {
  for (const { key, type, object, error } of results) {
    if (type === 'dry-run') continue;
    if (error) {
      if (error.code === 'object-missing' || (type === 'read' && error.code === 'kind-unknown'))
        live.set(key, undefined);
      else if (error.code === 'precondition-failed' || error.code === 'already-exists') live.delete(key);
    } else if (type === 'delete') live.delete(key);
    else live.set(key, object);
  }
};
