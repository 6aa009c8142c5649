import type { KubernetesObject, ResourceRef } from '../kubernetes-object.ts';

/** What the shell does against the cluster. Those of one step may run in parallel; steps run one after another. */
export type Action =
  | { type: 'read'; key: string; ref: ResourceRef }
  /** Apply (or create) that is not persisted. */
  | { type: 'dry-run'; key: string; object: KubernetesObject; method: 'apply' | 'create'; clientSide?: ClientSide }
  /** Apply, server-side with forced conflicts or client-side, as FIELD_MANAGER. `fresh`: read discovery anew first, its kind is new. */
  | { type: 'apply'; key: string; object: KubernetesObject; clientSide?: ClientSide; fresh?: true }
  | { type: 'create'; key: string; object: KubernetesObject }
  /** PUT with the resourceVersion in `object`. */
  | { type: 'replace'; key: string; object: KubernetesObject }
  | {
      type: 'delete';
      key: string;
      ref: ResourceRef;
      uid: string;
      /** Absent for hooks, whose status may move at any time. */
      resourceVersion?: string;
      propagationPolicy: 'Foreground' | 'Background' | 'Orphan';
    }
  /** JSON patch (RFC 6902), guarded by a test of what it was made from. */
  | { type: 'patch'; key: string; ref: ResourceRef; patch: readonly JsonPatchOperation[] };

/** How an object is applied client-side; `validate`: unknown fields are refused, else dropped. */
export interface ClientSide {
  validate: boolean;
}

export interface JsonPatchOperation {
  op: 'test' | 'add' | 'remove' | 'replace';
  path: string;
  value?: unknown;
}

/** An AppError as data; `message` is shown to people. */
export interface ActionError {
  code: string;
  kind: 'rejected' | 'permanent' | 'transient';
  message: string;
  /** True where server-side apply cannot type the object (`apply-invalid`). */
  untyped?: boolean;
  retryAfterSeconds?: number;
}

/** The answer to the action of the same key and type. A `read` without object and error: it is not there. */
export interface ActionResult {
  key: string;
  type: Action['type'];
  object?: KubernetesObject;
  error?: ActionError;
}
