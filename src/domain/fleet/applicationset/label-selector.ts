import type { LabelSelector } from './application-set.ts';
import { setError } from './render.ts';

/**
 * Whether labels (or params) satisfy a selector; values may be anything, URLs too. An empty selector is satisfied by all.
 * Errors: AppError `application-set-invalid` for an operator that is none, or one without the values that it needs.
 */
export const matchesSelector = (
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value && Object.hasOwn(labels, key)) &&
  matchExpressions.every((expression) => holds(expression, labels));

const holds = (
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  labels: Readonly<Record<string, string>>,
): boolean => {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    throw setError(`error parsing label selector: ${operator} on ${key} needs values`);
  }
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      throw setError(`error parsing label selector: "${operator}" is not In, NotIn, Exists or DoesNotExist`);
  }
};

/** True for a selector that selects something, and not everything. */
export const isNarrow = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length + (selector?.matchExpressions?.length ?? 0) > 0;
