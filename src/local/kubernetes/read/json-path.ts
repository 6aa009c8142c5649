import { isRecord, listOf } from '../json.ts';

const stepPattern = /\.?([A-Za-z0-9_\-/~]+)|\[(\d+|\*)\]|\['([^']+)'\]|\[\?\(@\.([\w.]+)\s*==\s*["']([^"']*)["']\)\]/gy;

type Step = (values: unknown[]) => unknown[];

const field =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) => (isRecord(value) && value[name] !== undefined ? [value[name]] : []));

const stepOf = ([, plain, index, quoted, key, wanted]: RegExpExecArray): Step => {
  // A tilde stands for an escaped dot: no field name has one.
  const name = (plain ?? quoted)?.replaceAll('~', '.');
  if (name !== undefined) return field(name);
  if (index === '*') return (values) => values.flatMap(listOf);
  if (index !== undefined)
    return (values) => values.flatMap((value) => listOf(value).slice(Number(index), Number(index) + 1));
  return (values) => values.flatMap(listOf).filter((item) => isRecord(item) && String(item[key ?? '']) === wanted);
};

/**
 * Reads a printer column's JSON path: fields, indexes, `[*]` and `[?(@.type=="Ready")]`, the dots of a key escaped by a
 * backslash. Text of the first match; '' where there is none or the path says more than that.
 */
export const jsonPathText = (object: unknown, path: string): string => {
  const escaped = path.replaceAll('\\.', '~');
  let values: unknown[] = [object];
  stepPattern.lastIndex = 0;
  let read = 0;
  for (let match = stepPattern.exec(escaped); match; match = stepPattern.exec(escaped)) {
    values = stepOf(match)(values);
    read = stepPattern.lastIndex;
  }
  const [first] = values;
  if (read < escaped.length || first === undefined || first === null) return '';
  return isRecord(first) || Array.isArray(first) ? JSON.stringify(first) : String(first);
};
