import { withoutPointers } from '../../diff/ignore-rules.ts';
import { respectIgnored } from '../../diff/respect-ignored.ts';
import { isRecord } from '../../health/fields.ts';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import type { Application } from '../application.ts';
import type { ApplicationSet } from './application-set.ts';

type KeepingSet = Pick<ApplicationSet, 'preservedFields' | 'ignoreApplicationDifferences'>;

/**
 * An Application (a manifest) as its set makes it, with what the set leaves alone as it was before: annotations and labels
 * of `preservedFields` that it had, and whatever the `jsonPointers` of `ignoreApplicationDifferences` name (also that it was
 * not there; its jq expressions: kept-by-jq.ts). New ones are as they are made. Source: Argo CD docs, ApplicationSet,
 * Controlling Resource Modification.
 */
export const withKeptFields = (
  made: Record<string, unknown>,
  before: Application | undefined,
  set: KeepingSet,
): Record<string, unknown> => {
  if (!before) return made;
  const ignored = (set.ignoreApplicationDifferences ?? []).flatMap(({ name, jsonPointers }) =>
    isFor(name, before.name) ? (jsonPointers ?? []) : [],
  );
  const pointers = [...ignored, ...preservedPointers(before, set)];
  if (pointers.length === 0) return made;
  const live = inFormOf(manifestOf(before), made);
  return respectIgnored(withoutPointers(asObject(made), ignored), live, withoutPointers(live, pointers));
};

/** Whether an entry of `ignoreApplicationDifferences` is about an Application. */
export const isFor = (named: string | undefined, name: string): boolean =>
  named === undefined || named === '' || named === name;

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

/** A manifest that a set made, as an object. */
export const asObject = (manifest: Record<string, unknown>): KubernetesObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: {},
  ...manifest,
});

/** The manifest that an Application was read from, its sources as a list. */
export const manifestOf = (application: Application): KubernetesObject => {
  const { name, namespace, labels, annotations, finalizers, project, sources, destination, syncPolicy } = application;
  const { ignoreDifferences, revisionHistoryLimit } = application;
  const spec = { project, sources, destination, syncPolicy, ignoreDifferences, revisionHistoryLimit };
  return asObject({ metadata: { name, namespace, labels, annotations, finalizers }, spec });
};

/** Such a manifest with `source` or `sources`, whichever the other one has. */
export const inFormOf = (manifest: KubernetesObject, like: Record<string, unknown>): KubernetesObject => {
  const spec = manifest['spec'];
  if (!isRecord(spec) || !isRecord(like['spec']) || !('source' in like['spec'])) return manifest;
  const { sources, ...others } = spec;
  if (!Array.isArray(sources) || sources.length !== 1) return manifest;
  const [source]: unknown[] = sources;
  return { ...manifest, spec: { ...others, source } };
};
