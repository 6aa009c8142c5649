/** A condition as nearly every API reports it; absent texts are ''. */
export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  observedGeneration: number | undefined;
  /** `severity` of Cluster API and Knative conditions. */
  severity: string;
}

/** Whether a value is a JSON object (not a list, not null). */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a dotted path (`status.conditions`, `status.listeners.0.name`); undefined where a part is missing. */
export const at = (value: unknown, path: string): unknown => {
  let here = value;
  for (const key of path.split('.')) {
    if (Array.isArray(here)) here = here[Number(key)];
    else if (isRecord(here) && Object.hasOwn(here, key)) here = here[key];
    else return undefined;
  }
  return here ?? undefined;
};

/** The string at a path; '' for anything else. */
export const textAt = (value: unknown, path: string): string => {
  const found = at(value, path);
  return typeof found === 'string' ? found : '';
};

/** The number at a path, else `otherwise` (Go's zero value, unless another default is named). */
export const numberAt = (value: unknown, path: string, otherwise = 0): number => {
  const found = at(value, path);
  return typeof found === 'number' ? found : otherwise;
};

/** The list at a path; [] for anything else. */
export const listAt = (value: unknown, path: string): unknown[] => {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
};

/** The object at a path; {} for anything else. */
export const recordAt = (value: unknown, path: string): Record<string, unknown> => {
  const found = at(value, path);
  return isRecord(found) ? found : {};
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads one condition; status may be written as a boolean by some operators. */
const toCondition = (value: unknown): Condition[] => {
  if (!isRecord(value)) return [];
  const status = typeof value['status'] === 'boolean' ? (value['status'] ? 'True' : 'False') : text(value['status']);
  const observed = value['observedGeneration'];
  return [
    {
      type: text(value['type']),
      status,
      reason: text(value['reason']),
      message: text(value['message']),
      observedGeneration: typeof observed === 'number' ? observed : undefined,
      severity: text(value['severity']),
    },
  ];
};

/** The conditions at a path (`status.conditions` unless named), in their order; what is not a condition is left out. */
export const conditionsAt = (value: unknown, path = 'status.conditions'): Condition[] =>
  listAt(value, path).flatMap(toCondition);
