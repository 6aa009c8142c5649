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

/** One JSON value a line; undefined where the text is not that. */
const readJsonLines = (file: string, text: string): Located[] | undefined => {
  const lines = text.split('\n').flatMap((content, index) => (content.trim() ? [{ content, line: index + 1 }] : []));
  const [first] = lines;
  if (!first || !isJson(first.content)) return undefined;
  return lines.map(({ content, line }) => {
    if (!isJson(content)) throw invalid(file, line, 'not JSON, though the lines before it are');
    return { value: JSON.parse(content), line };
  });
};

const isJson = (text: string): boolean => {
  if (!text.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const readDocuments = (file: string, text: string): Located[] => {
  const lines = readJsonLines(file, text);
  if (lines) return lines;
  const { documents, problem } = readYaml(text, { duplicates: 'last' });
  if (problem) throw invalid(file, problem.line, problem.reason);
  return documents;
};

type Bare = Record<string, unknown> & { apiVersion: string; kind: string };

const isObject = (value: unknown): value is Bare =>
  isRecord(value) && typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string';

/** A List stands for its items. */
const flatten = (file: string, { value, line }: Located): KubernetesObject[] => {
  if (!isObject(value)) throw invalid(file, line, 'not a Kubernetes object: apiVersion and kind are missing');
  if (value.kind.endsWith('List') && Array.isArray(value['items']))
    return value['items'].flatMap((item) => flatten(file, { value: item, line }));
  return [{ ...value, metadata: metadataOf(value) }];
};

const metadataOf = (value: Record<string, unknown>): KubernetesObject['metadata'] =>
  isRecord(value['metadata']) ? value['metadata'] : {};

/**
 * The Kubernetes objects of a text, in order: YAML of one or more documents, JSON, or one JSON object a line; a List is
 * its items. Errors: AppError `file-invalid` (permanent), whose message starts with `file:line`.
 */
export const readObjects = (file: string, text: string): KubernetesObject[] =>
  readDocuments(file, text).flatMap((document) => flatten(file, document));
