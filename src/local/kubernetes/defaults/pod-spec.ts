import type { Json } from '../json.ts';
import { fill, isRecord, listOf, recordOf, textOf } from '../json.ts';

/** Always for `latest` and no tag, else IfNotPresent: the API server's rule. */
const pullPolicy = (image: string): string => {
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
};

const defaultProbe = (probe: unknown): void => {
  if (!isRecord(probe)) return;
  fill(probe, 'timeoutSeconds', 1);
  fill(probe, 'periodSeconds', 10);
  fill(probe, 'successThreshold', 1);
  fill(probe, 'failureThreshold', 3);
  if (isRecord(probe.grpc)) fill(probe.grpc, 'service', '');
  defaultHandler(probe);
};

const defaultHandler = (handler: Json): void => {
  if (!isRecord(handler.httpGet)) return;
  fill(handler.httpGet, 'path', '/');
  fill(handler.httpGet, 'scheme', 'HTTP');
};

const defaultFieldRef = (source: unknown): void => {
  const { fieldRef } = recordOf(source);
  if (isRecord(fieldRef)) fill(fieldRef, 'apiVersion', 'v1');
  const { resourceFieldRef } = recordOf(source);
  if (isRecord(resourceFieldRef)) fill(resourceFieldRef, 'divisor', '0');
};

const defaultContainer = (container: Json): void => {
  for (const port of listOf(container.ports).filter(isRecord)) fill(port, 'protocol', 'TCP');
  fill(container, 'resources', {});
  fill(container, 'terminationMessagePath', '/dev/termination-log');
  fill(container, 'terminationMessagePolicy', 'File');
  fill(container, 'imagePullPolicy', pullPolicy(textOf(container.image)));
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) defaultProbe(probe);
  for (const handler of Object.values(recordOf(container.lifecycle))) if (isRecord(handler)) defaultHandler(handler);
  for (const variable of listOf(container.env).filter(isRecord)) defaultFieldRef(variable.valueFrom);
};

const volumeModes: readonly [string, string][] = [
  ['secret', 'defaultMode'],
  ['configMap', 'defaultMode'],
  ['downwardAPI', 'defaultMode'],
  ['projected', 'defaultMode'],
];

const defaultVolume = (volume: Json): void => {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) volume.emptyDir = {};
  for (const [source, mode] of volumeModes) {
    const value = volume[source];
    if (isRecord(value)) fill(value, mode, 0o644);
  }
  if (isRecord(volume.hostPath)) fill(volume.hostPath, 'type', '');
  for (const item of listOf(recordOf(volume.downwardAPI).items)) defaultFieldRef(item);
  for (const source of listOf(recordOf(volume.projected).sources).filter(isRecord)) {
    if (isRecord(source.serviceAccountToken)) fill(source.serviceAccountToken, 'expirationSeconds', 3600);
    for (const item of listOf(recordOf(source.downwardAPI).items)) defaultFieldRef(item);
  }
};

/** Fills in what the API server does in a pod's spec, in place. */
export const defaultPodSpec = (spec: Json): void => {
  fill(spec, 'restartPolicy', 'Always');
  fill(spec, 'terminationGracePeriodSeconds', 30);
  fill(spec, 'dnsPolicy', 'ClusterFirst');
  fill(spec, 'securityContext', {});
  fill(spec, 'schedulerName', 'default-scheduler');
  // The old name of the same field: the API server answers with both.
  if (textOf(spec.serviceAccountName)) spec.serviceAccount = spec.serviceAccountName;
  else if (textOf(spec.serviceAccount)) spec.serviceAccountName = spec.serviceAccount;
  for (const field of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of listOf(spec[field]).filter(isRecord)) defaultContainer(container);
  }
  for (const volume of listOf(spec.volumes).filter(isRecord)) defaultVolume(volume);
};

/** The same in a pod template. */
export const defaultPodTemplate = (owner: Json): void => {
  if (!isRecord(owner.template)) return;
  fill(owner.template, 'metadata', {});
  if (isRecord(owner.template.spec)) defaultPodSpec(owner.template.spec);
};
