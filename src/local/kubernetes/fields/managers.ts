import type { KubernetesObject, ManagedFieldsEntry } from '../../../domain/kubernetes-object.ts';
import type { PathSet } from './path-set.ts';
import { isEmptySet, readFields, without, writeFields } from './path-set.ts';

/** Who writes: with the operation and subresource it is the identity of one entry of `managedFields`. */
export interface Manager {
  name: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource?: string;
}

/** One entry of `managedFields`, read. */
export interface Ownership extends Manager {
  /** RFC 3339, seconds. */
  time: string;
  fields: PathSet;
}

/** Fields that nobody owns: the API server sets them or they name the object. */
const unowned = [
  ['f:apiVersion'],
  ['f:kind'],
  ...[
    'name',
    'generateName',
    'namespace',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'managedFields',
    'selfLink',
  ].map((name) => ['f:metadata', `f:${name}`]),
];

/** Without what nobody owns. */
export const ownable = (fields: PathSet): PathSet => {
  const left = without(fields, unowned);
  const children = new Map(left.children);
  const metadata = children.get('f:metadata');
  // The object and its metadata are always there; a struct of its type may be.
  if (metadata) children.set('f:metadata', { ...metadata, self: false });
  for (const name of ['f:spec', 'f:status']) {
    const part = children.get(name);
    if (part && part.children.size > 0) children.set(name, { ...part, self: false });
  }
  return { self: false, children };
};

/** Reads an object's `managedFields`. */
export const readManagers = (object: KubernetesObject | undefined): Ownership[] =>
  (object?.metadata.managedFields ?? [])
    .filter((entry) => entry.manager !== undefined || entry.fieldsV1 !== undefined)
    .map((entry) => ({
      name: entry.manager ?? '',
      operation: entry.operation ?? 'Update',
      apiVersion: entry.apiVersion ?? '',
      ...(entry.subresource ? { subresource: entry.subresource } : {}),
      time: entry.time ?? '',
      fields: readFields(entry.fieldsV1),
    }));

const byOrder = (a: ManagedFieldsEntry, b: ManagedFieldsEntry): number => {
  const key = ({ operation, time, manager, apiVersion, subresource }: ManagedFieldsEntry) =>
    [operation, time, manager, apiVersion, subresource].join('\u0000');
  return key(a) < key(b) ? -1 : 1;
};

/** Writes `managedFields`, sorted like the API server's; entries that own nothing are left out. */
export const writeManagers = (owners: readonly Ownership[]): ManagedFieldsEntry[] =>
  owners
    .filter(({ fields }) => !isEmptySet(fields))
    .map(({ name, operation, apiVersion, subresource, time, fields }) => ({
      manager: name,
      operation,
      apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: writeFields(fields),
      ...(subresource === undefined ? {} : { subresource }),
    }))
    .sort(byOrder);

/** True for two entries of one manager. */
export const isSame = (a: Manager, b: Manager): boolean =>
  a.name === b.name &&
  a.operation === b.operation &&
  a.apiVersion === b.apiVersion &&
  (a.subresource ?? '') === (b.subresource ?? '');

/** A manager as conflict messages name it. */
export const managerText = ({ name, operation, apiVersion, subresource }: Manager): string => {
  const part = subresource ? ` with subresource "${subresource}"` : '';
  return `"${name}"${part}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
};
