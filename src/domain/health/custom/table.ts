import { type KubernetesObject, parseApiVersion } from '../../kubernetes-object.ts';
import type { Health } from '../health-status.ts';
import { argoKinds } from './argo.ts';
import { cloudGroups, cloudKinds } from './cloud.ts';
import { databaseKinds } from './databases.ts';
import { elasticKinds } from './elastic.ts';
import { kruiseKinds } from './kruise.ts';
import { kubernetesKinds } from './kubernetes.ts';
import { machineKinds } from './machines.ts';
import { messagingKinds } from './messaging.ts';
import { networkGroups, networkKinds } from './network.ts';
import { observabilityGroups, observabilityKinds } from './observability.ts';
import { policyKinds } from './policy.ts';
import { promoterKinds } from './promoter.ts';
import type { Rule } from './rules.ts';
import { byStandardConditions } from './standard-conditions.ts';
import { storageKinds } from './storage.ts';

const TABLE: ReadonlyMap<string, Rule> = new Map(
  [
    kubernetesKinds,
    kruiseKinds,
    argoKinds,
    promoterKinds,
    cloudKinds,
    machineKinds,
    databaseKinds,
    elasticKinds,
    messagingKinds,
    networkKinds,
    storageKinds,
    policyKinds,
    observabilityKinds,
  ].flatMap((family) => Object.entries(family)),
);

/** Groups by exact name, or `*.` and a suffix. */
const GROUPS = [...cloudGroups, ...networkGroups, ...observabilityGroups];

const ofGroup = (group: string): Rule | undefined =>
  GROUPS.find(([pattern]) => (pattern.startsWith('*') ? group.endsWith(pattern.slice(1)) : group === pattern))?.[1];

/**
 * Groups of Kubernetes itself and Argo CD's own: their kinds have a rule or no health, so that a Lease or an AppProject
 * is never waited for.
 */
const hasNoStandard = (group: string): boolean =>
  !group.includes('.') || group.endsWith('.k8s.io') || group === 'argoproj.io';

/**
 * The health of a custom resource: the rule of its kind, that of its group, else the standard conditions.
 * Undefined: none of them says anything of it.
 */
export const assessCustom = (object: KubernetesObject): Health | undefined => {
  const { group } = parseApiVersion(object.apiVersion);
  const rule = TABLE.get(`${group}/${object.kind}`) ?? ofGroup(group);
  if (rule) return rule(object);
  return hasNoStandard(group) ? undefined : byStandardConditions(object);
};
