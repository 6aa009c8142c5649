import type { Json } from '../json.ts';
import { isRecord, listOf, recordOf, textOf } from '../json.ts';
import type { CustomVersion, ResourceType } from '../resource-types.ts';
import { storageKey } from '../resource-types.ts';
import type { Field, ScalarType, Schema } from './schema.ts';
import { anySchema } from './schema.ts';

const scalar = (type: ScalarType, values?: unknown): Schema => ({
  kind: 'scalar',
  type,
  ...(Array.isArray(values) && values.every((value) => typeof value === 'string') ? { enum: values } : {}),
});

const listSchema = (openAPI: Json): Schema => {
  const how = openAPI['x-kubernetes-list-type'];
  const keys = listOf(openAPI['x-kubernetes-list-map-keys']).map(textOf);
  return {
    kind: 'list',
    item: crdSchema(recordOf(openAPI.items)),
    set: how === 'set',
    mergePatch: false,
    ...(how === 'map' && keys.length > 0 ? { keys } : {}),
  };
};

const fieldOf = (openAPI: unknown): Field => {
  const schema = crdSchema(recordOf(openAPI));
  const value = recordOf(openAPI).default;
  return value === undefined ? { schema } : { schema, default: value };
};

const structSchema = (openAPI: Json): Schema => ({
  kind: 'struct',
  fields: new Map(Object.entries(recordOf(openAPI.properties)).map(([name, field]) => [name, fieldOf(field)])),
  required: listOf(openAPI.required).map(textOf),
  atomic: openAPI['x-kubernetes-map-type'] === 'atomic',
  open: openAPI['x-kubernetes-preserve-unknown-fields'] === true || openAPI['x-kubernetes-embedded-resource'] === true,
});

/** The schema of a structural OpenAPI v3 schema as a CustomResourceDefinition holds it. */
export const crdSchema = (openAPI: Json): Schema => {
  if (openAPI['x-kubernetes-int-or-string'] === true) return scalar('int-or-string');
  switch (openAPI.type) {
    case 'array':
      return listSchema(openAPI);
    case 'string':
      return scalar('string', openAPI.enum);
    case 'integer':
    case 'number':
    case 'boolean':
      return scalar(openAPI.type);
    default:
  }
  if (isRecord(openAPI.additionalProperties) && !openAPI.properties) {
    const value = crdSchema(openAPI.additionalProperties);
    return { kind: 'map', value, atomic: openAPI['x-kubernetes-map-type'] === 'atomic' };
  }
  return openAPI.properties ? structSchema(openAPI) : anySchema;
};

/** An object's own schema: apiVersion, kind and metadata are Kubernetes', the rest is the definition's. */
const objectSchema = (openAPI: Json, objectMeta: Schema): Schema => {
  const schema = crdSchema(openAPI);
  const declared = schema.kind === 'struct' ? schema.fields : new Map<string, Field>();
  const fields = new Map(declared);
  fields.set('apiVersion', { schema: scalar('string') });
  fields.set('kind', { schema: scalar('string') });
  fields.set('metadata', { schema: objectMeta, zero: true });
  const open = schema.kind === 'struct' ? schema.open : true;
  const required = schema.kind === 'struct' ? schema.required : [];
  return { kind: 'struct', fields, required, atomic: false, open };
};

const customVersion = (version: Json): CustomVersion => {
  const scale = recordOf(recordOf(version.subresources).scale);
  return {
    columns: listOf(version.additionalPrinterColumns).map(recordOf),
    openAPI: recordOf(recordOf(version.schema).openAPIV3Schema),
    ...(typeof scale.specReplicasPath === 'string'
      ? {
          scale: {
            spec: scale.specReplicasPath,
            status: textOf(scale.statusReplicasPath),
            ...(typeof scale.labelSelectorPath === 'string' ? { selector: scale.labelSelectorPath } : {}),
          },
        }
      : {}),
  };
};

/** The types that a CustomResourceDefinition's spec makes, one per served version. */
export const customTypes = (spec: Json, objectMeta: Schema): ResourceType[] => {
  const names = recordOf(spec.names);
  const group = textOf(spec.group);
  const kind = textOf(names.kind);
  const resource = textOf(names.plural);
  return listOf(spec.versions)
    .map(recordOf)
    .filter((version) => version.served === true)
    .map((version) => ({
      group,
      version: textOf(version.name),
      kind,
      listKind: textOf(names.listKind) || `${kind}List`,
      resource,
      singular: textOf(names.singular) || kind.toLowerCase(),
      namespaced: spec.scope === 'Namespaced',
      shortNames: listOf(names.shortNames).map(textOf),
      categories: listOf(names.categories).map(textOf),
      subresources: Object.keys(recordOf(version.subresources)),
      schema: objectSchema(recordOf(recordOf(version.schema).openAPIV3Schema), objectMeta),
      storage: storageKey(group, resource),
      custom: customVersion(version),
    }));
};
