import type { ApplicationSource } from '../fleet/application.ts';
import type { SourceSettings } from '../settings/argo-settings.ts';
import { buildEnvironment, isRevisionVariable, substitute } from './build-environment.ts';
import type { SourceWarning } from './inspection.ts';
import type { ClusterFacts } from './render-key.ts';
import type { OtherTrees } from './trace.ts';
import { note, type Trace } from './trace.ts';

/** Everything that one pass over a source works with. */
export interface SourceContext {
  source: ApplicationSource;
  application: { name: string; namespace: string; project: string; destinationNamespace: string };
  revision: string;
  trace: Trace;
  refs: ReadonlyMap<string, Trace>;
  others: OtherTrees;
  clusterFacts?: ClusterFacts;
  valuesFileSchemes: readonly string[];
  /** Tools that Argo CD's settings turn off. */
  disabled: NonNullable<SourceSettings['disabled']>;
  warnings: SourceWarning[];
  /** Build-environment variables that the source really uses. */
  used: Set<string>;
}

/** The build environment of a context's source. */
export const environmentOf = (context: SourceContext): Record<string, string> => buildEnvironment(context);

/** Replaces build-environment variables in a field of the source, and remembers which were used. */
export const expand = (context: SourceContext, text: string): string => {
  const { text: replaced, used } = substitute(text, environmentOf(context));
  for (const name of used) use(context, name);
  return replaced;
};

/** Remembers that a variable is used; one that names the commit makes the commit an input. */
const use = (context: SourceContext, variable: string): void => {
  context.used.add(variable);
  if (isRevisionVariable(variable)) note(context.trace, ['commit', context.revision]);
};

/** Whether a variable that names the commit was used so far. */
export const usesRevision = (context: SourceContext): boolean => [...context.used].some(isRevisionVariable);
