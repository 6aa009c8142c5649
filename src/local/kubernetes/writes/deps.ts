import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { ResourceType, TypeRegistry } from '../resource-types.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** What writing objects needs. */
export interface WriteDeps {
  store: ObjectStore;
  types: TypeRegistry;
  clock: () => number;
  newId: () => string;
}

/** Which object a request is for; `namespace` is '' for cluster-scoped types. */
export interface Target {
  type: ResourceType;
  namespace: string;
  name: string;
  subresource?: string;
}

export interface WriteOptions {
  fieldManager: string;
  dryRun: boolean;
  force: boolean;
  fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** Takes the texts for `Warning` headers. */
  warn: (text: string) => void;
}

export interface Written {
  object: KubernetesObject;
  created: boolean;
}

/** RFC 3339 with seconds, as the API server writes times. */
export const timeText = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

/** True where `status` is written through its own endpoint. */
export const hasStatus = (type: ResourceType): boolean => type.subresources.includes('status');
