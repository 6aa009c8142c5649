import type { KubernetesObject } from '../kubernetes-object.ts';
import type { ArgoSettings } from '../settings/argo-settings.ts';

/** Argo CD's annotation that says which application an object belongs to. */
export const TRACKING_ANNOTATION = 'argocd.argoproj.io/tracking-id';

/**
 * An object still tracked by label only: that it is to be tracked by annotation is no difference. In place, on
 * normalised copies; CRDs are exempt, as in Argo CD.
 */
export const forgetTrackingChange = (
  sides: { desired: KubernetesObject; live: KubernetesObject; predicted: KubernetesObject },
  labelKey: ArgoSettings['instanceLabelKey'],
): void => {
  const { desired, live, predicted } = sides;
  if (live.kind === 'CustomResourceDefinition') return;
  if (!live.metadata.labels?.[labelKey] || live.metadata.annotations?.[TRACKING_ANNOTATION]) return;
  const id = desired.metadata.annotations?.[TRACKING_ANNOTATION];
  if (id !== undefined) live.metadata.annotations = { ...live.metadata.annotations, [TRACKING_ANNOTATION]: id };
  if (desired.metadata.labels?.[labelKey]) return;
  for (const side of [live, predicted]) dropLabel(side, labelKey);
};

const dropLabel = ({ metadata }: KubernetesObject, label: string): void => {
  if (!metadata.labels) return;
  delete metadata.labels[label];
  if (Object.keys(metadata.labels).length === 0) delete metadata.labels;
};
