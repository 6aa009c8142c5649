import { stableText } from '../stable-digest.ts';
import type { AppProject, SyncWindow } from './project.ts';
import { canSync, matchingWindows, nextOpening, type WindowQuestion, type WindowSubject } from './sync-windows.ts';

/** Why a sync has to wait: for people, and until when (ms), where that is in sight. */
export interface WindowHold {
  message: string;
  opensAt?: number;
}

/** What the project's sync windows say against a sync of this application now; undefined: nothing. */
export const windowHold = (
  project: Pick<AppProject, 'syncWindows'>,
  subject: WindowSubject,
  question: WindowQuestion,
): WindowHold | undefined => {
  const windows = matchingWindows(project.syncWindows, subject);
  const decision = canSync(windows, question);
  if (decision.allowed) return undefined;
  const { now, isManual } = question;
  const opens = decision.error ? undefined : openingOf(windows, { now, isManual });
  if (!opens) return { message: decision.reason };
  return {
    message: `${decision.reason}; opens ${opens.toISOString().replace(/:\d\d\.\d+Z$/, 'Z')}`,
    opensAt: opens.getTime(),
  };
};

interface KnownOpening {
  from: number;
  until: number;
  opens: Date | undefined;
}

const KNOWN_FOR_MS = 3_600_000;
const KNOWN_AT_MOST = 100;
const openings = new Map<string, KnownOpening>();

/**
 * A freeze written as "every minute, for 24 hours" takes a second to look through, holds a whole project's applications, and
 * each looks again and again: until it opens the answer stays the same. For an hour, as a zone's offset may change.
 */
const openingOf = (windows: readonly SyncWindow[], question: Pick<WindowQuestion, 'now' | 'isManual'>) => {
  const now = question.now.getTime();
  const key = stableText({ windows, isManual: question.isManual });
  const known = openings.get(key);
  if (known && known.from <= now && now < known.until) return known.opens;
  const opens = nextOpening(windows, question);
  if (openings.size >= KNOWN_AT_MOST) openings.clear();
  openings.set(key, { from: now, until: Math.min(now + KNOWN_FOR_MS, opens?.getTime() ?? Infinity), opens });
  return opens;
};
