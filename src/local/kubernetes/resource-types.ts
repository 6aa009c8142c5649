import { readFileSync } from 'node:fs';
import type { Json } from './json.ts';
import { isRecord, listOf, recordOf, textOf } from './json.ts';
import type { Schema } from './schema/schema.ts';
import { anySchema, readDefinitions } from './schema/schema.ts';

/** One served resource type in one version. */
export interface ResourceType {
  group: string;
  version: string;
  kind: string;
  listKind: string;
  /** Plural name in URLs. */
  resource: string;
  singular: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  /** `status`, `scale`, `log`, … */
  subresources: string[];
  schema: Schema;
  /** Where its objects are: versions of one resource share it. */
  storage: string;
  /** The definition of a custom resource's version; absent for built-in types. */
  custom?: CustomVersion;
}

/** What a CustomResourceDefinition says of one version. */
export interface CustomVersion {
  columns: Json[];
  /** JSON paths of the scale subresource. */
  scale?: { spec: string; status: string; selector?: string };
  /** The stored schema (OpenAPI), for `/openapi/v3`, defaults and validation. */
  openAPI: Json;
}

/** `apps/v1`, `v1`. */
export const apiVersionOf = ({ group, version }: Pick<ResourceType, 'group' | 'version'>): string =>
  group ? `${group}/${version}` : version;

/** `apps/deployments`: the key of one kind of object whatever its version. */
export const storageKey = (group: string, resource: string): string => `${group}/${resource}`;

/** The built-in types and definitions of a Kubernetes version. */
export interface BuiltinTypes {
  gitVersion: string;
  types: ResourceType[];
  definitions: Map<string, Schema>;
  /** The same definitions as they stand in the table. */
  table: Json;
}

// The two groups' events are the same objects with other field names; only one of them is served.
const unserved = (type: Json): boolean => type.group === 'events.k8s.io';

const builtinType = (entry: Json, definitions: ReadonlyMap<string, Schema>): ResourceType => {
  const group = textOf(entry.group);
  const resource = textOf(entry.resource);
  const kind = textOf(entry.kind);
  return {
    group,
    version: textOf(entry.version),
    kind,
    listKind: `${kind}List`,
    resource,
    singular: textOf(entry.singular),
    namespaced: entry.namespaced === true,
    shortNames: listOf(entry.shortNames).map(textOf),
    categories: listOf(entry.categories).map(textOf),
    subresources: listOf(entry.subresources).map(textOf),
    schema: definitions.get(textOf(entry.type)) ?? anySchema,
    storage: storageKey(group, resource),
  };
};

let builtins: BuiltinTypes | undefined;

/** Reads the table of built-in types once. */
export const builtinTypes = (): BuiltinTypes => {
  if (builtins) return builtins;
  const table: unknown = JSON.parse(readFileSync(new URL('./schema/builtin-types.json', import.meta.url), 'utf8'));
  if (!isRecord(table)) throw new Error('builtin-types.json is no object');
  const definitions = readDefinitions(recordOf(table.definitions));
  const types = listOf(table.resources)
    .map(recordOf)
    .filter((entry) => !unserved(entry))
    .map((entry) => builtinType(entry, definitions));
  builtins = { gitVersion: textOf(table.gitVersion), types, definitions, table: recordOf(table.definitions) };
  return builtins;
};

/** The types that one cluster serves now. */
export interface TypeRegistry {
  all(): ResourceType[];
  find(group: string, version: string, resource: string): ResourceType | undefined;
  /** Any served version of what is stored under a key. */
  stored(storage: string): ResourceType | undefined;
  /** Replaces the custom types of one definition; none takes them away. */
  setCustom(definition: string, types: ResourceType[]): void;
  /** Goes up whenever the types change. */
  revision(): number;
}

/** The served types: built-in ones and those that CustomResourceDefinitions add. */
export const createTypeRegistry = (): TypeRegistry => {
  const custom = new Map<string, ResourceType[]>();
  let index = new Map<string, ResourceType>();
  let byStorage = new Map<string, ResourceType>();
  let revision = 0;
  const all = (): ResourceType[] => [...builtinTypes().types, ...[...custom.values()].flat()];
  const build = (): void => {
    const types = all();
    index = new Map(types.map((type) => [`${type.group}/${type.version}/${type.resource}`, type]));
    byStorage = new Map([...types].reverse().map((type) => [type.storage, type]));
    revision += 1;
  };
  build();
  return {
    all,
    find: (group, version, resource) => index.get(`${group}/${version}/${resource}`),
    stored: (storage) => byStorage.get(storage),
    setCustom: (definition, types) => {
      if (types.length > 0) custom.set(definition, types);
      else if (!custom.delete(definition)) return;
      build();
    },
    revision: () => revision,
  };
};
