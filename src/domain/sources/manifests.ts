import type { KubernetesObject } from '../kubernetes-object.ts';
import type { BundleFile, DirectoryRequest, RenderError, RenderResult } from './bundle.ts';
import { asksToBeSkipped, isLfsPointer, textOf } from './manifest-text.ts';
import { isFields, objectsOf } from './objects.ts';
import { excessOf, readYaml } from './yaml-documents.ts';

/** What one application may amount to (objects; bytes of one object; bytes of all together). */
export const OBJECT_LIMITS = { objects: 10_000, objectBytes: 1_572_864, totalBytes: 52_428_800 };

type ReadFile = { objects: KubernetesObject[] } | { error: RenderError };

/**
 * Reads a Directory source's manifests into objects, file by file and document by document, lists flattened. As in Argo
 * CD a YAML file that holds no Kubernetes object is passed over unless it looks as if it was meant to, and of a key named
 * twice the last counts. Errors (as a value): `manifest-invalid`, `render-too-large`, naming file and line.
 */
export const readManifests = (files: Readonly<Record<string, BundleFile>>, request: DirectoryRequest): RenderResult => {
  const objects: KubernetesObject[] = [];
  let bytes = 0;
  for (const file of request.manifests) {
    const content = files[file];
    if (!content) return { ok: false, error: invalid(file, 1, 'the bundle does not hold the file') };
    const text = textOf(content);
    bytes += text.length;
    if (bytes > OBJECT_LIMITS.totalBytes) return { ok: false, error: tooLarge(file, 'all manifests together') };
    const read = readFile(file, text);
    if ('error' in read) return { ok: false, error: read.error };
    objects.push(...read.objects);
    if (objects.length > OBJECT_LIMITS.objects) return { ok: false, error: tooMany(file) };
  }
  return { ok: true, objects };
};

const readFile = (file: string, text: string): ReadFile => {
  if (asksToBeSkipped(text)) return { objects: [] };
  if (isLfsPointer(text)) {
    const remedy = 'is a Git LFS pointer; LFS is not supported for manifests: keep the file in Git itself';
    return { error: invalid(file, 1, remedy) };
  }
  return file.endsWith('.json') ? readJsonFile(file, text) : readYamlFile(file, text);
};

const readYamlFile = (file: string, text: string): ReadFile => {
  const { documents, problem } = readYaml(text, { duplicates: 'last' });
  const objects: KubernetesObject[] = [];
  for (const { value, line } of documents) {
    const read = objectsOf(value);
    if ('objects' in read) objects.push(...read.objects);
    else if (objects.length > 0 || isMeant(value) || WORDS.every((word) => text.includes(word))) {
      return { error: invalid(file, line, read.reason) };
    } else return { objects: [] };
  }
  if (!problem) return { objects };
  const isManifest = objects.length > 0 || WORDS.every((word) => text.includes(word)) || CUT_OFF.test(text);
  return isManifest ? { error: invalid(file, problem.line, problem.reason) } : { objects: [] };
};

/** Words by which Argo CD tells a broken manifest from a YAML file that is none: all three. */
const WORDS = ['apiVersion:', 'kind:', 'metadata:'];

/** A text that cannot be parsed and starts as a manifest does: one that is cut off is a mistake to name, not objects to prune. */
const CUT_OFF = /^(?:---.*\r?\n|#.*\r?\n|\s)*(?:apiVersion: *\S+\s+kind:|kind:)/;

/** A document that says its kind was meant as an object, whatever it lacks; an apiVersion alone is that of a chart or of a tool. */
const isMeant = (value: unknown): boolean => isFields(value) && 'kind' in value;

const readJsonFile = (file: string, text: string): ReadFile => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof RangeError) return { error: invalid(file, 1, 'nested too deep') };
    return { error: invalid(file, lineOf(text, error), jsonReason(text)) };
  }
  const excess = excessOf(value);
  if (excess) return { error: invalid(file, 1, excess) };
  const read = objectsOf(value);
  return 'objects' in read ? { objects: read.objects } : { error: invalid(file, 1, read.reason) };
};

/** The line of a JSON fault: V8 names a position, and nothing where the text ends too early. */
const lineOf = (text: string, error: unknown): number => {
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return text.slice(0, position === undefined ? undefined : Number(position)).split('\n').length;
};

const jsonReason = (text: string): string =>
  /^\s*\{[\s\S]*\}\s*\{/.test(text) ? 'holds several JSON objects: a .json file may hold one' : 'is not valid JSON';

/** `apps/x/deployment.yaml:12: …`, the form of every message about a manifest. */
export const invalid = (file: string, line: number, reason: string): RenderError => ({
  code: 'manifest-invalid',
  message: `${file}:${line}: ${reason}`,
  file,
  line,
});

const tooLarge = (file: string, what: string): RenderError => ({
  code: 'render-too-large',
  message: `${file}: ${what} exceed ${OBJECT_LIMITS.totalBytes} bytes: split the application`,
  file,
});

const tooMany = (file: string): RenderError => ({
  code: 'render-too-large',
  message: `${file}: more than ${OBJECT_LIMITS.objects} objects: split the application`,
  file,
});
