import type { Log } from '../../src/ports/log.ts';

export interface LogEntry {
  level: keyof Log;
  message: string;
  fields: Record<string, unknown>;
}

/** A `Log` that keeps its entries, so that a test can say what was logged, how often, and what never. */
export const createMemoryLog = (): Log & { entries: LogEntry[] } => {
  const entries: LogEntry[] = [];
  const write =
    (level: keyof Log) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      entries.push({ level, message, fields });
    };
  return { entries, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
};
