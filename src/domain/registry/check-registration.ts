import { readFleetFile } from '../fleet/read-fleet-files.ts';
import { CONTROL_NAMESPACE } from '../fleet/read-manifests.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { registeredText, registrationId } from './registration-row.ts';

/**
 * What is wrong with an object that is to be registered, as the API server would refuse it; undefined: nothing.
 */
export const checkRegistration = (object: KubernetesObject): string | undefined => {
  const { kind, metadata } = object;
  const { name = '', namespace = '' } = metadata;
  const what = registrationId({ kind, namespace, name });
  const misplaced = checkProjectNamespace(object);
  if (misplaced !== undefined) return `${what}: ${misplaced}`;
  const { problems } = readFleetFile(what, registeredText(object));
  const wrong = problems.filter(({ severity }) => severity === 'error');
  if (wrong.length === 0) return undefined;
  return `${what}: ${wrong.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('; ')}`;
};

/**
 * A project is one in Argo CD's own namespace alone: elsewhere whoever may write there would make rules for others.
 * Undefined: it is there, or no project.
 */
export const checkProjectNamespace = ({ kind, metadata }: KubernetesObject): string | undefined => {
  if (kind !== 'AppProject' || metadata.namespace === CONTROL_NAMESPACE) return undefined;
  return `an AppProject counts in namespace ${CONTROL_NAMESPACE} alone: deliver it there`;
};
