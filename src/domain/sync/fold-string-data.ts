import { isRecord } from '../health/fields.ts';
import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';

const encode = (text: string): string => {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
};

const isTexts = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((text) => typeof text === 'string');

/**
 * A Secret with its `stringData` in `data`, as the API server stores it; every other object as it is. Applied as
 * `stringData` a key would be owned under a name that no stored object has: it would stay when it leaves Git, and a change
 * to it by somebody else would not be seen. Values that are no texts are left for the API server to refuse.
 */
export const foldStringData = (object: KubernetesObject): KubernetesObject => {
  const { stringData, ...rest } = object;
  const isSecret = object.kind === 'Secret' && parseApiVersion(object.apiVersion).group === '';
  if (!isSecret || !isTexts(stringData)) return object;
  const folded = Object.fromEntries(Object.entries(stringData).map(([key, text]) => [key, encode(text)]));
  const data = isRecord(rest['data']) ? rest['data'] : {};
  return {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: object.metadata,
    data: { ...data, ...folded },
  };
};
