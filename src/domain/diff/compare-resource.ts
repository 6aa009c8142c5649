import { type KubernetesObject, parseApiVersion } from '../kubernetes-object.ts';
import type { ArgoSettings, IgnoreRules } from '../settings/argo-settings.ts';
import { readCompareOptions } from './compare-options.ts';
import { type Difference, differencesOf } from './differences.ts';
import { withoutForeignChanges } from './foreign-changes.ts';
import { hideSecrets } from './hide-secrets.ts';
import { type DeleteJqPaths, withoutIgnored } from './ignore-rules.ts';
import { normalize } from './normalize.ts';
import { predict } from './predict.ts';
import { forgetTrackingChange } from './tracking.ts';
import { withoutTrusted } from './trusted-managers.ts';

export type SyncStatus = 'Synced' | 'OutOfSync';

/** How one resource stands: its status, and where it differs (a Secret's values masked). */
export interface Comparison {
  status: SyncStatus;
  differences: Difference[];
  /** The two objects as they were compared, masked; a side that is not there is undefined. */
  sides: Sides;
}

export interface CompareInput {
  /** As rendered, with namespace, tracking and labels set; absent: no source has it any more. */
  desired?: KubernetesObject;
  /** As read from the cluster; absent: it is not there. */
  live?: KubernetesObject;
  /** What a server-side apply of `desired` answered in a dry run; absent: it is estimated (`predict`). */
  predicted?: KubernetesObject;
  /** From `ignoreRulesFor`. */
  ignore?: IgnoreRules;
  settings: Pick<ArgoSettings, 'compareOptions' | 'instanceLabelKey' | 'sensitiveAnnotations'>;
  /** Our field manager in the dry run (`argocd-controller`). */
  fieldManager: string;
  /** `IncludeMutationWebhook=true` on the application. */
  includeMutationWebhook?: boolean;
  deleteJqPaths: DeleteJqPaths;
}

/**
 * Compares one resource. In the cluster but in no source: OutOfSync, unless its compare-options say IgnoreExtraneous.
 * Wanted but not there: OutOfSync. Both: what applying would change, leaving out what the rules ignore, what others
 * would change along with it, and what only the server writes.
 * Errors: AppError `jq-invalid`, `jq-timeout` (permanent).
 */
export const compareResource = async (input: CompareInput): Promise<Comparison> => {
  const { desired, live, settings } = input;
  if (!live) return desired ? whole(mask({ desired, live: undefined }, settings)) : SYNCED;
  if (!desired) {
    if (readCompareOptions(live.metadata.annotations).ignoreExtraneous) return SYNCED;
    return whole(mask({ desired: undefined, live }, settings));
  }
  const sides = await comparable(input, desired, live);
  const shown = mask({ desired: sides.predicted, live: sides.live }, settings);
  const differences = differencesOf(shown.desired, shown.live);
  return { status: differences.length === 0 ? 'Synced' : 'OutOfSync', differences, sides: shown };
};

const SYNCED: Comparison = { status: 'Synced', differences: [], sides: { desired: undefined, live: undefined } };

const whole = (sides: Sides): Comparison => ({
  status: 'OutOfSync',
  differences: [{ path: '', ...sides }],
  sides,
});

/** One object as it would be and as it is. */
export interface Sides {
  desired: KubernetesObject | undefined;
  live: KubernetesObject | undefined;
}

/** Equal values get equal masks, so masking hides no difference. */
const mask = (sides: Sides, { sensitiveAnnotations }: CompareInput['settings']): Sides => {
  const object = sides.desired ?? sides.live;
  const isSecret = object?.kind === 'Secret' && parseApiVersion(object.apiVersion).group === '';
  return isSecret ? hideSecrets(sides, sensitiveAnnotations) : sides;
};

/** The two objects of which every difference counts. */
export const comparable = async (
  input: Omit<CompareInput, 'desired' | 'live'>,
  desired: KubernetesObject,
  live: KubernetesObject,
): Promise<{ predicted: KubernetesObject; live: KubernetesObject }> => {
  const { ignore, settings, deleteJqPaths } = input;
  const options = settings.compareOptions;
  const trusted = withoutTrusted(live, predictionOf(input, desired, live), ignore?.managedFieldsManagers ?? []);
  const sides = {
    desired: normalize(desired, options),
    live: normalize(trusted.live, options),
    predicted: normalize(trusted.desired, options),
  };
  forgetTrackingChange(sides, settings.instanceLabelKey);
  if (!ignore) return sides;
  return {
    predicted: await withoutIgnored(sides.predicted, ignore, deleteJqPaths),
    live: await withoutIgnored(sides.live, ignore, deleteJqPaths),
  };
};

const predictionOf = (
  { predicted, fieldManager, includeMutationWebhook }: Omit<CompareInput, 'desired' | 'live'>,
  desired: KubernetesObject,
  live: KubernetesObject,
): KubernetesObject => {
  if (!predicted) return predictFrom(desired, live, fieldManager);
  return includeMutationWebhook ? predicted : withoutForeignChanges(live, predicted, fieldManager);
};

/** Normalised first, as stringData and empty lists would else look like changes. */
const predictFrom = (desired: KubernetesObject, live: KubernetesObject, manager: string): KubernetesObject => {
  const kept = { ignoreAggregatedRoles: false, ignoreResourceStatusField: 'none' } as const;
  const { metadata, ...content } = normalize(desired, kept);
  return predict({ ...content, apiVersion: desired.apiVersion, kind: desired.kind, metadata }, live, manager);
};
