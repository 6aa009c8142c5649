import type { ClusterConfig } from '../domain/fleet/fleet-file.ts';
import type { KubernetesObject, ResourceRef } from '../domain/kubernetes-object.ts';

/** One resource type that the API server serves. */
export interface ApiResource {
  group: string;
  version: string;
  kind: string;
  /** Plural name in URLs. */
  resource: string;
  namespaced: boolean;
  verbs: string[];
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
}

/**
 * Reads one cluster. Errors: AppError `cluster-unreachable`, `cluster-throttled`, `cluster-failed` (a 5xx of the API
 * server or of a webhook behind it; all three transient, with retryAfterSeconds where named), `cluster-denied`
 * (permanent: names what is missing), `kind-unknown` (permanent; details {group, version, kind}).
 */
export interface ClusterReader {
  /** The served types; cached by the adapter, read again with `fresh`. */
  discover(options?: { fresh?: boolean }): Promise<ApiResource[]>;
  version(): Promise<string>;
  get(ref: ResourceRef): Promise<KubernetesObject | undefined>;
  /** All objects of a type, through every page. */
  list(type: Pick<ApiResource, 'group' | 'version' | 'kind'>, options?: ListOptions): Promise<KubernetesObject[]>;
}

export interface ApplyOptions {
  fieldManager: string;
  force?: boolean;
  dryRun?: boolean;
  /**
   * Client-side apply: the change to what `kubectl.kubernetes.io/last-applied-configuration` says was applied last is worked
   * out here and sent as a patch. `validate`: fields that the schema does not declare are refused, else dropped.
   */
  clientSide?: { validate: boolean };
}

export interface DeleteOptions {
  uid?: string;
  resourceVersion?: string;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  dryRun?: boolean;
}

/**
 * Writes one cluster. Errors: those of ClusterReader and AppError `apply-conflict` (permanent; details.conflicts =
 * [{manager, field}]), `apply-invalid` (permanent; the API server's message, cleaned of Secret values; details.causes =
 * [{field, reason}]; details.untyped where server-side apply cannot type it: unknown field, duplicate list key), `precondition-failed` (transient: read again), `namespace-terminating` (transient),
 * `namespace-missing` (permanent; details.namespace), `already-exists` (create), `object-missing` (replace, patch;
 * both permanent).
 */
export interface ClusterWriter {
  /**
   * Server-side apply, or with `clientSide` the other; answers with the object as it is now (or would be, with dryRun).
   * Server-side apply refuses fields that the schema does not declare and lists with two items of one key
   * (`apply-invalid`, untyped): `fieldValidation` makes no difference to it.
   */
  apply(object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject>;
  /** POST: for `generateName` and `Replace=true`. */
  create(object: KubernetesObject, options: { fieldManager: string; dryRun?: boolean }): Promise<KubernetesObject>;
  /** PUT with the object's resourceVersion. */
  replace(object: KubernetesObject, options: { fieldManager: string; dryRun?: boolean }): Promise<KubernetesObject>;
  /** JSON patch (RFC 6902) or JSON merge patch (RFC 7386), by the patch's shape: an array or an object. */
  patch(ref: ResourceRef, patch: unknown, options: { fieldManager: string }): Promise<KubernetesObject>;
  /** False: it was not there. */
  delete(ref: ResourceRef, options?: DeleteOptions): Promise<boolean>;
  /** What was written takes effect from here on, where it does not at once: Argo CD's kinds, of which the fleet is compiled. */
  flush?(): Promise<void>;
}

export type ClusterConnection = ClusterReader & ClusterWriter;

/**
 * Connects to a registered cluster; `session` names the rollout for the cluster's audit log. Where many want something of
 * one cluster they take turns, by `turn` (default: the session).
 */
export type ConnectCluster = (config: ClusterConfig, session: string, turn?: string) => Promise<ClusterConnection>;

/** The same for an application (by id), whose objects are delivered. */
export type ConnectApplication = (
  config: ClusterConfig,
  session: string,
  application: string,
) => Promise<ClusterConnection>;
