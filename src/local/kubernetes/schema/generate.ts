// Makes builtin-types.json out of a real API server's OpenAPI v3 and discovery, without descriptions:
//   node src/local/kubernetes/schema/generate.ts KUBECTL KUBECONFIG
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Json = Record<string, unknown>;

const [kubectl = 'kubectl', kubeconfig = ''] = process.argv.slice(2);

const read = (path: string): Json =>
  JSON.parse(
    execFileSync(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', path], { encoding: 'utf8', maxBuffer: 2 ** 28 }),
  );

const record = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(record) : []);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** `io.k8s.api.core.v1.Container` → `core.v1.Container`; unique over the whole API. */
const shortName = (ref: string): string =>
  ref
    .replace('#/components/schemas/', '')
    .replace(/^io\.k8s\.(api|apimachinery\.pkg\.apis|apimachinery\.pkg|kube-aggregator\.pkg\.apis)\./, '')
    .replace(/^apiextensions-apiserver\.pkg\.apis\./, '')
    .replace(/^io\.k8s\.apiextensions-apiserver\.pkg\.apis\./, '');

const wanted = new Set<string>();

const refOf = (schema: Json): string | undefined => {
  const ref = schema.$ref ?? list(schema.allOf)[0]?.$ref;
  return typeof ref === 'string' ? ref : undefined;
};

/** `z`: a struct that the server always writes, even empty. `d`: a default that says something. */
const withDefault = (type: unknown, schema: Json): unknown => {
  const value = schema.default;
  const shape = typeof type === 'string' ? { t: type } : record(type);
  if (value === undefined || value === '' || value === 0 || value === false) return type;
  if (JSON.stringify(value) === '{}') return { ...shape, z: 1 };
  return { ...shape, d: value };
};

const listType = (schema: Json): Json => ({
  l: typeOf(record(schema.items), false),
  ...(schema['x-kubernetes-list-type'] === 'map' ? { k: texts(schema['x-kubernetes-list-map-keys']) } : {}),
  ...(schema['x-kubernetes-list-type'] === 'set' ? { set: 1 } : {}),
  ...(typeof schema['x-kubernetes-patch-merge-key'] === 'string' ? { p: schema['x-kubernetes-patch-merge-key'] } : {}),
  ...(String(schema['x-kubernetes-patch-strategy'] ?? '').includes('merge') ? { pm: 1 } : {}),
});

const structType = (schema: Json): Json => ({
  f: Object.fromEntries(
    Object.entries(record(schema.properties)).map(([name, field]) => [name, typeOf(record(field))]),
  ),
  ...(schema.required ? { r: texts(schema.required) } : {}),
  ...(schema['x-kubernetes-map-type'] === 'atomic' ? { a: 1 } : {}),
});

const bareType = (schema: Json): unknown => {
  const ref = refOf(schema);
  if (ref !== undefined) {
    wanted.add(ref.replace('#/components/schemas/', ''));
    const atomic = schema['x-kubernetes-map-type'] === 'atomic' ? { a: 1 } : {};
    const retain = String(schema['x-kubernetes-patch-strategy'] ?? '').includes('retainKeys') ? { rk: 1 } : {};
    return { t: `#${shortName(ref)}`, ...atomic, ...retain };
  }
  if (schema.format === 'int-or-string') return 'int-or-string';
  if (schema.oneOf) return 'quantity';
  if (schema.type === 'array') return listType(schema);
  if (schema.properties) return structType(schema);
  if (schema.additionalProperties) {
    const atomic = schema['x-kubernetes-map-type'] === 'atomic' ? { a: 1 } : {};
    return { m: typeOf(record(schema.additionalProperties), false), ...atomic };
  }
  if (schema.enum) return { t: 'string', e: texts(schema.enum) };
  if (schema.type === 'string' && schema.format === 'date-time') return 'time';
  return schema.type === undefined || schema.type === 'object' ? 'any' : String(schema.type);
};

