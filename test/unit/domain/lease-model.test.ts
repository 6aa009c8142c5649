import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { updateRow } from '../../../src/app/update-row.ts';
import { holdsLease, LEASE_MS, type Lease, leaseIsFree, newLease } from '../../../src/domain/lease.ts';
import { createMemoryStore } from '../../fakes/memory-store.ts';

/** What a worker is at: it takes the lease, looks at the clock, writes, writes down that it did, acknowledges. */
type Stage = 'idle' | 'held' | 'cleared' | 'written' | 'done';
interface Worker {
  stage: Stage;
  fence: number;
  /** When it took the lease: the time limit counts from there. */
  since: number;
}
interface State {
  now: number;
  lease: Lease | undefined;
  fence: number;
  /** The highest fence that has written to the cluster. */
  written: number;
  stored: boolean;
  message: boolean;
  workers: Worker[];
}
interface Rules {
  leaseMs: number;
  checksLease: boolean;
  acknowledgesFirst: boolean;
  /** A worker may stand still before it looks at the clock, and its time limit with it; then it writes at once. */
  freezes: boolean;
  workers: number;
}

const TICK_MS = 60_000;
const LIMIT_MS = 120_000;
const HORIZON_MS = 4 * TICK_MS;
/** So often the lease is taken at most: enough for every worker to be late once. */
const MOST_TAKES = 3;

const take = (state: State, index: number, { leaseMs }: Rules): State | undefined => {
  if (state.fence >= MOST_TAKES) return undefined;
  if (!state.message || !leaseIsFree(state.lease, String(index), state.now)) return undefined;
  const lease = { ...newLease(String(index), state.now), until: state.now + leaseMs };
  const next = { ...state, lease, fence: state.fence + 1 };
  return at(next, index, { stage: 'held', fence: next.fence, since: state.now });
};

const at = (state: State, index: number, worker: Partial<Worker>): State => ({
  ...state,
  workers: state.workers.map((one, other) => (other === index ? { ...one, ...worker } : one)),
});

/** Everything that may happen next: a worker's step, its death, or time that passes. */
const nextStates = (state: State, rules: Rules): State[] => {
  const time = state.now < HORIZON_MS ? [{ ...state, now: state.now + TICK_MS }] : [];
  return [...time, ...state.workers.flatMap((worker, index) => stepsOf(state, worker, index, rules))];
};

const stepsOf = (state: State, worker: Worker, index: number, rules: Rules): State[] => {
  const { stage, fence, since } = worker;
  const dies = stage === 'idle' ? [] : [at(state, index, { stage: 'idle' })];
  const isOver = state.now - since >= (rules.freezes ? 1 : LIMIT_MS);
  switch (stage) {
    case 'idle': {
      const taken = take(state, index, rules);
      return taken ? [taken] : [];
    }
    case 'held': {
      const isHeld = holdsLease(state.lease, String(index), state.now);
      if (rules.checksLease && !isHeld) return dies;
      const acknowledged = rules.acknowledgesFirst ? { ...state, message: false } : state;
      return [...dies, at(acknowledged, index, { stage: 'cleared', since: rules.freezes ? state.now : since })];
    }
    case 'cleared':
      // Between the look at the clock and the write only the time limit protects.
      if (isOver) return dies;
      return [...dies, at({ ...state, written: Math.max(state.written, fence) }, index, { stage: 'written' })];
    case 'written':
      return [...dies, at({ ...state, stored: true }, index, { stage: 'done' })];
    case 'done':
      return [at({ ...state, message: false }, index, { stage: 'idle' })];
  }
};

/** Explores every state; answers with the first that breaks a promise and how many there are. */
const explore = (rules: Rules): { broken: string | undefined; states: number } => {
  const idle = { stage: 'idle' as const, fence: 0, since: 0 };
  const start: State = {
    now: 0,
    lease: undefined,
    fence: 0,
    written: 0,
    stored: false,
    message: true,
    workers: Array.from({ length: rules.workers }, () => idle),
  };
  const seen = new Set([JSON.stringify(start)]);
  const queue = [start];
  for (let state = queue.pop(); state; state = queue.pop()) {
    for (const next of nextStates(state, rules)) {
      const broken = breach(state, next);
      if (broken) return { broken, states: seen.size };
      const key = JSON.stringify(next);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(next);
    }
  }
  return { broken: undefined, states: seen.size };
};

const breach = (before: State, after: State): string | undefined => {
  const writer = after.workers.find(
    ({ stage }, index) => stage === 'written' && before.workers[index]?.stage === 'cleared',
  );
  if (writer && writer.fence < after.written) return 'an older fence wrote after a newer one';
  const isAtRest = after.workers.every(({ stage }) => stage === 'idle') && !after.message;
  return isAtRest && !after.stored ? 'the message is gone and nothing is written' : undefined;
};

const RULES: Rules = { leaseMs: LEASE_MS, checksLease: true, acknowledgesFirst: false, freezes: false, workers: 2 };

describe('the model of lease, fence and acknowledgement', () => {
  it.each([
    [2, false],
    [3, false],
    [2, true],
    [3, true],
  ])('keeps one writer and loses nothing, with %i workers (that may stand still: %s)', (workers, freezes) => {
    const { broken, states } = explore({ ...RULES, workers, freezes });
    expect(broken).toBeUndefined();
    expect(states).toBeGreaterThan(100);
  });

  it.each([
    ['no check of the lease', { checksLease: false, freezes: true }, /older fence/],
    ['a lease shorter than the time limit', { leaseMs: 60_000 }, /older fence/],
    ['an acknowledgement before the write', { acknowledgesFirst: true }, /nothing is written/],
  ] as const)('finds %s', (_name, mutation, breach) => {
    expect(explore({ ...RULES, ...mutation }).broken).toMatch(breach);
  });

  it('holds for the numbers that are deployed: a lease outlives the time limit by 30 s', () => {
    const limit = /^ {2}timeout: (\d+)$/m.exec(readFileSync('serverless.yml', 'utf8'))?.[1];
    expect(LEASE_MS).toBeGreaterThanOrEqual((Number(limit) + 30) * 1_000);
  });
});

describe('a conditional write', () => {
  it('that another writer beat is computed again from what that one wrote', async () => {
    const store = createMemoryStore<{ id: string; version: number; count: number }>();
    await store.save({ id: 'a', version: 0, count: 1 });
    const { save } = store;
    let races = 2;
    store.save = async (row) => {
      if (races-- > 0) await save({ ...((await store.get('a')) ?? row), count: 10 * races });
      return save(row);
    };
    await updateRow(store, 'a', (row) => row && { ...row, count: row.count + 1 });
    expect(store.rows.get('a')?.count).toBe(1);
  });
});
