import {
  type Document,
  isMap,
  isNode,
  isPair,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type ScalarTag,
  visit,
} from 'yaml';
import type { Problem } from './problem.ts';

export type Path = readonly (string | number)[];

/** One object of a YAML file: its value, and where each of its fields stands. */
export interface YamlDocument {
  value: unknown;
  /** Where the object stands in its document: empty, or `items[n]` of a List. */
  base: Path;
  /** Line and column (from 1) of the field at `path`, or of the nearest field above it that is there. */
  placeOf(path: Path): { line: number; column: number };
  /** The line alone. */
  lineOf(path: Path): number;
}

const MAX_ALIASES = 100;

/** Plain scalars that kubectl reads as YAML 1.1 has them (sources/yaml-scalars.ts: the same for manifests). */
const KUBERNETES_TAGS: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
    resolve: (text) => /^[yYoO][^fF]*$/.test(text),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0_*[0-7][0-7_]*$/,
    resolve: (text) => Number.parseInt(text.replaceAll('_', ''), 8),
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?$/,
    resolve: (text) => Number(text.replaceAll('_', '')),
  },
];

/**
 * Reads all documents of a YAML (or JSON) file; the items of a `kind: List` count as documents of their own. A syntax
 * error is a problem with its line, and the other documents count.
 */
export const readYaml = (file: string, text: string): { documents: YamlDocument[]; problems: Problem[] } => {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: true,
    merge: true,
    version: '1.2',
    logLevel: 'error',
    customTags: (tags) => [...KUBERNETES_TAGS, ...tags],
  });
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const [error] = document.errors;
    const read = error
      ? { position: error.pos[0], message: error.message }
      : (mappingAsKey(document) ?? valueOf(document));
    if ('message' in read) problems.push(syntaxProblem(file, lines.linePos(read.position), read.message));
    else if (read.value !== null && read.value !== undefined) documents.push(...objectsOf(document, lines, read.value));
  }
  return { documents, problems };
};

/** The document as plain data; fails on what would blow up (aliases by the thousand). */
const valueOf = (document: Document.Parsed): { value: unknown } | { position: number; message: string } => {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { position: danglingAlias(document) ?? document.contents?.range[0] ?? 0, message: error.message };
  }
};

/** A mapping or list as the name of a field: what is left of a template without quotes. */
const mappingAsKey = (document: Document.Parsed): { position: number; message: string } | undefined => {
  let position: number | undefined;
  visit(document, {
    Pair: (_key, { key }) => {
      if (!isMap(key) && !isSeq(key)) return undefined;
      position = key.range?.[0];
      return visit.BREAK;
    },
  });
  if (position === undefined) return undefined;
  return { position, message: 'a mapping or list stands where the name of a field belongs; put {{ … }} in quotes' };
};

/** Where the first alias without an anchor before it stands. */
const danglingAlias = (document: Document.Parsed): number | undefined => {
  const anchors = new Set<string>();
  let found: number | undefined;
  visit(document, {
    Value: (_key, { anchor }) => void (anchor !== undefined && anchors.add(anchor)),
    Alias: (_key, { source, range }) => {
      if (anchors.has(source)) return undefined;
      found = range?.[0];
      return visit.BREAK;
    },
  });
  return found;
};

const objectsOf = (document: Document.Parsed, lines: LineCounter, value: unknown): YamlDocument[] => {
  const objectAt = (base: Path, one: unknown): YamlDocument => {
    const placeOf = (path: Path) => place(document, lines, [...base, ...path]);
    return { value: one, base, placeOf, lineOf: (path) => placeOf(path).line };
  };
  const items = itemsOf(value);
  return items ? items.map((item, index) => objectAt(['items', index], item)) : [objectAt([], value)];
};

const itemsOf = (value: unknown): unknown[] | undefined => {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('items' in value)) return undefined;
  return String(value.kind).endsWith('List') && Array.isArray(value.items) ? value.items : undefined;
};

const syntaxProblem = (file: string, { line, col }: { line: number; col: number }, message: string): Problem => ({
  severity: 'error',
  code: 'yaml-invalid',
  file,
  line,
  column: col,
  field: '',
  message: `not valid YAML: ${message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`,
});

const place = (document: Document.Parsed, lines: LineCounter, path: Path): { line: number; column: number } => {
  for (let length = path.length; length > 0; length--) {
    const offset = offsetOf(document, path.slice(0, length));
    if (offset !== undefined) return positionOf(lines, offset);
  }
  return positionOf(lines, document.contents?.range[0] ?? 0);
};

const positionOf = (lines: LineCounter, offset: number): { line: number; column: number } => {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
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

/** `spec.sources[1].helm.valueFiles`; a key that is no plain name is quoted: `labels["a.b/c"]`. */
export const fieldText = (path: Path): string =>
  path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[\w-]+$/.test(part)) return `["${part}"]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
