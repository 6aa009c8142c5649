import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { Json } from '../json.ts';
import { at, listOf, recordOf, textOf } from '../json.ts';
import type { WriteDeps } from '../writes/deps.ts';
import { timeText } from '../writes/deps.ts';
import { shallFail } from './annotations.ts';
import type { Condition } from './conditions.ts';
import { conditionsOf } from './conditions.ts';
import { writeAsController, writeStatus } from './controller-writes.ts';

/** An address of the documentation's network (RFC 5737): nothing answers there. */
const publicAddress = ({ metadata }: KubernetesObject): Json => {
  const [byte = 0] = createHash('sha256').update(`${metadata.namespace}/${metadata.name}`).digest();
  return { ip: `192.0.2.${2 + (byte % 250)}` };
};

/** A claim is bound to a volume that is not there, as nothing mounts it. */
export const settleClaim = (deps: WriteDeps, object: KubernetesObject): void => {
  if (shallFail(object)) return;
  const spec = { ...recordOf(object.spec), volumeName: at(object, 'spec.volumeName') ?? `pvc-${object.metadata.uid}` };
  const accessModes = at(object, 'spec.accessModes');
  const capacity = at(object, 'spec.resources.requests');
  const status = { phase: 'Bound', accessModes, ...(capacity === undefined ? {} : { capacity }) };
  writeAsController(deps, '/persistentvolumeclaims', object, { ...object, spec, status });
};

/** The status of a Service: a load balancer gets an address. */
export const settleService = (deps: WriteDeps, object: KubernetesObject): void => {
  const isPublic = at(object, 'spec.type') === 'LoadBalancer' && !shallFail(object);
  const loadBalancer = isPublic ? { ingress: [{ ...publicAddress(object), ipMode: 'VIP' }] } : {};
  writeStatus(deps, '/services', object, { ...recordOf(object.status), loadBalancer });
};

/** The status of an Ingress: it gets an address. */
export const settleIngress = (deps: WriteDeps, object: KubernetesObject): void => {
  const loadBalancer = shallFail(object) ? {} : { ingress: [publicAddress(object)] };
  writeStatus(deps, 'networking.k8s.io/ingresses', object, { loadBalancer });
};

/** The status of an APIService: available. */
export const settleApiService = (deps: WriteDeps, object: KubernetesObject): void => {
  const available: Condition = shallFail(object)
    ? {
        type: 'Available',
        status: 'False',
        reason: 'FailedDiscoveryCheck',
        message: 'failing or missing response: no endpoints available',
      }
    : { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' };
  const conditions = conditionsOf(object, timeText(deps.clock()), [available]);
  writeStatus(deps, 'apiregistration.k8s.io/apiservices', object, { conditions });
};

const targets: Readonly<Record<string, string>> = {
  Deployment: 'apps/deployments',
  StatefulSet: 'apps/statefulsets',
  ReplicaSet: 'apps/replicasets',
};

/** The status of a HorizontalPodAutoscaler: it can scale, and has. */
export const settleAutoscaler = (deps: WriteDeps, object: KubernetesObject): void => {
  const failing = shallFail(object);
  const storage = targets[textOf(at(object, 'spec.scaleTargetRef.kind'))] ?? '';
  const name = textOf(at(object, 'spec.scaleTargetRef.name'));
  const target = deps.store.get(storage, object.metadata.namespace ?? '', name);
  const replicas = at(target, 'spec.replicas') ?? at(object, 'spec.minReplicas') ?? 1;
  const able: Condition = failing
    ? {
        type: 'AbleToScale',
        status: 'False',
        reason: 'FailedGetScale',
        message: "the HPA controller was unable to get the target's current scale",
      }
    : {
        type: 'AbleToScale',
        status: 'True',
        reason: 'ReadyForNewScale',
        message: 'recommended size matches current size',
      };
  const active: Condition = {
    type: 'ScalingActive',
    status: 'True',
    reason: 'ValidMetricFound',
    message: 'the HPA was able to successfully calculate a replica count',
  };
  const limited: Condition = {
    type: 'ScalingLimited',
    status: 'False',
    reason: 'DesiredWithinRange',
    message: 'the desired count is within the acceptable range',
  };
  const conditions = conditionsOf(object, timeText(deps.clock()), failing ? [able] : [able, active, limited]);
  const shown = object.apiVersion === 'autoscaling/v1' ? {} : { conditions };
  writeStatus(deps, 'autoscaling/horizontalpodautoscalers', object, {
    currentReplicas: replicas,
    desiredReplicas: replicas,
    ...shown,
  });
};

/** The status of a PodDisruptionBudget: nothing is disrupted. */
export const settleDisruptionBudget = (deps: WriteDeps, object: KubernetesObject): void => {
  const allowed: Condition = { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '' };
  writeStatus(deps, 'policy/poddisruptionbudgets', object, {
    observedGeneration: object.metadata.generation,
    disruptionsAllowed: 1,
    currentHealthy: 1,
    desiredHealthy: 0,
    expectedPods: 1,
    conditions: conditionsOf(object, timeText(deps.clock()), [allowed]),
  });
};

/** A definition is served as soon as it is stored; this says so. */
export const settleDefinition = (deps: WriteDeps, object: KubernetesObject): void => {
  const conditions: Condition[] = [
    { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
    {
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    },
  ];
  const stored = listOf(at(object, 'spec.versions'))
    .map(recordOf)
    .filter(({ storage }) => storage === true)
    .map(({ name }) => name);
  writeStatus(deps, 'apiextensions.k8s.io/customresourcedefinitions', object, {
    conditions: conditionsOf(object, timeText(deps.clock()), conditions),
    acceptedNames: at(object, 'spec.names'),
    storedVersions: [...new Set([...listOf(at(object, 'status.storedVersions')), ...stored])],
  });
};
