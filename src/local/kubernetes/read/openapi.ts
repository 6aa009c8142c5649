import type { Json } from '../json.ts';
import type { ResourceType } from '../resource-types.ts';
import { apiVersionOf, builtinTypes } from '../resource-types.ts';
import type { Field, Schema, StructSchema } from '../schema/schema.ts';

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

const scalarSchema = (type: string): Json => {
  if (type === 'int-or-string') return { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] };
  if (type === 'quantity') return { oneOf: [{ type: 'string' }, { type: 'number' }] };
  return type === 'time' ? { type: 'string', format: 'date-time' } : { type };
};

const structBody = (schema: StructSchema, used: Set<string>): Json => ({
  type: 'object',
  ...(schema.required.length > 0 ? { required: schema.required } : {}),
  properties: Object.fromEntries([...schema.fields].map(([name, field]) => [name, fieldBody(field, used)])),
  ...(schema.open ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
});

const fieldBody = ({ schema, retainKeys }: Field, used: Set<string>): Json => {
  const body = openAPI(schema, used);
  const strategy = schema.kind === 'list' && schema.mergePatch ? 'merge,retainKeys' : 'retainKeys';
  return retainKeys ? { ...body, 'x-kubernetes-patch-strategy': strategy } : body;
};

/** One schema as OpenAPI v3; names of the definitions it refers to go to `used`. */
const openAPI = (schema: Schema, used: Set<string>): Json => {
  switch (schema.kind) {
    case 'any':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    case 'scalar':
      return { ...scalarSchema(schema.type), ...(schema.enum ? { enum: schema.enum } : {}) };
    case 'map': {
      const atomic = schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {};
      return { type: 'object', additionalProperties: openAPI(schema.value, used), ...atomic };
    }
    case 'list':
      return {
        type: 'array',
        items: openAPI(schema.item, used),
        'x-kubernetes-list-type': schema.keys ? 'map' : schema.set ? 'set' : 'atomic',
        ...(schema.keys ? { 'x-kubernetes-list-map-keys': schema.keys } : {}),
        ...(schema.mergeKey ? { 'x-kubernetes-patch-merge-key': schema.mergeKey } : {}),
        ...(schema.mergePatch ? { 'x-kubernetes-patch-strategy': 'merge' } : {}),
      };
    case 'struct':
      if (schema.name === undefined) return structBody(schema, used);
      used.add(schema.name);
      return { allOf: [reference(schema.name)] };
  }
};

const kindOf = ({ group, version, kind }: ResourceType): Json => ({ group, version, kind });

const parameters = (names: readonly string[]): Json[] =>
  names.map((name) => ({ name, in: 'query', schema: { type: name === 'force' ? 'boolean' : 'string' } }));

const writeParameters = parameters(['dryRun', 'fieldManager', 'fieldValidation']);

const operation = (type: ResourceType, action: string, more: Json = {}): Json => ({
  'x-kubernetes-action': action,
  'x-kubernetes-group-version-kind': kindOf(type),
  responses: { 200: { description: 'OK' } },
  ...more,
});

const patchTypesOf = ({ custom }: ResourceType): string[] => {
  const types = ['apply-patch+yaml', 'json-patch+json', 'merge-patch+json'];
  return custom ? types : [...types, 'strategic-merge-patch+json'];
};

const pathsOf = (type: ResourceType, root: string): Json => {
  const collection = `${root}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.resource}`;
  const content = Object.fromEntries(
    patchTypesOf(type).map((name) => [`application/${name}`, { schema: { type: 'object' } }]),
  );
  return {
    [collection]: {
      get: operation(type, 'list'),
      post: operation(type, 'post', { parameters: writeParameters }),
      delete: operation(type, 'deletecollection'),
    },
    [`${collection}/{name}`]: {
      get: operation(type, 'get'),
      put: operation(type, 'put', { parameters: writeParameters }),
      patch: operation(type, 'patch', {
        parameters: [...writeParameters, ...parameters(['force'])],
        requestBody: { content, required: true },
      }),
      delete: operation(type, 'delete', { parameters: parameters(['dryRun', 'propagationPolicy']) }),
    },
  };
};

const objectSchema = (type: ResourceType, used: Set<string>): Json => {
  const { schema } = type;
  const body = schema.kind === 'struct' ? structBody(schema, used) : { type: 'object' };
  return { ...body, 'x-kubernetes-group-version-kind': [kindOf(type)] };
};

/** The types' names in documents: the definition's, or for a custom resource its reversed group. */
const nameOf = (type: ResourceType): string => {
  if (type.schema.kind === 'struct' && type.schema.name) return type.schema.name;
  return `${type.group.split('.').reverse().join('.')}.${type.version}.${type.kind}`;
};

/** OpenAPI v3 of one group version: what kubectl reads for explain, validation and dry run. No descriptions. */
export const openAPIDocument = (types: readonly ResourceType[], gitVersion: string): Json => {
  const { definitions } = builtinTypes();
  const used = new Set<string>();
  const schemas: Json = {};
  const paths: Json = {};
  for (const type of types) {
    const root = type.group ? `/apis/${apiVersionOf(type)}` : `/api/${type.version}`;
    Object.assign(paths, pathsOf(type, root));
    schemas[nameOf(type)] = objectSchema(type, used);
  }
  // `used` grows while it is walked: definitions bring in others.
  for (const name of used) {
    const schema = definitions.get(name);
    if (!(name in schemas) && schema?.kind === 'struct') schemas[name] = structBody(schema, used);
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: gitVersion },
    paths,
    components: { schemas },
  };
};
