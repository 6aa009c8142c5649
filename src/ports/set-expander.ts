import type { ApplicationSet } from '../domain/fleet/applicationset/application-set.ts';
import type { Expansion } from '../domain/fleet/applicationset/expand.ts';
import type { GeneratorInputs } from '../domain/fleet/applicationset/generator-inputs.ts';

/**
 * Expands ApplicationSets where whatever their templates do harms nobody. A set that fails is a result, not an error.
 * Errors: AppError `sandbox-unavailable` (transient), `sandbox-refused` (permanent).
 */
export interface SetExpander {
  expand(set: ApplicationSet, inputs: GeneratorInputs): Promise<Expansion>;
}
