import type { KubernetesObject } from '../../../domain/kubernetes-object.ts';
import type { Json } from '../json.ts';
import { textOf } from '../json.ts';
import type { ResourceType } from '../resource-types.ts';
import { jsonPathText } from './json-path.ts';
import type { Column } from './table-cells.ts';
import { builtInColumns } from './table-columns.ts';

const units: readonly [string, number][] = [
  ['y', 31_536_000],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];

/** A duration as kubectl's AGE shows it: the two largest units while they are small (`3m20s`, `5d`). */
export const ageText = (from: string | undefined, now: number): string => {
  if (!from) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now - Date.parse(from)) / 1_000));
  const index = units.findIndex(([, size]) => seconds >= size * (size === 1 ? 0 : 2));
  const [unit, size] = units[index] ?? ['s', 1];
  const whole = Math.floor(seconds / size);
  const [smaller, smallSize] = units[index + 1] ?? ['s', 1];
  const rest = Math.floor((seconds % size) / smallSize);
  return whole < 10 && rest > 0 && size > 1 ? `${whole}${unit}${rest}${smaller}` : `${whole}${unit}`;
};

const age = (now: number): Column => ({
  name: 'Age',
  cell: ({ metadata }) => ageText(metadata.creationTimestamp, now),
});

const customColumns = (type: ResourceType, now: number): Column[] => {
  const declared = type.custom?.columns ?? [];
  if (declared.length === 0) return [age(now)];
  return declared.map((column) => ({
    name: textOf(column.name),
    type: textOf(column.type) || 'string',
    priority: typeof column.priority === 'number' ? column.priority : 0,
    cell: (object) => {
      const value = jsonPathText(object, textOf(column.jsonPath));
      return column.type === 'date' && value ? ageText(value, now) : value;
    },
  }));
};

const columnsOf = (type: ResourceType, now: number): Column[] => {
  const name: Column = { name: 'Name', format: 'name', cell: ({ metadata }) => metadata.name ?? '' };
  if (type.custom) return [name, ...customColumns(type, now)];
  const { before, after } = builtInColumns(type.group, type.kind, (from) => ageText(from, now));
  return [name, ...before, age(now), ...after];
};

const partial = ({ metadata }: KubernetesObject): KubernetesObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

export interface TableRequest {
  type: ResourceType;
  now: number;
  /** The query's `includeObject`: None, Metadata (default), Object. */
  include: string | null;
  /** List metadata: resourceVersion, continue. */
  metadata: Json;
  /** Later events of a watch leave the definitions out. */
  withColumns?: boolean;
}

/** Objects as a `meta.k8s.io/v1` Table: what `kubectl get` prints. */
export const tableOf = (objects: readonly KubernetesObject[], request: TableRequest): Json => {
  const columns = columnsOf(request.type, request.now);
  const definitions = columns.map(({ name, type = 'string', format = '', priority = 0 }) => ({
    name,
    type,
    format,
    description: '',
    priority,
  }));
  const include = (object: KubernetesObject): Json => {
    if (request.include === 'None') return {};
    return { object: request.include === 'Object' ? object : partial(object) };
  };
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: request.metadata,
    columnDefinitions: request.withColumns === false ? [] : definitions,
    rows: objects.map((object) => ({ cells: columns.map(({ cell }) => cell(object)), ...include(object) })),
  };
};
