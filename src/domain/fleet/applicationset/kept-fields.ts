import { withoutPointers } from '../../diff/ignore-rules.ts';
import { respectIgnored } from '../../diff/respect-ignored.ts';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import type { Application } from '../application.ts';
import type { ApplicationSet } from './application-set.ts';

type KeepingSet = Pick<ApplicationSet, 'preservedFields' | 'ignoreApplicationDifferences'>;

/**
 * An Application (a manifest) as its set makes it, with what the set leaves alone as it was before: annotations and labels
 * of `preservedFields` that it had, and whatever `ignoreApplicationDifferences` names (also that it was not there). New ones
 * are as they are made. Source: Argo CD docs, ApplicationSet, Controlling Resource Modification.
 */
export const withKeptFields = (
  made: Record<string, unknown>,
  before: Application | undefined,
  set: KeepingSet,
): Record<string, unknown> => {
  if (!before) return made;
  const ignored = (set.ignoreApplicationDifferences ?? []).flatMap(({ name, jsonPointers }) =>
    name === undefined || name === '' || name === before.name ? (jsonPointers ?? []) : [],
  );
  const pointers = [...ignored, ...preservedPointers(before, set)];
  if (pointers.length === 0) return made;
  const live = manifestOf(before, made);
  return respectIgnored(withoutPointers(asObject(made), ignored), live, withoutPointers(live, pointers));
};

const preservedPointers = ({ annotations, labels }: Application, { preservedFields = {} }: KeepingSet): string[] =>
  (
    [
      ['annotations', annotations],
      ['labels', labels],
    ] as const
  ).flatMap(([field, known]) =>
    (preservedFields[field] ?? []).filter((key) => key in known).map((key) => `/metadata/${field}/${escaped(key)}`),
  );

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const asObject = (manifest: Record<string, unknown>): KubernetesObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: {},
  ...manifest,
});

/** The manifest that an Application was read from, with `source` or `sources`, whichever the other one has. */
const manifestOf = (application: Application, like: Record<string, unknown>): KubernetesObject => {
  const { name, namespace, labels, annotations, finalizers, project, sources, destination, syncPolicy } = application;
  const { ignoreDifferences, revisionHistoryLimit } = application;
  const isSingle = typeof like['spec'] === 'object' && like['spec'] !== null && 'source' in like['spec'];
  const from = isSingle && sources.length === 1 ? { source: sources[0] } : { sources };
  const spec = { project, ...from, destination, syncPolicy, ignoreDifferences, revisionHistoryLimit };
  return asObject({ metadata: { name, namespace, labels, annotations, finalizers }, spec });
};
