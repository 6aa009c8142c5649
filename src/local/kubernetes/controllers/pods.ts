import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { nodeName } from '../bootstrap.ts';
import type { Json } from '../json.ts';
import { at, clone, listOf, recordOf, textOf } from '../json.ts';
import type { WriteDeps } from '../writes/deps.ts';
import { timeText } from '../writes/deps.ts';
import { conditionsOf } from './conditions.ts';
import { controlledBy, makeObject, writeStatus } from './controller-writes.ts';

export type PodEnd = 'running' | 'succeeded' | 'failed' | 'crashing';

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Text of a length that Kubernetes' names use (no vowels), by what it stands for. */
export const shortHash = (value: unknown, length: number): string => {
  const digest = createHash('sha256').update(JSON.stringify(value)).digest();
  return [...digest.subarray(0, length)].map((byte) => alphabet[byte % alphabet.length]).join('');
};

const address = (seed: string): string => {
  const [a = 0, b = 0] = createHash('sha256').update(seed).digest();
  return `10.244.${a}.${1 + (b % 254)}`;
};

const containerState = (end: PodEnd, now: string): Json => {
  if (end === 'running') return { running: { startedAt: now } };
  if (end === 'crashing') {
    return { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' } };
  }
  const exitCode = end === 'succeeded' ? 0 : 1;
  const reason = end === 'succeeded' ? 'Completed' : 'Error';
  return { terminated: { exitCode, reason, startedAt: now, finishedAt: now } };
};

const phases: Readonly<Record<PodEnd, string>> = {
  running: 'Running',
  crashing: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
};

/** The status of a pod that has come to an end or runs. */
export const podStatus = (pod: KubernetesObject, end: PodEnd, milliseconds: number): Json => {
  const now = timeText(milliseconds);
  const isReady = end === 'running';
  const unready = end === 'succeeded' ? { reason: 'PodCompleted' } : { reason: 'ContainersNotReady' };
  const ready = (type: string) =>
    isReady ? ({ type, status: 'True' } as const) : ({ type, status: 'False', ...unready } as const);
  const always = (type: string) => ({ type, status: 'True' }) as const;
  const conditions = [always('Initialized'), ready('Ready'), ready('ContainersReady'), always('PodScheduled')];
  const ip = address(`${pod.metadata.namespace}/${pod.metadata.name}`);
  return {
    phase: phases[end],
    conditions: conditionsOf(pod, now, conditions),
    hostIP: '192.0.2.1',
    podIP: ip,
    podIPs: [{ ip }],
    startTime: at(pod, 'status.startTime') ?? now,
    qosClass: 'BestEffort',
    containerStatuses: listOf(at(pod, 'spec.containers')).map((container) => ({
      name: textOf(recordOf(container).name),
      image: textOf(recordOf(container).image),
      imageID: '',
      ready: isReady,
      started: isReady,
      restartCount: end === 'crashing' ? 3 : 0,
      state: containerState(end, now),
      lastState: {},
    })),
  };
};

const podOf = (deps: WriteDeps, owner: KubernetesObject, name: string, template: unknown, end: PodEnd): Json => {
  const { metadata, spec } = recordOf(clone(template));
  const { labels, annotations } = recordOf(metadata);
  const { namespace } = owner.metadata;
  const pod: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
    },
    spec: { ...recordOf(spec), nodeName },
  };
  const status = podStatus(pod, end, deps.clock());
  return { ...pod, metadata: { ...pod.metadata, labels, annotations, ownerReferences: [controlledBy(owner)] }, status };
};

/** More pods than this are not played: nobody looks at them. */
export const mostPods = 10;

/** The pods that an object controls. */
export const podsOf = (deps: WriteDeps, owner: KubernetesObject): KubernetesObject[] =>
  deps.store.controlledBy('/pods', owner.metadata.uid ?? '');

/** Makes the pods named, of the owner's template, and takes all its others away. */
export const playPods = (
  deps: WriteDeps,
  owner: KubernetesObject,
  names: readonly string[],
  end: PodEnd,
  templateOf: (pod: string) => unknown = () => at(owner, 'spec.template'),
): void => {
  const { namespace = '' } = owner.metadata;
  const wanted = names.slice(0, mostPods);
  for (const pod of podsOf(deps, owner)) {
    if (pod.metadata.deletionTimestamp) continue;
    if (!wanted.includes(pod.metadata.name ?? '')) deps.store.remove('/pods', pod);
    else if (!isAtEnd(pod, end)) writeStatus(deps, '/pods', pod, podStatus(pod, end, deps.clock()));
  }
  for (const name of wanted) makeObject(deps, '/pods', podOf(deps, owner, name, templateOf(name), end), namespace);
};

/** True for a pod whose status says this end already. */
const isAtEnd = (pod: KubernetesObject, end: PodEnd): boolean => {
  const [first] = listOf(at(pod, 'status.containerStatuses'));
  const crashing = at(first, 'state.waiting') !== undefined;
  return at(pod, 'status.phase') === phases[end] && crashing === (end === 'crashing');
};

/** Takes an owner's pods away, so that they are made anew of a changed template. */
export const removePods = (deps: WriteDeps, owner: KubernetesObject): void => {
  for (const pod of podsOf(deps, owner)) deps.store.remove('/pods', pod);
};
