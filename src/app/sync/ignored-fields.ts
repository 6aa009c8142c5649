import { ignoreRulesFor, withoutIgnored } from '../../domain/diff/ignore-rules.ts';
import { respectIgnored } from '../../domain/diff/respect-ignored.ts';
import { withoutTrusted } from '../../domain/diff/trusted-managers.ts';
import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { IgnoreRules } from '../../domain/settings/argo-settings.ts';
import type { StepInput, Target } from '../../domain/sync/sync-operation.ts';
import { applicationOptions } from '../../domain/sync/sync-options.ts';
import type { SyncDeps } from './deps.ts';
import type { Look } from './look.ts';

type Live = ReadonlyMap<string, KubernetesObject | undefined>;

/** What RespectIgnoreDifferences needs of the objects that were seen, ready for the engine, which is synchronous. */
export interface IgnoredFields {
  /** Reads the rules on what was seen since the last call. Errors: AppError `jq-invalid`, `jq-timeout` (permanent). */
  see(live: Live): Promise<void>;
  merge: NonNullable<StepInput['withIgnoredFields']>;
}

/** Undefined where the Application does not ask for it, or nothing of its targets is ignored. */
export const ignoredFields = (
  { deleteJqPaths }: Pick<SyncDeps, 'deleteJqPaths'>,
  { row: { spec }, settings }: Pick<Look, 'row' | 'settings'>,
  targets: readonly Target[],
): IgnoredFields | undefined => {
  if (!applicationOptions(spec).respectIgnoreDifferences) return undefined;
  const ruled = targets.flatMap(({ key, ref, object }): [string, IgnoreRules, KubernetesObject][] => {
    const rules = ignoreRulesFor(ref, spec.ignoreDifferences, settings.resourceOverrides);
    return rules ? [[key, rules, object]] : [];
  });
  if (ruled.length === 0) return undefined;
  const compared = new WeakMap<KubernetesObject, KubernetesObject>();
  return {
    see: async (live) => {
      for (const [key, rules, target] of ruled) {
        const seen = live.get(key);
        if (!seen || compared.has(seen)) continue;
        const trusted = withoutTrusted(seen, target, rules.managedFieldsManagers).live;
        compared.set(seen, await withoutIgnored(trusted, rules, deleteJqPaths));
      }
    },
    merge: (target, live) => {
      const left = compared.get(live);
      return left ? respectIgnored(target, live, left) : target;
    },
  };
};
