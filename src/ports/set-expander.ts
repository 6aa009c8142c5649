import type { ApplicationSet } from '../domain/fleet/applicationset/application-set.ts';
import type { Expansion } from '../domain/fleet/applicationset/expand.ts';
import type { GeneratorInputs } from '../domain/fleet/applicationset/generator-inputs.ts';
import type { ManifestsBefore } from '../domain/fleet/applicationset/kept-by-jq.ts';

/**
 * Expands ApplicationSets where whatever their templates do harms nobody. A set that fails is a result, not an error.
 * Errors: AppError `sandbox-unavailable` (transient), `sandbox-refused` (permanent).
 */
export interface SetExpander {
  /** `before`: its Applications as they were, for what jq expressions of the set keep of them. */
  expand(set: ApplicationSet, inputs: GeneratorInputs, before?: ManifestsBefore): Promise<Expansion>;
}
