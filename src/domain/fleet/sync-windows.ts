import { parseGoDuration } from '../go-duration.ts';
import { parseCron } from './cron-schedule.ts';
import { matchGlob } from './glob.ts';
import type { SyncWindow } from './project.ts';

/** What a window is matched against: the application's name and destination. */
export interface WindowSubject {
  name: string;
  destination: { server?: string; name?: string; namespace?: string };
}

export interface WindowsFound {
  windows: SyncWindow[];
  /** What makes windows unreadable (bad schedule or duration); such windows are in neither list. */
  errors: string[];
}

/**
 * The windows that concern an application: by application, cluster or namespace, or by all of those that are given where
 * `andOperator` is set. A window that names none of them concerns nobody.
 * Source: https://argo-cd.readthedocs.io/en/stable/user-guide/sync_windows/
 */
export const matchingWindows = (windows: readonly SyncWindow[], { name, destination }: WindowSubject): SyncWindow[] => {
  const anyOf = (patterns: readonly string[] | undefined, ...values: (string | undefined)[]): boolean | undefined =>
    patterns?.length
      ? patterns.some((pattern) => values.some((value) => value && matchGlob(pattern, value)))
      : undefined;
  return windows.filter(({ applications, clusters, namespaces, andOperator }) => {
    const results = [
      anyOf(applications, name),
      anyOf(clusters, destination.server, destination.name),
      namespaces?.length ? namespaces.some((one) => matchGlob(one, destination.namespace ?? '')) : undefined,
    ].filter((result) => result !== undefined);
    return andOperator ? results.length > 0 && results.every(Boolean) : results.some(Boolean);
  });
};

/** What is wrong with a window's kind, schedule or duration; undefined: nothing. A zone that nobody knows is UTC. */
export const windowError = (window: SyncWindow): string | undefined => {
  if (window.kind !== 'allow' && window.kind !== 'deny') {
    return `kind '${String(window.kind)}' mismatch: can only be allow or deny`;
  }
  const opening = readWindow(window, new Date(0));
  return 'error' in opening ? opening.error : undefined;
};

interface Opening {
  /** The zone's offset from UTC in milliseconds, as of `clock`. */
  offset: number;
  duration: number;
  next(after: Date): Date | undefined;
  last(before: Date): Date | undefined;
}

const readWindow = ({ schedule, duration, timeZone }: SyncWindow, clock: Date): Opening | { error: string } => {
  const cron = parseCron(schedule ?? '');
  if ('error' in cron) return cron;
  const length = parseGoDuration(duration ?? '');
  if (length === undefined) return { error: `cannot parse duration '${duration}': write it as 30m or 1h30m` };
  // A zone that cannot be read is UTC, as in Argo CD.
  return { offset: zoneOffset(timeZone, clock) ?? 0, duration: length, next: cron.next, last: cron.last };
};

const formats = new Map<string, Intl.DateTimeFormat>();

