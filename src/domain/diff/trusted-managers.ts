import type { KubernetesObject } from '../kubernetes-object.ts';
import { managedPaths, removeAt, valueAt } from './field-path.ts';
import { copyOf, isEqual } from './json.ts';

/**
 * Takes out of both sides what a trusted manager (exact names, `managedFieldsManagers`) owns in the live object and has
 * another value there than wanted. A field that only one side has stays. Both sides are copies.
 */
export const withoutTrusted = (
  live: KubernetesObject,
  desired: KubernetesObject,
  managers: readonly string[],
): { live: KubernetesObject; desired: KubernetesObject } => {
  const result = { live: copyOf(live), desired: copyOf(desired) };
  const entries = (live.metadata.managedFields ?? []).filter((entry) => managers.includes(entry.manager ?? ''));
  const paths = entries.flatMap((entry) => managedPaths(entry.fieldsV1)).filter(({ item }) => !item);
  for (const { path } of paths) {
    const [is, wanted] = [valueAt(live, path), valueAt(desired, path)];
    if (is === undefined || wanted === undefined || isEqual(is, wanted)) continue;
    removeAt(result.live, path);
    removeAt(result.desired, path);
  }
  return result;
};
