import { isRecord } from '../health/fields.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { copyOf } from './json.ts';
import { LAST_APPLIED, normalize } from './normalize.ts';

/** The objects of one Secret that are shown side by side. */
export interface SecretSides {
  desired: KubernetesObject | undefined;
  live: KubernetesObject | undefined;
}

const SHORTEST = 8;
const LONGER_BY = 4;

/**
 * Gives each value of one key a run of `+`: the same for equal values, a longer one for each further value. The run says
 * which sides differ in this key, and nothing of a value's length or of other keys.
 */
const createMask = () => {
  const byKey = new Map<string, unknown[]>();
  return (key: string, value: unknown): string => {
    const seen = byKey.get(key) ?? [];
    byKey.set(key, seen);
    if (!seen.includes(value)) seen.push(value);
    return '+'.repeat(SHORTEST + LONGER_BY * seen.indexOf(value));
  };
};

type Mask = ReturnType<typeof createMask>;

const hideIn = (holder: unknown, field: string, keys: readonly string[] | undefined, mask: Mask): void => {
  const map = isRecord(holder) ? holder[field] : undefined;
  if (!isRecord(map)) return;
  for (const key of Object.keys(map)) if (!keys || keys.includes(key)) map[key] = mask(`${field} ${key}`, map[key]);
};

const hideSide = (object: KubernetesObject, annotations: readonly string[], mask: Mask): void => {
  hideIn(object, 'data', undefined, mask);
  hideIn(object.metadata, 'annotations', annotations, mask);
};

/** The applied configuration repeats the values; one that cannot be read is hidden whole. */
const hideApplied = (object: KubernetesObject, hidden: readonly string[], mask: Mask): void => {
  const { annotations } = object.metadata;
  const text = annotations?.[LAST_APPLIED];
  if (!annotations || text === undefined) return;
  annotations[LAST_APPLIED] = '+'.repeat(SHORTEST);
  const applied = readApplied(text);
  if (!applied) return;
  hideSide(applied, hidden, mask);
  annotations[LAST_APPLIED] = JSON.stringify(applied);
};

const readApplied = (text: string): KubernetesObject | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return undefined;
    const metadata = isRecord(value['metadata']) ? value['metadata'] : {};
    const applied: KubernetesObject = { ...value, apiVersion: 'v1', kind: 'Secret', metadata };
    return foldTexts(applied);
  } catch {
    return undefined;
  }
};

/** stringData holds values in the clear: it is folded into data before anything is masked. */
const foldTexts = (object: KubernetesObject): KubernetesObject => {
  const folded = copyOf(object);
  const { data } = normalize(object, { ignoreAggregatedRoles: false, ignoreResourceStatusField: 'none' });
  delete folded['stringData'];
  if (data === undefined) delete folded['data'];
  else folded['data'] = data;
  return folded;
};

/**
 * Masks a Secret's values on both sides, in the annotation that repeats them, and in the annotations named. Which keys
 * there are and which of them differ stays visible; values, their lengths and equality across keys do not.
 */
export const hideSecrets = ({ desired, live }: SecretSides, annotations: readonly string[] = []): SecretSides => {
  const mask = createMask();
  const sides = {
    desired: desired ? foldTexts(desired) : undefined,
    live: live ? foldTexts(live) : undefined,
  };
  const present = [sides.desired, sides.live].filter((side) => side !== undefined);
  for (const side of present) hideSide(side, annotations, mask);
  for (const side of present.toReversed()) hideApplied(side, annotations, mask);
  return sides;
};