const zoneOffset = (zone: string | undefined, at: Date): number | undefined => {
  if (!zone || zone === 'UTC') return 0;
  try {
    const format =
      formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formats.set(zone, format);
    const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?/.exec(name) ?? [];
    const offset = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000;
    return sign === '-' ? -offset : offset;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/**
 * Whether a window is open at `at`: it opened within its duration before then. The zone's offset is today's (`clock`), also
 * where `at` lies on the other side of a change to summer time: so Argo CD does it.
 */
const isOpen = ({ offset, duration, next }: Opening, at: Date): boolean => {
  const wall = at.getTime() + offset;
  const opened = next(new Date(wall - duration));
  return opened !== undefined && opened.getTime() < wall;
};

const select = (
  windows: readonly SyncWindow[],
  at: Date,
  clock: Date,
  wanted: (window: SyncWindow, open: boolean) => boolean,
): WindowsFound => {
  const found: WindowsFound = { windows: [], errors: [] };
  for (const window of windows) {
    const opening = readWindow(window, clock);
    if ('error' in opening) found.errors.push(opening.error);
    else if (wanted(window, isOpen(opening, at))) found.windows.push(window);
  }
  return found;
};

/** The windows that are open at `at` (`clock`: the present time, where that is another). */
export const activeWindows = (windows: readonly SyncWindow[], at: Date, clock = at): WindowsFound =>
  select(windows, at, clock, (_window, open) => open);

/** The windows of kind allow that are closed at `at`. */
export const inactiveAllows = (windows: readonly SyncWindow[], at: Date, clock = at): WindowsFound =>
  select(
    windows.filter(({ kind }) => kind === 'allow'),
    at,
    clock,
    (_window, open) => !open,
  );

export interface WindowQuestion {
  now: Date;
  /** Somebody asked for this sync; automated syncs are not. */
  isManual: boolean;
  /** When the operation began, for one that is under way. */
  startedAt?: Date;
}

/** Whether the windows let a sync go on, and if not, why: for people. `error`: a window cannot be read, so nothing may sync. */
export type WindowDecision = { allowed: true } | { allowed: false; reason: string; error?: true };

/**
 * Decides over the windows that concern an application (`matchingWindows`). Open deny windows block, unless all of them let
 * manual syncs through; else an open allow window permits; else closed allow windows block in the same way. A sync that
 * began when it was allowed may go on where all the windows that block it now have `syncOverrun`.
 */
export const canSync = (windows: readonly SyncWindow[], question: WindowQuestion): WindowDecision =>
  decide(windows, question, question.now);

const decide = (windows: readonly SyncWindow[], question: WindowQuestion, clock: Date): WindowDecision => {
  if (windows.length === 0) return { allowed: true };
  const { now } = question;
  const active = activeWindows(windows, now, clock);
  const closed = inactiveAllows(windows, now, clock);
  const [error] = [...active.errors, ...closed.errors];
  if (error !== undefined) return { allowed: false, reason: `sync window: ${error}`, error: true };
  const denies = active.windows.filter(({ kind }) => kind === 'deny');
  const isAllowed = active.windows.some(({ kind }) => kind === 'allow');
  const blocking = denies.length > 0 ? denies : isAllowed ? [] : closed.windows;
  if (blocking.length === 0 || mayPass(windows, blocking, question, clock)) return { allowed: true };
  return { allowed: false, reason: reasonOf(blocking) };
};

const mayPass = (
  windows: readonly SyncWindow[],
  blocking: readonly SyncWindow[],
  { isManual, startedAt }: WindowQuestion,
  clock: Date,
): boolean => {
  if (isManual && blocking.every(({ manualSync }) => manualSync)) return true;
  if (!startedAt || !blocking.every(({ syncOverrun }) => syncOverrun)) return false;
  return decide(windows, { now: startedAt, isManual }, clock).allowed;
};

const reasonOf = (blocking: readonly SyncWindow[]): string => {
  const [first] = blocking;
  const which = blocking.map(
    ({ schedule, duration, timeZone }) => `"${schedule}" for ${duration} ${zoneText(timeZone)}`,
  );
  return first?.kind === 'deny' ? `in a deny window: ${which[0]}` : `outside its allow windows: ${which.join(', ')}`;
};

/** Whether a time zone is one; a window without one is in UTC. */
export const isTimeZone = (zone: string | undefined): boolean => zoneOffset(zone, new Date(0)) !== undefined;

const zoneText = (zone: string | undefined): string => {
  if (!zone) return 'UTC';
  return isTimeZone(zone) ? zone : `UTC ("${zone}" is no time zone)`;
};

/** Times looked at, and overlapping openings of one window. */
const MAX_TIMES = 1000;
const MAX_OVERLAPS = 500;

/**
 * The first time after `now` at which the windows let a sync begin; `now` itself if they do already. Undefined: not in
 * sight (a window cannot be read, or never opens).
 */
export const nextOpening = (
  windows: readonly SyncWindow[],
  question: Omit<WindowQuestion, 'startedAt'>,
): Date | undefined => {
  let { now } = question;
  for (let tries = 0; tries < MAX_TIMES; tries++) {
    const decision = canSync(windows, { now, isManual: question.isManual });
    if (decision.allowed) return now;
    const after = decision.error ? undefined : earliestAfter(windows, { ...question, now });
    if (after === undefined) return undefined;
    now = after;
  }
  return undefined;
};

/** Before that nothing can begin: all denying windows have to close, else an allowing one has to open. */
const earliestAfter = (windows: readonly SyncWindow[], { now, isManual }: WindowQuestion): Date | undefined => {
  const denies = activeWindows(windows, now).windows.filter(
    ({ kind, manualSync }) => kind === 'deny' && !(isManual && manualSync),
  );
  const times = (denies.length > 0 ? denies : inactiveAllows(windows, now).windows).map((window) => {
    const opening = readWindow(window, now);
    if ('error' in opening) return undefined;
    const wall = now.getTime() + opening.offset;
    const change = window.kind === 'deny' ? closingOf(opening, wall) : openingAfter(opening, wall);
    return change === undefined ? undefined : change - opening.offset;
  });
  const known = times.filter((time) => time !== undefined);
  if (denies.length > 0) return known.length < times.length ? undefined : new Date(Math.max(...known));
  return known.length === 0 ? undefined : new Date(Math.min(...known));
};

/** A window is open from the second after its schedule's time. */
const openingAfter = ({ next }: Opening, wall: number): number | undefined => {
  const opens = next(new Date(wall))?.getTime();
  return opens === undefined ? undefined : opens + 1000;
};

/**
 * When an open window closes: a freeze written as "every minute, for 24 hours" opens again long before, so this goes from
 * the end of its last opening to that of the last one before then. Undefined: it does not, as far as anybody looks.
 */
const closingOf = ({ duration, last }: Opening, wall: number): number | undefined => {
  let closes = wall;
  for (let overlaps = 0; overlaps < MAX_OVERLAPS; overlaps++) {
    const opened = last(new Date(closes))?.getTime();
    if (opened === undefined || opened + duration <= closes) return closes;
    closes = opened + duration;
  }
  return undefined;
};
