import { permanent } from '../domain/errors.ts';
import { isRecord } from '../domain/health/fields.ts';
import type { KubernetesObject } from '../domain/kubernetes-object.ts';
import { readYaml } from '../domain/sources/yaml-documents.ts';

interface Located {
  value: unknown;
  line: number;
}

const invalid = (file: string, line: number, reason: string): Error =>
  permanent('file-invalid', `${file}:${line}: ${reason}`, { details: { file, line } });

/** Where each top-level value of a text of JSON values begins and ends; what follows the last one is a value, too. */
const splitValues = (text: string): { start: number; end: number }[] => {
  const values: { start: number; end: number }[] = [];
  let depth = 0;
  let start: number | undefined;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s{}[\]"]+|"/g)) {
    start ??= index;
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth > 0) continue;
    values.push({ start, end: index + token.length });
    start = undefined;
  }
  if (start !== undefined) values.push({ start, end: text.length });
  return values;
};

/** JSON values one after another, as `jq` and `kubectl` print them: a line each, or indented; undefined: it is not JSON. */
const readJson = (file: string, text: string): Located[] | undefined => {
  // Documents of YAML may be written as JSON.
  if (!/^\s*[{[]/.test(text) || /^---/m.test(text)) return undefined;
  const found: Located[] = [];
  let line = 1;
  let counted = 0;
  for (const { start, end } of splitValues(text)) {
    line += text.slice(counted, start).split('\n').length - 1;
    counted = start;
    const value = parseJson(text.slice(start, end));
    if (value === undefined && found.length === 0) return undefined;
    if (value === undefined) throw invalid(file, line, 'not JSON, though what is before it is');
    found.push({ value, line });
  }
  return found;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const readDocuments = (file: string, text: string): Located[] => {
  const values = readJson(file, text);
  if (values) return values;
  const { documents, problem } = readYaml(text, { duplicates: 'last' });
  if (problem) throw invalid(file, problem.line, problem.reason);
  return documents;
};

type Bare = Record<string, unknown> & { apiVersion: string; kind: string };

const isObject = (value: unknown): value is Bare =>
  isRecord(value) && typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string';

/** A List stands for its items, whose kind the API server leaves out where it tells it (`PodList`). */
const flatten = (file: string, { value, line }: Located): KubernetesObject[] => {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => flatten(file, { value: item, line }));
  if (!isObject(value)) throw invalid(file, line, 'not a Kubernetes object: apiVersion and kind are missing');
  const { apiVersion, kind, items } = value;
  if (!kind.endsWith('List') || !Array.isArray(items)) return [{ ...value, metadata: metadataOf(value) }];
  const type = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.flatMap((item: unknown) => flatten(file, { value: isRecord(item) ? { ...type, ...item } : item, line }));
};

const metadataOf = (value: Record<string, unknown>): KubernetesObject['metadata'] =>
  isRecord(value['metadata']) ? value['metadata'] : {};

/**
 * The Kubernetes objects of a text, in order: YAML of one or more documents, or JSON values one after another; a list is its
 * items. Errors: AppError `file-invalid` (permanent), whose message starts with `file:line`.
 */
export const readObjects = (file: string, text: string): KubernetesObject[] =>
  readDocuments(file, text.replace(/^\uFEFF/, '')).flatMap((document) => flatten(file, document));
