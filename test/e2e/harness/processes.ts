import { readdirSync, readFileSync } from 'node:fs';

interface ProcessEntry {
  pid: number;
  parent: number;
  /** Jiffies since boot: with the pid it names one process for good. */
  started: string;
  command: string;
}

/** Every process of this machine; undefined where there is no /proc (the checks that need it are left out there). */
const readProcesses = (): ProcessEntry[] | undefined => {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(readProcess);
  } catch {
    return undefined;
  }
};

const readProcess = (pid: string): ProcessEntry[] => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return [];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return [{ pid: Number(pid), parent: Number(parent), started: rest[17] ?? '', command }];
  } catch {
    return []; // Gone meanwhile.
  }
};

/** A process and all that descends from it, as `pid started` of each. */
export const familyOf = (pid: number): Set<string> => {
  const all = readProcesses() ?? [];
  const family = new Set([pid]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const one of all) if (family.has(one.parent)) family.add(one.pid);
  }
  return new Set(all.filter((one) => family.has(one.pid)).map(keyOf));
};

const keyOf = ({ pid, started }: ProcessEntry): string => `${pid} ${started}`;

/** Commands of those that still live: of a family seen before, or, if one is given, that name a state directory. */
export const survivors = (family: ReadonlySet<string>, stateDir?: string): string[] =>
  (readProcesses() ?? [])
    .filter((one) => family.has(keyOf(one)) || (stateDir && one.command.includes(stateDir) && one.pid !== process.pid))
    .map(({ pid, command }) => `${pid} ${command}`);
