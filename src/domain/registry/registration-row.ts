import { TRACKING_ANNOTATION } from '../diff/tracking.ts';
import type { FleetDocument } from '../fleet/read-fleet-files.ts';
import type { KubernetesObject, ResourceRef } from '../kubernetes-object.ts';
import type { Row } from '../row.ts';
import { stableDigest, stableText } from '../stable-digest.ts';
import { cascades } from '../sync/deletion.ts';

/**
 * One Application, ApplicationSet or AppProject that an application delivered to the control plane (app of apps): part of
 * what the fleet is compiled from. `due`: the fleet was not compiled with it as it is now.
 */
export interface RegistrationRow extends Row {
  /** As it was delivered; absent in the row that counts the registry's changes (`REGISTRY_MARK`). */
  object?: KubernetesObject;
  /** Id of the application that delivered it. */
  parent: string;
  uid: string;
  createdAt: number;
  /** Digest of what the compiler reads of it. */
  digest: string;
  /** The digest that the live fleet was compiled with, and what was wrong with it there. */
  planned?: string;
  error?: string;
  /** It is to go: no part of the fleet any more. */
  deletedAt?: number;
}

/** Id of the row whose version grows with every change of the registry, so that a compile sees with one read whether there was one. */
export const REGISTRY_MARK = 'registry';

export const REGISTERED_GROUP = 'argoproj.io';
export const REGISTERED_KINDS = ['Application', 'ApplicationSet', 'AppProject'] as const;

/** Whether objects of this kind are registered with Towline where they go to the control plane. */
export const isRegisteredKind = ({ group, kind }: Pick<ResourceRef, 'group' | 'kind'>): boolean =>
  group === REGISTERED_GROUP && REGISTERED_KINDS.some((one) => one === kind);

/** Why an object cannot be delivered to the control plane where that is no cluster of the fleet. */
export const undeliverable = ({ kind, name }: Pick<ResourceRef, 'kind' | 'name'>): string =>
  `${kind} ${name}: no cluster of the fleet is the in-cluster one (mark it inCluster: true in the fleet file); without it only ${REGISTERED_KINDS.join(', ')} can be delivered there`;

/** `Application argocd/web`. */
export const registrationId = ({ kind, namespace, name }: Pick<ResourceRef, 'kind' | 'namespace' | 'name'>): string =>
  `${kind} ${namespace ?? ''}/${name}`;

/** How long `schedule` waits before it has the fleet compiled where a message may have been lost (ms). */
const RESEND_AFTER_MS = 60_000;

const INSTALLATION_ANNOTATION = 'argocd.argoproj.io/installation-id';

/** Without what only says whose it is, and what the API server adds: a document as it would stand in Git. */
const documentOf = ({ apiVersion, kind, metadata, spec }: KubernetesObject): KubernetesObject => {
  const { name, namespace, labels, finalizers } = metadata;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => key !== TRACKING_ANNOTATION && key !== INSTALLATION_ANNOTATION,
  );
  const kept = {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels ? { labels } : {}),
    ...(annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {}),
    ...(finalizers ? { finalizers } : {}),
  };
  return { apiVersion, kind, metadata: kept, ...(spec === undefined ? {} : { spec }) };
};

/** What is at the front of the `file` of everything that an application delivered. */
export const registeredPrefix = (parent: string): string => `${parent} → `;

/** The text that the compiler reads of a registered object. */
export const registeredText = (object: KubernetesObject): string => stableText(documentOf(object));

/** A registration as a file of the fleet; undefined: it is to go, or is none. */
export const fleetDocumentOf = ({
  id,
  object,
  parent,
  digest,
  deletedAt,
}: RegistrationRow): FleetDocument | undefined => {
  if (!object || deletedAt !== undefined) return undefined;
  return { path: `${registeredPrefix(parent)}${id}`, digest, text: registeredText(object), registeredBy: parent };
};

interface Delivered {
  id: string;
  object: KubernetesObject;
  parent: string;
  uid: string;
  now: number;
}

/** The row with what was delivered; undefined where it is that already. What was to go stays, then. */
export const register = (
  row: RegistrationRow | undefined,
  { id, object, parent, uid, now }: Delivered,
): RegistrationRow | undefined => {
  const digest = stableDigest(documentOf(object));
  if (!row) return { id, version: 0, object, parent, uid, createdAt: now, digest, due: now + RESEND_AFTER_MS };
  const { deletedAt, ...rest } = row;
  const isSame = row.digest === digest && row.parent === parent && deletedAt === undefined;
  if (isSame && stableText(row.object) === stableText(object)) return undefined;
  return { ...rest, object, parent, digest, ...(isSame ? {} : { due: now + RESEND_AFTER_MS }) };
};

/** The row when its object is deleted; undefined where it is being deleted already. */
export const unregister = (row: RegistrationRow, now: number): RegistrationRow | undefined =>
  row.deletedAt === undefined ? { ...row, deletedAt: now, due: now + RESEND_AFTER_MS } : undefined;

/** Whether the fleet has to be compiled because of it. */
export const isOutstanding = ({ object, due, digest, planned }: RegistrationRow): boolean =>
  object !== undefined && (due !== undefined || planned !== digest);

/** The row once the live fleet has (or, where it is to go, no longer has) what it says; `error`: what was wrong with it. */
export const registrationPlanned = (
  { due: _due, error: _error, ...row }: RegistrationRow,
  error: string | undefined,
): RegistrationRow => ({ ...row, planned: row.digest, ...(error === undefined ? {} : { error }) });

/** Whether the row outlives its object's deletion: an Application that takes its objects with it is there until they are gone. */
export const outlivesDeletion = ({ object }: { object?: KubernetesObject | undefined }): boolean =>
  object?.kind === 'Application' && cascades({ finalizers: object.metadata.finalizers ?? [] });
