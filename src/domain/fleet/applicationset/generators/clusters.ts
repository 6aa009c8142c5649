import type { ClusterGenerator, LabelSelector, Params } from '../application-set.ts';
import { type GeneratorContext, noteRead, withValues } from '../context.ts';
import { type GeneratorCluster, isInputError } from '../generator-inputs.ts';
import { normalizeName } from '../go-text.ts';
import { isNarrow, matchesSelector } from '../label-selector.ts';
import { setError } from '../render.ts';

/** The registered clusters that the selector finds; the implied one only where there is no selector. */
export const generateClusters = (generator: ClusterGenerator, context: GeneratorContext): Params[] => {
  const { clusters } = context.inputs;
  if (isInputError(clusters)) throw setError(`error getting cluster secrets: ${clusters.error}`);
  const { selector = {}, values, flatList } = generator;
  noteRead(context, { type: 'clusters', selector });
  const params = selectClusters(selector, clusters).map((one) =>
    withValues(paramsOf(one, context.set.goTemplate), values, context),
  );
  return flatList ? [{ clusters: params }] : params;
};

/** The clusters that a selector finds, in the order in which they are generated. */
export const selectClusters = (selector: LabelSelector, clusters: readonly GeneratorCluster[]): GeneratorCluster[] =>
  clusters
    .filter((one) => (one.implied ? !isNarrow(selector) : matchesSelector(selector, one.labels)))
    .toSorted(byName);

/** The implied cluster first, then by name: the order shows in a flat list. */
const byName = (a: GeneratorCluster, b: GeneratorCluster): number =>
  Number(b.implied ?? false) - Number(a.implied ?? false) || (a.name < b.name ? -1 : 1);

const paramsOf = (cluster: GeneratorCluster, goTemplate: boolean): Params => {
  const { name, server, labels, annotations } = cluster;
  const own = { name, nameNormalized: normalizeName(name), server, project: cluster.project ?? '' };
  if (cluster.implied) return own;
  if (goTemplate) return { ...own, ...metadataOf({ labels, annotations }) };
  const flat = (kind: string, map: Record<string, string>) =>
    Object.entries(map).map(([key, value]) => [`metadata.${kind}.${key}`, value] as const);
  return { ...own, ...Object.fromEntries([...flat('annotations', annotations), ...flat('labels', labels)]) };
};

/** Only what there is: a template may ask whether there is any. */
const metadataOf = (maps: Record<string, Record<string, string>>): Params => {
  const given = Object.entries(maps).filter(([, map]) => Object.keys(map).length > 0);
  return given.length === 0 ? {} : { metadata: Object.fromEntries(given) };
};
