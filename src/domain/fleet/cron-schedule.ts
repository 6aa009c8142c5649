import { Cron } from 'croner';

/** A schedule's opening times, in the wall time of whatever zone the dates passed in stand for. */
export interface CronSchedule {
  /** The first time strictly after `after`; undefined where there is none (30 February). */
  next(after: Date): Date | undefined;
  /** The last time strictly before `before`; undefined where there is none. */
  last(before: Date): Date | undefined;
}

interface Field {
  name: string;
  min: number;
  max: number;
  names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 6, names: DAYS },
];

const schedules = new Map<string, CronSchedule | { error: string }>();

/**
 * Reads five cron fields by the rules of Argo CD's parser, which are narrower than most: Sunday is 0 and never 7, `?` is
 * `*`, ranges do not wrap, no `@daily`, no `L`, `W` or `#`. Day of month and day of week are either-or where neither is `*`.
 * `error` says what is wrong. Source: https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format
 */
export const parseCron = (text: string): CronSchedule | { error: string } => {
  const known = schedules.get(text);
  if (known) return known;
  const read = readSchedule(text);
  if (schedules.size > 1000) schedules.clear();
  schedules.set(text, read);
  return read;
};

const readSchedule = (text: string): CronSchedule | { error: string } => {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    return { error: `cannot parse schedule '${text}': expected 5 fields (minute hour day month weekday)` };
  }
  const fields: string[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const values = readField(parts[index] ?? '', field);
    if (typeof values !== 'string') return { error: `cannot parse schedule '${text}': ${values.error}` };
    fields.push(values);
  }
  // Every field is spelled out as a list, so that nothing is left to the library's own reading of it.
  const cron = new Cron(fields.join(' '), { mode: '5-part', timezone: 'UTC', paused: true });
  return { next: (after) => cron.nextRun(after) ?? undefined, last: (before) => cron.previousRuns(1, before)[0] };
};

/** `*` or the list of all values of a field. */
const readField = (text: string, field: Field): string | { error: string } => {
  const values = new Set<number>();
  let isAny = false;
  // Empty parts count for nothing, as in Argo CD's parser.
  const parts = text.split(',').filter((part) => part !== '');
  if (parts.length === 0) return { error: `"${text}" is no ${field.name}` };
  for (const part of parts) {
    const range = readRange(part, field);
    if ('error' in range) return range;
    isAny ||= range.isAny;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return isAny ? '*' : [...values].sort((a, b) => a - b).join(',');
};

const RANGE = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/;

const readRange = (
  text: string,
  field: Field,
): { from: number; to: number; step: number; isAny: boolean } | { error: string } => {
  const match = RANGE.exec(text);
  if (!match) return { error: `"${text}" is no ${field.name}` };
  const [, any, first, last, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  const from = any ? field.min : numberOf(first, field);
  const open = any !== undefined || (last === undefined && stepText !== undefined);
  const to = open ? field.max : last === undefined ? from : numberOf(last, field);
  const isIn = from !== undefined && to !== undefined && from >= field.min && to <= field.max && from <= to;
  if (!isIn || step === 0) return { error: `"${text}" is no ${field.name} (${field.min} to ${field.max})` };
  return { from, to, step, isAny: any !== undefined && step === 1 };
};

const numberOf = (text: string | undefined, { names, min }: Field): number | undefined => {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const index = names.indexOf(text.toLowerCase());
  return index < 0 ? undefined : index + min;
};
