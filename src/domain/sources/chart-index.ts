import { newestMatching, parseVersion } from '../semver-constraint.ts';
import { isFields } from './objects.ts';
import { readYaml } from './yaml-documents.ts';

/** One version of a chart in a Helm repository's index. */
export interface IndexEntry {
  version: string;
  /** SHA-256 of the archive, hex; not every repository tells it. */
  digest?: string;
  url: string;
}

/**
 * The versions of one chart in the text of an `index.yaml` (or the same as JSON). Only the chart's own part is parsed: an
 * index has tens of megabytes. `reason`: the index cannot be read.
 */
export const readIndex = (text: string, chart: string): IndexEntry[] | { reason: string } => {
  const part = partOf(text, chart);
  if (part === undefined) return [];
  const { documents, problem } = readYaml(part, { duplicates: 'last' });
  if (problem) return { reason: `line ${problem.line} of chart ${chart}: ${problem.reason}` };
  const root = documents[0]?.value;
  const entries = isFields(root) && isFields(root.entries) ? root.entries[chart] : undefined;
  return Array.isArray(entries) ? entries.flatMap(entryOf) : [];
};

/** The document with this chart's entries alone; as a whole where it is not laid out as Helm writes it. */
const partOf = (text: string, chart: string): string | undefined => {
  if (!/^entries:\s*$/m.test(text)) return text;
  const name = chart.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const start = new RegExp(`^ {2}["']?${name}["']?:[ \\t]*\\r?$`, 'm').exec(text);
  if (!start) return undefined;
  const rest = text.slice(start.index + start[0].length);
  const end = /^(?: {2})?[^\s#-]/m.exec(rest);
  return `entries:\n${start[0]}${end ? rest.slice(0, end.index) : rest}`;
};

const entryOf = (entry: unknown): IndexEntry[] => {
  if (!isFields(entry)) return [];
  const { version, digest, urls } = entry;
  const url: unknown = Array.isArray(urls) ? urls[0] : undefined;
  if ((typeof version !== 'string' && typeof version !== 'number') || typeof url !== 'string') return [];
  const hex = typeof digest === 'string' ? digest.replace(/^sha256:/, '').toLowerCase() : '';
  return [{ version: String(version), url, ...(/^[0-9a-f]{64}$/.test(hex) ? { digest: hex } : {}) }];
};

/**
 * The version that a `targetRevision` means: the one that is spelt so (with or without `v`), else the newest in the range
 * by Masterminds' rules; empty is the newest of all. Undefined: none.
 */
export const pickVersion = (versions: readonly string[], wanted: string): string | undefined => {
  const range = wanted.trim() === '' ? '*' : wanted.trim();
  const plain = (version: string): string => version.replace(/^v/, '');
  return (
    versions.find((version) => version === range) ??
    versions.find((version) => plain(version) === plain(range)) ??
    newestMatching(versions, range)
  );
};

/** Whether a `targetRevision` names one version and no range: `1.2.3`, `v1.2.3-rc.1`; `1.2` is a range. */
export const isExactVersion = (wanted: string): boolean =>
  /^v?\d+\.\d+\.\d+/.test(wanted) && parseVersion(wanted) !== undefined;
