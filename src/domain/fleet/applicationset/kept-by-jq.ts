import type { DeleteJqPaths } from '../../diff/ignore-rules.ts';
import { respectIgnored } from '../../diff/respect-ignored.ts';
import { AppError } from '../../errors.ts';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import type { ApplicationSet } from './application-set.ts';
import type { Expansion } from './expand.ts';
import type { GeneratorRead } from './generator-inputs.ts';
import { asObject, inFormOf, isFor } from './kept-fields.ts';

/** Applications as they were, as manifests (sources as a list), by name. */
export type ManifestsBefore = Readonly<Record<string, KubernetesObject>>;

type KeepingSet = Pick<ApplicationSet, 'ignoreApplicationDifferences'>;

/** One jq expression of a set: where it stands in the document, and whom it is about. */
interface Expression {
  field: string;
  text: string;
  application: string | undefined;
}

/** Whether a set leaves fields alone that jq expressions select. */
export const keepsByJq = (set: KeepingSet): boolean => expressionsOf(set).length > 0;

const expressionsOf = ({ ignoreApplicationDifferences = [] }: KeepingSet): Expression[] =>
  ignoreApplicationDifferences.flatMap(({ name, jqPathExpressions = [] }, entry) =>
    jqPathExpressions.map((text, index) => ({
      field: `spec.ignoreApplicationDifferences.${entry}.jqPathExpressions.${index}`,
      text,
      application: name,
    })),
  );

/**
 * What a set comes to, with whatever the `jqPathExpressions` of its `ignoreApplicationDifferences` select as it was before.
 * An expression that is no jq, or takes too long, is the set's failure, named by its field; so it is before there is
 * anything to keep. Source: Argo CD docs, ApplicationSet, Ignore certain changes to Applications.
 */
export const withKeptByJq = async (
  expansion: Expansion,
  { set, before, deleteJqPaths }: { set: KeepingSet; before: ManifestsBefore; deleteJqPaths: DeleteJqPaths },
): Promise<Expansion> => {
  if (!('manifests' in expansion)) return expansion;
  const expressions = expressionsOf(set);
  const { reads } = expansion;
  const [fault] = await jqFaults(set, deleteJqPaths);
  if (fault) return failed(fault, reads);
  const manifests: Record<string, unknown>[] = [];
  for (const made of expansion.manifests) {
    const name = nameOf(made);
    const live = before[name];
    const own = expressions.filter(({ application }) => isFor(application, name));
    const kept = live ? await keep(asObject(made), inFormOf(live, made), own, deleteJqPaths) : made;
    if (isFault(kept)) return failed(kept, reads);
    manifests.push(kept);
  }
  return { reads, manifests };
};

/** What is wrong with an expression. */
interface JqFault {
  field: string;
  message: string;
}

const isFault = (value: KubernetesObject | JqFault | Record<string, unknown>): value is JqFault =>
  !('metadata' in value);

const failed = ({ field, message }: JqFault, reads: GeneratorRead[]): Expansion => ({
  error: `${field}: ${message}`,
  reads,
});

/** The expressions of a set that are no jq, or never end, each with its field. */
export const jqFaults = async (set: KeepingSet, deleteJqPaths: DeleteJqPaths): Promise<JqFault[]> => {
  const empty = asObject({});
  const faults: JqFault[] = [];
  for (const expression of expressionsOf(set)) {
    const result = await without(empty, [expression], deleteJqPaths);
    if (isFault(result)) faults.push(result);
  }
  return faults;
};

/** Why an expression is no jq, or never ends; undefined: it is right. */
export const jqFault = async (expression: string, deleteJqPaths: DeleteJqPaths): Promise<string | undefined> => {
  const result = await without(asObject({}), [{ application: undefined, field: '', text: expression }], deleteJqPaths);
  return isFault(result) ? result.message : undefined;
};

const keep = async (
  made: KubernetesObject,
  live: KubernetesObject,
  expressions: readonly Expression[],
  deleteJqPaths: DeleteJqPaths,
): Promise<KubernetesObject | JqFault> => {
  const [target, compared] = [
    await without(made, expressions, deleteJqPaths),
    await without(live, expressions, deleteJqPaths),
  ];
  if (isFault(target)) return target;
  return isFault(compared) ? compared : respectIgnored(target, live, compared);
};

/** The object without what the expressions select, or what is wrong with one of them. */
const without = async (
  object: KubernetesObject,
  expressions: readonly Expression[],
  deleteJqPaths: DeleteJqPaths,
): Promise<KubernetesObject | JqFault> => {
  let left = object;
  for (const { field, text } of expressions) {
    try {
      left = await deleteJqPaths(left, [text]);
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'permanent') throw error;
      return { field, message: error.message };
    }
  }
  return left;
};

const nameOf = ({ metadata }: Record<string, unknown>): string =>
  typeof metadata === 'object' && metadata !== null && 'name' in metadata ? String(metadata.name) : '';
