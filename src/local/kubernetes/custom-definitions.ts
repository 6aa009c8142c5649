import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import { recordOf } from './json.ts';
import { builtinTypes, type TypeRegistry } from './resource-types.ts';
import { customTypes } from './schema/crd-schema.ts';
import { anySchema } from './schema/schema.ts';
import type { ObjectStore } from './storage/object-store.ts';

export const definitionStorage = 'apiextensions.k8s.io/customresourcedefinitions';

const typesOf = (definition: KubernetesObject) =>
  customTypes(recordOf(definition.spec), builtinTypes().definitions.get('meta.v1.ObjectMeta') ?? anySchema);

/** Serves the types of every CustomResourceDefinition in the store, now and as they come and go. */
export const followDefinitions = (store: ObjectStore, types: TypeRegistry): (() => void) => {
  for (const definition of store.list(definitionStorage)) {
    types.setCustom(definition.metadata.name ?? '', typesOf(definition));
  }
  return store.subscribe(({ type, storage, object, before }) => {
    if (storage !== definitionStorage) return;
    const name = object.metadata.name ?? '';
    if (type === 'DELETED') types.setCustom(name, []);
    else if (before?.spec !== object.spec) types.setCustom(name, typesOf(object));
  });
};
