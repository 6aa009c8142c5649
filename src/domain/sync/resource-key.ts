import type { ResourceRef } from '../kubernetes-object.ts';

/** The reference that a `resourceKey` was made of, without its version (''). */
export const parseResourceKey = (key: string): ResourceRef => {
  const [group = '', kind = '', namespace = '', ...name] = key.split('/');
  return { group, version: '', kind, ...(namespace ? { namespace } : {}), name: name.join('/') };
};
