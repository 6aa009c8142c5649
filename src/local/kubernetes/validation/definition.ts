import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { StatusCause } from '../api-status.ts';
import { at, isRecord, listOf, recordOf, textOf } from '../json.ts';
import { invalidValue, requiredValue } from './names.ts';

const versionCauses = (version: unknown, index: number): StatusCause[] => {
  const { name, schema } = recordOf(version);
  const path = `spec.versions[${index}]`;
  return [
    ...(textOf(name) ? [] : [requiredValue(`${path}.name`)]),
    ...(isRecord(recordOf(schema).openAPIV3Schema)
      ? []
      : [requiredValue(`${path}.schema.openAPIV3Schema`, 'schemas are required')]),
  ];
};

/** What is wrong with a CustomResourceDefinition: its name, group, names, scope and versions. Empty: nothing. */
export const definitionCauses = (object: KubernetesObject, before?: KubernetesObject): StatusCause[] => {
  const group = textOf(at(object, 'spec.group'));
  const plural = textOf(at(object, 'spec.names.plural'));
  const scope = at(object, 'spec.scope');
  const versions = listOf(at(object, 'spec.versions'));
  const wanted = `${plural}.${group}`;
  const stored = versions.filter((version) => recordOf(version).storage === true);
  const why = `must be spec.names.plural+"."+spec.group`;
  const one = 'must have exactly one version marked as storage version';
  return [
    ...(object.metadata.name === wanted ? [] : [invalidValue('metadata.name', object.metadata.name, why)]),
    ...(group ? [] : [requiredValue('spec.group')]),
    ...(plural ? [] : [requiredValue('spec.names.plural')]),
    ...(textOf(at(object, 'spec.names.kind')) ? [] : [requiredValue('spec.names.kind')]),
    ...(scope === 'Namespaced' || scope === 'Cluster' ? [] : [requiredValue('spec.scope')]),
    ...(stored.length === 1 ? [] : [invalidValue('spec.versions', versions.length, one)]),
    ...versions.flatMap(versionCauses),
    ...(before && at(before, 'spec.scope') !== scope ? [invalidValue('spec.scope', scope, 'field is immutable')] : []),
  ];
};
