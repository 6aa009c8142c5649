import { isRecord } from '../health/fields.ts';
import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';

/** An object's API group; '' for the core group, also where it names no version at all. */
export const groupOf = ({ apiVersion }: { apiVersion?: string }): string => parseApiVersion(apiVersion ?? '').group;

/** Whether an object defines a kind. */
export const isCustomResourceDefinition = (object: KubernetesObject): boolean =>
  object.kind === 'CustomResourceDefinition' && groupOf(object) === 'apiextensions.k8s.io';

/** `group/kind` that a CustomResourceDefinition makes servable; undefined: it says none. */
export const servedBy = ({ spec }: KubernetesObject): string | undefined => {
  if (!isRecord(spec) || !isRecord(spec['names'])) return undefined;
  return `${String(spec['group'])}/${String(spec['names']['kind'])}`;
};

/** Whether the kinds that it defines live in namespaces. */
export const definesNamespaced = ({ spec }: KubernetesObject): boolean =>
  isRecord(spec) && spec['scope'] === 'Namespaced';

/** True once the API server serves it: its objects can be applied. */
export const isEstablished = ({ status }: KubernetesObject): boolean => {
  const conditions = isRecord(status) && Array.isArray(status['conditions']) ? status['conditions'] : [];
  return conditions.some((one) => isRecord(one) && one['type'] === 'Established' && one['status'] === 'True');
};

/** What a list holds, and lists in it; every other object is itself. */
export const flattenList = (object: KubernetesObject): KubernetesObject[] => {
  const { items } = object;
  if (!object.kind?.endsWith('List') || !Array.isArray(items)) return [object];
  return items.flatMap((item: unknown) => (isAnObject(item) ? flattenList(item) : []));
};

const isAnObject = (value: unknown): value is KubernetesObject => isRecord(value);

/** Whether the kinds (`group/kind`) that objects define live in namespaces. */
export const definedScopes = (objects: readonly KubernetesObject[]): Map<string, boolean> =>
  new Map(
    objects.flatMap((object): [string, boolean][] => {
      const served = object.apiVersion && isCustomResourceDefinition(object) ? servedBy(object) : undefined;
      return served === undefined ? [] : [[served, definesNamespaced(object)]];
    }),
  );
