import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its ended children have cost so far. */
export interface Cost {
  cpuSeconds: number;
  /** Most memory it ever held. */
  peakMiB: number;
}

const TICKS_PER_SECOND = 100;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** A process's cost as Linux counts it; nothing where there is no /proc or no such process. */
export const costOf = (pid: number | 'self'): Cost => {
  // The second field may hold blanks and brackets: what follows the last bracket is in order.
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const peak = /VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? '0';
  return { cpuSeconds: ticks / TICKS_PER_SECOND, peakMiB: Number(peak) / 1_024 };
};

/** Ids of the processes whose command line holds a text. */
export const processesWith = (text: string): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && read(`/proc/${pid}/cmdline`).includes(text));

/** Ids of the children of this process, by a text of their command lines. */
export const childrenWith = (text: string): number[] =>
  processesWith(text).filter((pid) => read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[1] === `${process.pid}`);
