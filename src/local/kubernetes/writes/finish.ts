import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { StatusCause } from '../api-status.ts';
import { invalid } from '../api-status.ts';
import { fillAllocated } from '../defaults/allocated.ts';
import { fillDefaults } from '../defaults/builtin.ts';
import { dropEmpty, dropNulls, fillSchemaDefaults } from '../defaults/by-schema.ts';
import { equal, recordOf } from '../json.ts';
import type { ResourceType } from '../resource-types.ts';
import { builtInCauses } from '../validation/built-in.ts';
import { customCauses } from '../validation/custom.ts';
import { definitionCauses } from '../validation/definition.ts';
import { metadataCauses, nameCauses } from '../validation/names.ts';

/** Nulls away and defaults in, in place. */
export const normalize = (type: ResourceType, object: KubernetesObject): void => {
  dropNulls(object);
  object.metadata ??= {};
  if (type.custom) fillSchemaDefaults(object, type.schema);
  else {
    const { managedFields } = object.metadata;
    dropEmpty(object, type.schema);
    // An empty list is a wish: to forget all managers.
    if (managedFields?.length === 0) object.metadata.managedFields = managedFields;
    fillDefaults(type.group, object);
  }
};

/** What a real cluster adds to a request's fields, owned by nobody; in place. */
export const complete = (type: ResourceType, object: KubernetesObject, before?: KubernetesObject): void => {
  if (type.custom) return;
  fillAllocated(type.group, object, before);
  const hasEmptyStatus = type.schema.kind === 'struct' && type.schema.fields.get('status')?.zero === true;
  if (hasEmptyStatus) object.status ??= {};
};

const bodyCauses = (type: ResourceType, object: KubernetesObject, before?: KubernetesObject): StatusCause[] => {
  if (type.custom) {
    const { metadata: _metadata, apiVersion: _apiVersion, kind: _kind, ...body } = object;
    const { metadata: _declared, ...properties } = recordOf(type.custom.openAPI.properties);
    const required = type.custom.openAPI.required;
    const names = Array.isArray(required) ? required.filter((name) => name in properties) : [];
    return customCauses(body, { ...type.custom.openAPI, properties, required: names });
  }
  if (type.kind === 'CustomResourceDefinition') return definitionCauses(object, before);
  return builtInCauses(type.group, object, before);
};

/** Errors: ApiStatus 422 naming every field that is wrong. */
export const validate = (type: ResourceType, object: KubernetesObject, before?: KubernetesObject): void => {
  const { name = '' } = object.metadata;
  const causes = [
    ...(before ? [] : nameCauses(type.group, type.kind, name)),
    ...metadataCauses(object.metadata),
    ...bodyCauses(type, object, before),
  ];
  if (causes.length > 0) throw invalid(type.group, type.kind, name, causes);
};

// The types whose strategy counts generations; every custom resource does.
const counted = new Set(
  [
    '/Pod /ReplicationController apps/Deployment apps/ReplicaSet apps/StatefulSet apps/DaemonSet batch/Job batch/CronJob',
    'networking.k8s.io/Ingress networking.k8s.io/IngressClass networking.k8s.io/NetworkPolicy policy/PodDisruptionBudget',
    'apiextensions.k8s.io/CustomResourceDefinition admissionregistration.k8s.io/MutatingWebhookConfiguration',
    'admissionregistration.k8s.io/ValidatingWebhookConfiguration admissionregistration.k8s.io/ValidatingAdmissionPolicy',
    'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding scheduling.k8s.io/PriorityClass',
    'flowcontrol.apiserver.k8s.io/FlowSchema flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration',
    'discovery.k8s.io/EndpointSlice',
  ].flatMap((line) => line.split(' ')),
);

const content = ({ metadata: _metadata, status: _status, ...rest }: KubernetesObject) => rest;

/** The generation after a write; undefined for types without one. */
export const generationAfter = (
  type: ResourceType,
  object: KubernetesObject,
  before: KubernetesObject | undefined,
): number | undefined => {
  if (!type.custom && !counted.has(`${type.group}/${type.kind}`)) return undefined;
  const last = before?.metadata.generation ?? 0;
  return before && equal(content(object), content(before)) ? last : last + 1;
};
