import { KUSTOMIZATION_NAMES } from './file-selection.ts';
import { isFields } from './objects.ts';
import { fail, joinPath, locate, readText, type Trace, takeFile } from './trace.ts';
import { readYaml } from './yaml-documents.ts';

/** A kustomization file as it was read. */
export interface Kustomization {
  file: string;
  directory: string;
  text: string;
  fields: Record<string, unknown>;
}

/**
 * Reads the kustomization of a directory and takes it into the bundle. Undefined: its text has to be read first.
 * Errors: `kustomization-missing-file`, `kustomization-invalid` naming file and line.
 */
export const readKustomization = (trace: Trace, directory: string, named: string): Kustomization | undefined => {
  const present = KUSTOMIZATION_NAMES.map((name) => (directory === '' ? name : `${directory}/${name}`)).filter((file) =>
    isFile(takeFile(trace, file)),
  );
  const [file, second] = present;
  if (file === undefined) {
    if (trace.wanted.size > 0) return undefined;
    throw fail('kustomization-missing-file', `${named}: no kustomization.yaml in ${directory || 'the root'}`);
  }
  if (second !== undefined)
    throw fail('kustomization-invalid', `${directory}: holds both ${file} and ${second}`, { file });
  const entry = locate(trace, file);
  const text = typeof entry === 'string' ? undefined : readText(trace, entry);
  return text === undefined ? undefined : { file, directory, text, fields: parse(file, text) };
};

const isFile = (found: ReturnType<typeof locate>): boolean => typeof found !== 'string' && found.mode !== 'directory';

const parse = (file: string, text: string): Record<string, unknown> => {
  const { documents, problem } = readYaml(text, { duplicates: 'last' });
  if (problem) {
    throw fail('kustomization-invalid', `${file}:${problem.line}: ${problem.reason}`, { file, line: problem.line });
  }
  const [document, second] = documents;
  if (second)
    throw fail('kustomization-invalid', `${file}:${second.line}: a second document`, { file, line: second.line });
  const value = document?.value ?? {};
  if (!isFields(value)) throw fail('kustomization-invalid', `${file}:1: not a mapping`, { file, line: 1 });
  return value;
};

/** The line of a kustomization on which a value stands; 1 where it is not found as written. */
export const lineOf = (text: string, value: string): number => {
  const at = text.indexOf(value);
  return at < 0 ? 1 : text.slice(0, at).split('\n').length;
};

/** The texts of a field that is a list of them, or one. */
export const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');

/** The mappings of a field that is a list of them, or one. */
export const mappingsOf = (value: unknown): Record<string, unknown>[] =>
  (Array.isArray(value) ? value : [value]).filter(isFields);

/** An entry of a kustomization that is read from elsewhere: a URL, an scp-like address, `github.com/owner/repo`. */
export const isRemote = (entry: string): boolean => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry) || entry.startsWith('git::') || /^[\w.-]+@[\w.-]+:/.test(entry))
    return true;
  if (/[?&](?:ref|version)=/.test(entry)) return true;
  return /^(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|gitea\.com|dev\.azure\.com)[/:]/i.test(entry);
};

/** A path that a kustomization names, relative to the repository. Errors: `path-escapes` naming file and line. */
export const resolveEntry = (kustomization: Kustomization, field: string, entry: string): string => {
  const path = entry.startsWith('/') ? undefined : joinPath(kustomization.directory, entry);
  if (path !== undefined) return path;
  const line = lineOf(kustomization.text, entry);
  const where = `${kustomization.file}:${line}: ${field}: ${entry}`;
  throw fail('path-escapes', `${where} leads out of the repository`, { file: kustomization.file, line });
};
