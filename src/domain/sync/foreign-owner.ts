import { type KubernetesObject, refOf } from '../kubernetes-object.ts';
import { TRACKING_ANNOTATION } from './prepare-targets.ts';

/**
 * Why an object in the cluster is not to be taken: it carries another application's tracking id. Undefined: it is not
 * there, is ours, or belongs to nobody.
 */
export const foreignOwner = (target: KubernetesObject, live: KubernetesObject | undefined): string | undefined => {
  const theirs = live?.metadata.annotations?.[TRACKING_ANNOTATION];
  if (theirs === undefined || theirs === target.metadata.annotations?.[TRACKING_ANNOTATION]) return undefined;
  const { kind, namespace, name } = refOf(target);
  const owner = theirs.split(':')[0] ?? theirs;
  return `${kind} ${namespace ? `${namespace}/` : ''}${name} belongs to application ${owner}: remove it from one of them, or set spec.adopt in the fleet file`;
};