const simplify = (type: unknown): unknown => {
  const { t, ...rest } = record(type);
  return typeof t === 'string' && Object.keys(rest).length === 0 ? t : type;
};

const typeOf = (schema: Json, defaults = true): unknown =>
  simplify(defaults ? withDefault(bareType(schema), schema) : bareType(schema));

const subresourcesOf = (resource: Json): string[] =>
  list(resource.subresources).map((subresource) => String(subresource.subresource));

const resourcesOf = (group: string, version: string, resources: Json[], schemas: Json): Json[] =>
  resources
    .filter((resource) => texts(resource.verbs).includes('watch'))
    .map((resource) => {
      const { kind } = record(resource.responseKind);
      const definition = Object.entries(schemas).find(([, schema]) =>
        list(record(schema)['x-kubernetes-group-version-kind']).some(
          (gvk) => gvk.kind === kind && gvk.group === group && gvk.version === version,
        ),
      )?.[0];
      if (definition === undefined) throw new Error(`no schema for ${group}/${version} ${String(kind)}`);
      wanted.add(definition);
      return {
        group,
        version,
        kind,
        resource: resource.resource,
        singular: resource.singularResource,
        namespaced: resource.scope === 'Namespaced',
        ...(resource.shortNames ? { shortNames: texts(resource.shortNames) } : {}),
        ...(resource.categories ? { categories: texts(resource.categories) } : {}),
        subresources: subresourcesOf(resource),
        type: shortName(definition),
      };
    });

const definitions = new Map<string, unknown>();
const collect = (schemas: Json): void => {
  let before = -1;
  while (before !== wanted.size) {
    before = wanted.size;
    for (const name of wanted) {
      const short = shortName(name);
      if (!(name in schemas) || definitions.has(short)) continue;
      definitions.set(short, typeOf(record(schemas[name]), false));
    }
  }
};

const aggregated = (half: string): Json[] => {
  // kubectl asks for what it likes; the classic lists hold no subresource tree, so fold them.
  const lists = half === '/api' ? [['', 'v1', '/api/v1']] : groupVersions();
  return lists.map(([group, version, path]) => ({ group, version, resources: foldResources(read(path ?? '')) }));
};

const groupVersions = (): string[][] =>
  list(read('/apis').groups).flatMap((group) =>
    list(group.versions).map(({ version }) => [
      String(group.name),
      String(version),
      `/apis/${String(group.name)}/${String(version)}`,
    ]),
  );

const foldResources = (answer: Json): Json[] => {
  const all = list(answer.resources);
  return all
    .filter(({ name }) => !String(name).includes('/'))
    .map((one) => ({
      resource: one.name,
      responseKind: { kind: one.kind },
      scope: one.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: one.singularName,
      verbs: one.verbs,
      shortNames: one.shortNames,
      categories: one.categories,
      subresources: all
        .filter(({ name }) => String(name).startsWith(`${String(one.name)}/`))
        .map(({ name }) => ({ subresource: String(name).split('/')[1] })),
    }));
};

const resources = ['/api', '/apis'].flatMap((half) =>
  aggregated(half).flatMap(({ group, version, resources: served }) => {
    const path = group === '' ? `api/${String(version)}` : `apis/${String(group)}/${String(version)}`;
    const schemas = record(record(read(`/openapi/v3/${path}`).components).schemas);
    const found = resourcesOf(String(group), String(version), list(served), schemas);
    collect(schemas);
    return found;
  }),
);

const sorted = Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
const text = [
  '{',
  `"gitVersion": ${JSON.stringify(read('/version').gitVersion)},`,
  `"resources": [\n${resources.map((one) => JSON.stringify(one)).join(',\n')}\n],`,
  `"definitions": {\n${Object.entries(sorted)
    .map(([name, type]) => `${JSON.stringify(name)}: ${JSON.stringify(type)}`)
    .join(',\n')}\n}`,
  '}',
].join('\n');
writeFileSync(join(import.meta.dirname, 'builtin-types.json'), `${text}\n`);
