import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import { at, listOf, recordOf, textOf } from '../json.ts';

/** One column of a Table. */
export interface Column {
  name: string;
  type?: string;
  format?: string;
  /** Above 0: shown with `-o wide` only. */
  priority?: number;
  cell: (object: KubernetesObject) => string | number | boolean | null;
}

/** Columns around AGE. */
export interface Columns {
  before: Column[];
  after: Column[];
}

/** A number at a path, 0 where there is none. */
export const number = (object: KubernetesObject, path: string): number => {
  const value = at(object, path);
  return typeof value === 'number' ? value : 0;
};

/** Text at a path. */
export const text =
  (path: string, absent = '') =>
  (object: KubernetesObject): string => {
    const value = at(object, path);
    return value === undefined || value === null || value === '' ? absent : String(value);
  };

/** A cell with a number; absent counts as 0. */
export const count = (name: string, path: string): Column => ({
  name,
  type: 'integer',
  cell: (object) => number(object, path),
});

/** One column of a Table answer. */
export const column = (name: string, path: string, absent?: string): Column => ({ name, cell: text(path, absent) });
/** Shown with `-o wide` only. */
export const wide = (one: Column): Column => ({ ...one, priority: 1 });

const containers = (path: string, field: 'name' | 'image') => (object: KubernetesObject) =>
  listOf(at(object, `${path}.containers`))
    .map((container) => textOf(recordOf(container)[field]))
    .join(',');

/** A label selector as kubectl prints it. */
export const selector = (path: string) => (object: KubernetesObject) => {
  const entries = Object.entries(recordOf(at(object, path)));
  return entries.length > 0 ? entries.map(([key, value]) => `${key}=${String(value)}`).join(',') : '<none>';
};

/** The columns that every workload kind has. */
export const workload = (path: string): Column[] => [
  wide({ name: 'Containers', cell: containers(path, 'name') }),
  wide({ name: 'Images', cell: containers(path, 'image') }),
];

/** `ready/wanted`, as kubectl prints it. */
export const ready = (have: string, want: string): Column => ({
  name: 'Ready',
  cell: (object) => `${number(object, have)}/${number(object, want)}`,
});

export const selected = wide({ name: 'Selector', cell: selector('spec.selector.matchLabels') });
