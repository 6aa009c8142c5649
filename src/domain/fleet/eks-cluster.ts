import type { ClusterConfig, ClusterSource } from './fleet-file.ts';

/** A cluster's name in the fleet, where it is to be another than EKS' own. */
const NAME_TAG = 'towline.dev/name';

/** What Kubernetes takes as a label: a name, with a prefix or not, and a value of at most 63 characters. */
const LABEL_KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

/**
 * A cluster of the fleet out of one of EKS': its tags are its annotations, and its labels as far as Kubernetes takes them as
 * such. Towline reaches it as the role that found it.
 */
export const clusterFromEks = (
  { name, endpoint, tags }: { name: string; endpoint: string; tags: Readonly<Record<string, string>> },
  { region, roleARN }: ClusterSource & { type: 'eks' },
): ClusterConfig => ({
  name: tags[NAME_TAG] || name,
  server: endpoint,
  labels: Object.fromEntries(
    Object.entries(tags).filter(([key, value]) => LABEL_KEY.test(key) && LABEL_VALUE.test(value)),
  ),
  annotations: { ...tags },
  access: { type: 'eks', name, region, ...(roleARN ? { roleARN } : {}) },
});
