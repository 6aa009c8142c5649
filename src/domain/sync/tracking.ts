import { TRACKING_ANNOTATION } from '../diff/tracking.ts';
import { type KubernetesObject, parseApiVersion, type ResourceRef } from '../kubernetes-object.ts';
import type { SyncedApplication, TrackingSettings } from './sync-operation.ts';

const INSTALLATION_ANNOTATION = 'argocd.argoproj.io/installation-id';
/** The most that a label's value may have. */
const LABEL_LENGTH = 63;
const CONTROL_NAMESPACE = 'argocd';

type Named = Pick<SyncedApplication, 'name' | 'namespace'>;

/** An application's name in tracking ids: `<namespace>_<name>` outside the control namespace. */
export const trackedName = ({ namespace, name }: Named): string =>
  namespace === CONTROL_NAMESPACE ? name : `${namespace}_${name}`;

/**
 * `<application>:<group>/<kind>:<namespace>/<name>`; a cluster-scoped object stands with the application's destination
 * namespace, as in Argo CD, so that moving over and back changes nothing. Source: Argo CD docs, Resource Tracking.
 */
export const trackingId = (
  application: Named & Pick<SyncedApplication, 'destination'>,
  { group, kind, namespace, name }: Omit<ResourceRef, 'version'>,
): string => `${trackedName(application)}:${group}/${kind}:${namespace ?? application.destination.namespace}/${name}`;

/** The object marked as the application's: annotation, label or both, and the installation where there is one. */
export const withTracking = (
  object: KubernetesObject,
  application: Named & Pick<SyncedApplication, 'destination'>,
  ref: ResourceRef,
  { trackingMethod, instanceLabelKey, installationID }: TrackingSettings,
): KubernetesObject => {
  const metadata = { ...object.metadata };
  if (trackingMethod !== 'label') {
    metadata.annotations = { ...metadata.annotations, [TRACKING_ANNOTATION]: trackingId(application, ref) };
    if (installationID) metadata.annotations[INSTALLATION_ANNOTATION] = installationID;
  }
  if (trackingMethod !== 'annotation') {
    const value = trackedName(application).slice(0, trackingMethod === 'label' ? undefined : LABEL_LENGTH);
    metadata.labels = { ...metadata.labels, [instanceLabelKey]: value };
  }
  return { ...object, metadata };
};

/**
 * Which application a live object belongs to by what it carries; undefined: none. A tracking id that names another object
 * was copied there by a controller and counts for nothing. `installation`: that of another Argo CD, where it is named.
 */
export const ownerOf = (
  object: KubernetesObject,
  { trackingMethod, instanceLabelKey, installationID }: TrackingSettings,
): { application: string; installation?: string } | undefined => {
  const { annotations, labels } = object.metadata;
  if (trackingMethod === 'label') {
    const application = labels?.[instanceLabelKey];
    return application ? { application } : undefined;
  }
  const application = namedBy(annotations?.[TRACKING_ANNOTATION], object);
  if (application === undefined) return undefined;
  const installation = annotations?.[INSTALLATION_ANNOTATION] ?? '';
  return installation === installationID ? { application } : { application, installation };
};

const namedBy = (id: string | undefined, { apiVersion, kind, metadata }: KubernetesObject): string | undefined => {
  const [application, groupKind, ...rest] = (id ?? '').split(':');
  if (!application || groupKind !== `${parseApiVersion(apiVersion).group}/${kind}`) return undefined;
  const path = rest.join(':');
  const slash = path.indexOf('/');
  const [namespace, name] = [path.slice(0, slash), path.slice(slash + 1)];
  const isHere = !metadata.namespace || metadata.namespace === namespace;
  return isHere && name === metadata.name ? application : undefined;
};

/** Whether a live object carries this application's tracking id. */
export const isOwn = (object: KubernetesObject, application: Named, settings: TrackingSettings): boolean => {
  const owner = ownerOf(object, settings);
  return owner?.application === trackedName(application) && owner.installation === undefined;
};

/** The other application that a live object belongs to; undefined: it is not there, is ours, or belongs to nobody. */
export const otherOwner = (
  live: KubernetesObject | undefined,
  application: Named,
  settings: TrackingSettings,
): string | undefined => {
  const owner = live && ownerOf(live, settings);
  if (!owner || isOwn(live, application, settings)) return undefined;
  return owner.installation === undefined ? owner.application : `${owner.application} (another installation)`;
};
