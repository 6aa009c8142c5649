import { load, YAMLException } from 'js-yaml';
import { MANIFEST_SCHEMA } from './yaml-scalars.ts';

/** One document of a YAML text; `line` counts from 1 and is where the document starts. */
export interface YamlDocument {
  value: unknown;
  line: number;
}

export interface YamlProblem {
  reason: string;
  line: number;
}

export interface YamlLimits {
  /** Nodes of all documents together, aliases counted as often as they are named. */
  nodes: number;
  depth: number;
  documents: number;
}

/** What one source's manifests may amount to. */
export const MANIFEST_LIMITS: YamlLimits = { nodes: 2_000_000, depth: 500, documents: 10_000 };

/** A key named twice: `reject` it, or let the `last` one win as kubectl does (charts are full of them). */
export type Duplicates = 'reject' | 'last';

/**
 * Reads every document of a YAML text; empty and null documents are left out. Documents before a fault are given with
 * it. Typed as kubectl does it; anchors, depth, and number of nodes are bounded by `limits`.
 */
export const readYaml = (
  text: string,
  { duplicates = 'reject', limits = MANIFEST_LIMITS }: { duplicates?: Duplicates; limits?: YamlLimits } = {},
): { documents: YamlDocument[]; problem?: YamlProblem } => {
  const documents: YamlDocument[] = [];
  const budget = { nodes: limits.nodes };
  const starts = startsIn(text, limits.documents);
  if (starts.length > limits.documents) return { documents, problem: tooMany(limits.documents) };
  for (const { chunk, line } of splitDocuments(text, starts)) {
    const read = readOne(chunk, line, { duplicates, depth: limits.depth });
    if ('problem' in read) return { documents, problem: read.problem };
    if (read.value === null || read.value === undefined) continue;
    const excess = exceeds(read.value, limits.depth, budget);
    if (excess) return { documents, problem: { reason: excess, line } };
    documents.push({ value: read.value, line: line + blankLines(chunk) });
  }
  return { documents };
};

const tooMany = (documents: number): YamlProblem => ({ reason: `more than ${documents} documents`, line: 1 });

const SEPARATOR = /^---(?=[ \t\r\n]|$)/gm;

/** Where documents start; one more than `most` is enough to know. */
const startsIn = (text: string, most: number): number[] => {
  const starts: number[] = [];
  for (const { index } of text.matchAll(SEPARATOR)) {
    starts.push(index);
    if (starts.length > most) break;
  }
  return starts;
};

/** Cuts at lines that start with `---`, which no content of a document can. */
const splitDocuments = (text: string, starts: readonly number[]): { chunk: string; line: number }[] => {
  if (starts.length === 0) return [{ chunk: text, line: 1 }];
  const chunks: { chunk: string; line: number }[] = [];
  let line = 1;
  const head = text.slice(0, starts[0]);
  if (!isOnlyDirectives(head)) chunks.push({ chunk: head, line });
  line += newlines(head);
  for (const [index, start] of starts.entries()) {
    const chunk = text.slice(start, starts[index + 1]);
    chunks.push({ chunk, line });
    line += newlines(chunk);
  }
  return chunks;
};

const isOnlyDirectives = (text: string): boolean => text.split('\n').every((line) => /^\s*$|^\s*#|^%/.test(line));

const newlines = (text: string): number => {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
};

/** Lines before the first that is neither blank, a comment nor the bare separator. */
const blankLines = (chunk: string): number => {
  const blank = /(?:---)?[ \t]*(?:#.*)?\r?\n/y;
  let lines = 0;
  while (blank.test(chunk)) lines += 1;
  return lines;
};

/** A reason may quote the text, and a name in it may have a million characters. */
const REASON_LENGTH = 300;

const readOne = (
  chunk: string,
  line: number,
  { duplicates, depth }: { duplicates: Duplicates; depth: number },
): { value: unknown } | { problem: YamlProblem } => {
  try {
    return { value: load(chunk, { schema: MANIFEST_SCHEMA, json: duplicates === 'last', maxDepth: depth }) };
  } catch (error) {
    if (error instanceof YAMLException) {
      return { problem: { reason: error.reason.slice(0, REASON_LENGTH), line: line + (error.mark?.line ?? 0) } };
    }
    if (error instanceof RangeError) return { problem: { reason: 'nested too deep, or a number out of range', line } };
    throw error;
  }
};

/** Says what of a parsed value is too much; undefined: nothing. */
export const excessOf = (value: unknown, { depth, nodes }: YamlLimits = MANIFEST_LIMITS): string | undefined =>
  exceeds(value, depth, { nodes });

/** Counts what an alias names each time, as writing it out as JSON would. */
const exceeds = (value: unknown, depth: number, budget: { nodes: number }): string | undefined => {
  budget.nodes -= 1;
  if (budget.nodes < 0) return 'too many values (anchors and aliases included)';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === 0) return 'nested too deep';
  for (const child of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof child === 'number' && !Number.isFinite(child)) return 'a number is out of range';
    if (typeof child !== 'object' || child === null) {
      budget.nodes -= 1;
      continue;
    }
    const excess = exceeds(child, depth - 1, budget);
    if (excess) return excess;
  }
  return undefined;
};
