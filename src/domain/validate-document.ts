import * as v from 'valibot';
import type { Problem } from './problem.ts';
import { fieldText, type Path, type YamlDocument } from './yaml-document.ts';

type Schema = v.GenericSchema;

/**
 * Checks one document against a schema. Wrong values are errors with file, line, field, value and what is allowed;
 * fields that the schema does not know are warnings with the name that was probably meant.
 */
export const validateDocument = <S extends Schema>(
  schema: S,
  document: YamlDocument,
  file: string,
): { output?: v.InferOutput<S>; problems: Problem[] } => {
  const at = (path: Path) => ({ file, line: document.lineOf(path), field: fieldText(path) });
  const unknown = unknownFields(schema, document.value, []).map(
    ({ path, meant }): Problem => ({
      severity: 'warning',
      code: 'field-unknown',
      ...at(path),
      message: `this field is not known and does nothing${meant ? `; did you mean ${meant}?` : ''}`,
    }),
  );
  const result = v.safeParse(schema, document.value);
  if (result.success) return { output: result.output, problems: unknown };
  const invalid = result.issues.map((issue): Problem => {
    const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
    return { severity: 'error', code: 'field-invalid', ...at(path), message: issueText(issue) };
  });
  return { problems: [...invalid, ...unknown] };
};

const issueText = (issue: v.BaseIssue<unknown>): string => {
  if (issue.received === 'undefined') return 'is missing: give it a value';
  if (issue.kind === 'schema') return `must be ${issue.expected}, not ${shown(issue.input)}`;
  return `${issue.message} (it is ${shown(issue.input)})`;
};

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema below `optional`, `pipe` and the like. */
const unwrap = (schema: Schema): Schema => {
  if ('wrapped' in schema) return unwrap(schema.wrapped as Schema);
  if ('pipe' in schema && Array.isArray(schema.pipe) && schema.pipe[0] !== schema)
    return unwrap(schema.pipe[0] as Schema);
  return schema;
};

const unknownFields = (schema: Schema, value: unknown, path: Path): { path: Path; meant?: string }[] => {
  const inner = unwrap(schema);
  if ('item' in inner && Array.isArray(value)) {
    return value.flatMap((one, index) => unknownFields(inner.item as Schema, one, [...path, index]));
  }
  if (!('entries' in inner) || !isRecord(value)) return [];
  const entries = inner.entries as Record<string, Schema>;
  return Object.keys(value).flatMap((key) => {
    const known = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (known) return unknownFields(known, value[key], [...path, key]);
    const meant = nearest(key, Object.keys(entries));
    return [{ path: [...path, key], ...(meant ? { meant } : {}) }];
  });
};

/** The known name closest to `name`, if it is close enough to be a slip. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  const ranked = known.map((one) => ({ one, distance: distance(name.toLowerCase(), one.toLowerCase()) }));
  const best = ranked.toSorted((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.one : undefined;
};

/** Levenshtein's distance. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};
