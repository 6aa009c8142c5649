import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { Json } from './json.ts';
import { isRecord, listOf, recordOf } from './json.ts';
import type { ResourceType } from './resource-types.ts';
import { apiVersionOf } from './resource-types.ts';

const cpuTarget = (metric: unknown): unknown => {
  const { type, resource } = recordOf(metric);
  const { name, target } = recordOf(resource);
  return type === 'Resource' && name === 'cpu' ? recordOf(target).averageUtilization : undefined;
};

/** autoscaling/v2 as v1, which knows only the CPU's utilization. */
const autoscalerV1 = (spec: Json): Json => {
  const { metrics, behavior: _behavior, ...rest } = spec;
  const target = listOf(metrics)
    .map(cpuTarget)
    .find((value) => value !== undefined);
  return { ...rest, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) };
};

const autoscalerV2 = (spec: Json): Json => {
  const { targetCPUUtilizationPercentage, ...rest } = spec;
  if (targetCPUUtilizationPercentage === undefined) return rest;
  const target = { type: 'Utilization', averageUtilization: targetCPUUtilizationPercentage };
  return { ...rest, metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] };
};

/**
 * A stored object in the version of `type`. Custom resources differ in their apiVersion alone (conversion `None`; webhooks
 * are not called), autoscaling/v1 and v2 in their metrics.
 */
export const present = (type: ResourceType, object: KubernetesObject): KubernetesObject => {
  const apiVersion = apiVersionOf(type);
  if (object.apiVersion === apiVersion) return object;
  if (type.kind !== 'HorizontalPodAutoscaler' || !isRecord(object.spec)) return { ...object, apiVersion };
  const spec = type.version === 'v1' ? autoscalerV1(object.spec) : autoscalerV2(object.spec);
  return { ...object, apiVersion, spec };
};
