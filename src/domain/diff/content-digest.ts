import type { KubernetesObject } from '../kubernetes-object.ts';
import type { ArgoSettings, IgnoreRules } from '../settings/argo-settings.ts';
import { stableDigest } from '../stable-digest.ts';
import { withoutPointers } from './ignore-rules.ts';
import { normalize } from './normalize.ts';

/**
 * Digest of a live object as far as a comparison looks at it: without what the server alone writes and without what JSON
 * pointers ignore. Equal digests of one object compare alike with the same desired object.
 */
export const contentDigest = (
  live: KubernetesObject,
  settings: Pick<ArgoSettings, 'compareOptions'>,
  ignore: Pick<IgnoreRules, 'jsonPointers'> | undefined,
): string => {
  const content = normalize(live, settings.compareOptions);
  return stableDigest(ignore ? withoutPointers(content, ignore.jsonPointers) : content).slice(0, 20);
};
