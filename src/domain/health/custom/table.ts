import type { KubernetesObject } from '../../kubernetes-object.ts';
import type { Health } from '../health.ts';
export const assessCustom = (_object: KubernetesObject): Health | undefined => undefined;
