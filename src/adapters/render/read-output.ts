import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import type { RenderError, RenderResult } from '../../domain/sources/bundle.ts';
import { OBJECT_LIMITS } from '../../domain/sources/manifests.ts';
import { objectsOf } from '../../domain/sources/objects.ts';
import { readYaml } from '../../domain/sources/yaml-documents.ts';

/**
 * Parses what a tool printed into objects, with the templates that helm made them from where these are wanted. Errors (as a
 * value): `render-output-invalid`, `render-too-large`.
 */
export const readOutput = (stdout: string, { withOrigins = false } = {}): RenderResult => {
  const { documents, problem } = readYaml(stdout, { duplicates: 'last' });
  if (problem) return { ok: false, error: outputInvalid(stdout, problem.line, problem.reason) };
  const objects: KubernetesObject[] = [];
  const origins: (string | undefined)[] = [];
  for (const { value, line } of documents) {
    const read = objectsOf(value);
    if ('reason' in read) return { ok: false, error: outputInvalid(stdout, line, read.reason) };
    objects.push(...read.objects);
    if (withOrigins) origins.push(...read.objects.map(() => templateAbove(stdout, line)));
  }
  if (objects.length <= OBJECT_LIMITS.objects) return { ok: true, objects, ...(withOrigins ? { origins } : {}) };
  const message = `${objects.length} objects, ${OBJECT_LIMITS.objects} are allowed: split the application`;
  return { ok: false, error: { code: 'render-too-large', message } };
};

const SOURCE = /^# Source: (.+)$/gm;

/** Helm writes the template's name above each document. */
const templateAbove = (stdout: string, line: number): string | undefined => {
  const before = stdout.split('\n', line + 1).join('\n');
  return [...before.matchAll(SOURCE)].at(-1)?.[1];
};

const outputInvalid = (stdout: string, line: number, reason: string): RenderError => {
  const template = templateAbove(stdout, line);
  const where = template === undefined ? `line ${line} of the rendered output` : `what ${template} renders`;
  return { code: 'render-output-invalid', message: `${where} is no manifest: ${reason}` };
};
