import type { AppProject } from './project.ts';
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
  const opens = decision.error ? undefined : nextOpening(windows, { now, isManual });
  if (!opens) return { message: decision.reason };
  return {
    message: `${decision.reason}; opens ${opens.toISOString().replace(/:\d\d\.\d+Z$/, 'Z')}`,
    opensAt: opens.getTime(),
  };
};
