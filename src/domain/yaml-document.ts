import { type Document, isMap, isNode, isPair, LineCounter, parseAllDocuments } from 'yaml';
import type { Problem } from './problem.ts';

export type Path = readonly (string | number)[];

/** One document of a YAML file: its value, and the line on which each of its fields stands. */
export interface YamlDocument {
  value: unknown;
  /** Line (from 1) of the field at `path`, or of the nearest field above it that is there. */
  lineOf(path: Path): number;
}

const MAX_ALIASES = 100;

/** Reads all documents of a YAML (or JSON) file. A syntax error is a problem with its line; the other documents count. */
export const readYaml = (file: string, text: string): { documents: YamlDocument[]; problems: Problem[] } => {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, merge: true, version: '1.2' });
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const [error] = document.errors;
    if (error) problems.push(syntaxProblem(file, lines.linePos(error.pos[0]).line, error.message));
    else readDocument(document, lines, file, documents, problems);
  }
  return { documents, problems };
};

const readDocument = (
  document: Document.Parsed,
  lines: LineCounter,
  file: string,
  documents: YamlDocument[],
  problems: Problem[],
): void => {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (value === null || value === undefined) return;
    documents.push({ value, lineOf: (path) => lineOf(document, lines, path) });
  } catch (error) {
    const start = document.contents?.range[0] ?? 0;
    problems.push(
      syntaxProblem(file, lines.linePos(start).line, error instanceof Error ? error.message : String(error)),
    );
  }
};

const syntaxProblem = (file: string, line: number, message: string): Problem => ({
  severity: 'error',
  code: 'yaml-invalid',
  file,
  line,
  field: '',
  message: `not valid YAML: ${message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`,
});

const lineOf = (document: Document.Parsed, lines: LineCounter, path: Path): number => {
  for (let length = path.length; length > 0; length--) {
    const offset = offsetOf(document, path.slice(0, length));
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return lines.linePos(document.contents?.range[0] ?? 0).line;
};

/** Where the field's key stands (its value, in a list). */
const offsetOf = (document: Document.Parsed, path: Path): number | undefined => {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && isNode(item.key) && item.key.toJSON() === last);
    return isPair(pair) && isNode(pair.key) ? pair.key.range?.[0] : undefined;
  }
  const node: unknown = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
};

/** `spec.sources[1].helm.valueFiles`. */
export const fieldText = (path: Path): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
