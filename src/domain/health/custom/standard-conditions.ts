import type { KubernetesObject } from '../../kubernetes-object.ts';
import { conditionsAt, isRecord } from '../fields.ts';
import { condition, observed, observedConditions, type Rule, rules } from './rules.ts';

/** The condition types that mean the same wherever they stand (Kubernetes API conventions, kstatus). */
const STANDARD = ['Ready', 'Reconciling', 'Stalled'];

/** Denied is not yet failed by these conventions; only Stalled says that it will not go on. */
const byConditions: Rule = rules(
  observed(),
  observedConditions(...STANDARD),
  condition('Stalled', 'True', 'Degraded'),
  condition('Reconciling', 'True', 'Progressing'),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Progressing'),
  condition('Ready', 'Unknown', 'Progressing'),
);

/**
 * The health of a kind that has no rule, by the standard conditions only: an object that reports none of Ready,
 * Reconciling and Stalled has no health, so a resource without a controller is never waited for. Argo CD gives such
 * kinds no health at all; where this says other than that, a wave waits for what the resource itself calls unready. A
 * health script that returns nil (`resource.customizations.health.<group_kind>: return nil`) restores Argo CD's way.
 */
export const byStandardConditions = (object: KubernetesObject): ReturnType<Rule> => {
  if (!isRecord(object['status'])) return undefined;
  return conditionsAt(object).some((c) => STANDARD.includes(c.type)) ? byConditions(object) : undefined;
};
