import { type KubernetesObject, parseApiVersion } from '../../kubernetes-object.ts';
import { type Condition, conditionsAt } from '../fields.ts';
import type { Health } from '../health-status.ts';

/** autoscaling/v1 keeps its conditions as JSON in this annotation. */
const ANNOTATION = 'autoscaling.alpha.kubernetes.io/conditions';

/** The condition and reason pairs that mean a broken autoscaler rather than one at rest. */
const BROKEN: Record<string, readonly string[]> = {
  AbleToScale: ['FailedGetScale', 'FailedUpdateScale'],
  ScalingActive: [
    'FailedGetResourceMetric',
    'FailedGetObjectMetric',
    'FailedGetPodsMetric',
    'FailedGetExternalMetric',
    'InvalidMetricSourceType',
    'InvalidSelector',
  ],
};

const read = (object: KubernetesObject): Condition[] | undefined => {
  if (parseApiVersion(object.apiVersion).version !== 'v1') return conditionsAt(object);
  const json = object.metadata.annotations?.[ANNOTATION];
  if (!json) return [];
  try {
    return conditionsAt({ status: { conditions: JSON.parse(json) } });
  } catch {
    return undefined;
  }
};

/** autoscaling/v1 and v2 HorizontalPodAutoscaler: broken, able to scale (or at its limit), or still waiting. */
export const horizontalPodAutoscaler = (object: KubernetesObject): Health => {
  const conditions = read(object);
  if (!conditions) return { status: 'Unknown', message: `annotation ${ANNOTATION} is not JSON` };
  const broken = conditions.find((c) => BROKEN[c.type]?.includes(c.reason));
  if (broken) return { status: 'Degraded', message: broken.message };
  const able = conditions.find((c) => (c.type === 'AbleToScale' || c.type === 'ScalingLimited') && c.status === 'True');
  if (able) return { status: 'Healthy', message: able.message };
  return { status: 'Progressing', message: 'Waiting for the autoscaler to be able to scale' };
};
