import { isFields } from '../sources/objects.ts';

const LABEL = 'argocd.argoproj.io/secret-type';

/** What to do instead of one of Argo CD's cluster Secrets among the fleet's documents; undefined for any other document. */
export const argoSecretAdvice = (value: unknown): string | undefined => {
  if (!isFields(value) || value['kind'] !== 'Secret' || !isFields(value['metadata'])) return undefined;
  const { labels } = value['metadata'];
  if (!isFields(labels) || labels[LABEL] !== 'cluster') return undefined;
  return "Argo CD's cluster Secret is not read from Git: clusters are those of spec.clusters and spec.clustersFrom in the fleet file";
};
