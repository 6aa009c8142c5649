/** One call of a use case to a port, as it is made. */
export interface PortCall {
  /** Calls are numbered from 1 over the whole run. */
  number: number;
  at: number;
  /** `plan`, `sync`, …: what the process is at. */
  process: string;
  port: string;
  method: string;
  args: readonly unknown[];
}

/**
 * What becomes of a call. `kill`: the process ends there, `before` the effect, `after` it but before the answer, or with
 * the effect landing later (`late`). `fail`: the caller is told an error, likewise. `lost-race`: a conditional write took
 * place, its answer was lost, and the client's own repetition found it done, which looks like another writer. `pause`: the
 * process stands still after the answer.
 */
export type Fate =
  | { kind: 'ok' }
  | { kind: 'kill'; when: 'before' | 'after' | 'late' }
  | { kind: 'fail'; when: 'before' | 'after'; error: Error }
  | { kind: 'lost-race' }
  | { kind: 'pause'; milliseconds: number };

export type DecideFate = (call: PortCall) => Fate;

export const OK: Fate = { kind: 'ok' };

/** Kills the process that makes call number `at`. */
export const killAt =
  (at: number, when: 'before' | 'after' | 'late'): DecideFate =>
  ({ number }) =>
    number === at ? { kind: 'kill', when } : OK;
