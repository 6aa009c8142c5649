import { permanent, transient } from '../../src/domain/errors.ts';
import { type DecideFate, type Fate, OK, type PortCall } from './engine/fates.ts';
import { createRandom, type Random } from './engine/random.ts';

/**
 * `fair`: nothing fails. `rough`: one call of fifty, in a storm (a third of all ten minutes) one of six. `wild`: of what is
 * sent to AWS one attempt of five is throttled and one of ten loses its answer, of all other calls one of five fails.
 */
export type Weather = 'fair' | 'rough' | 'wild';

const errors = {
  store: [transient('store-throttled', 'throttled'), transient('store-unreachable', 'no answer')],
  cluster: [
    transient('cluster-throttled', 'too many requests', { retryAfterSeconds: 1 }),
    transient('cluster-failed', 'the API server failed'),
    transient('cluster-unreachable', 'no answer within 30 s'),
    transient('precondition-failed', 'the object has changed'),
  ],
  repository: [
    transient('repository-rate-limited', 'too many requests', { retryAfterSeconds: 30 }),
    permanent('repository-denied', 'forbidden'),
  ],
  // A forge that forbids a status is believed and not asked again: that is no fault to recover from.
  forge: [
    transient('forge-rate-limited', 'too many requests', { retryAfterSeconds: 30 }),
    transient('forge-unreachable', 'no answer'),
  ],
  chat: [transient('chat-unreachable', 'no answer')],
};

const STORES = new Set([
  'fleets',
  'deliveries',
  'refs',
  'renders',
  'rollouts',
  'applications',
  'outcomes',
  'blobs',
  'queues',
  'commits',
]);
/** A reporter that stands still for longer than its lease may have a status in flight: the forge knows no fences. */
const REPORTING = new Set(['forge', 'chat', 'rollouts', 'commits', 'outcomes', 'fleets', 'queues']);
const STORM_MS = 600_000;

/** Attempts that the AWS SDK makes before it tells its caller. */
const SDK_ATTEMPTS = 3;
const THROTTLED = 0.2;
const LOST_ANSWERS = 0.1;
const FAILING = 0.2;

const failure = (port: string, when: 'before' | 'after', random: Random): Fate => {
  const kind = STORES.has(port) ? 'store' : (port as keyof typeof errors);
  return { kind: 'fail', when, error: random.pick(errors[kind] ?? errors.store) };
};

/** Longer than the lease and the time limit, or shorter. */
const pause = (port: string, random: Random): Fate => ({
  kind: 'pause',
  milliseconds: REPORTING.has(port) ? 5_000 : random.pick([5_000, 100_000, 200_000]),
});

/** One call of fifty; in a storm eight times as many. */
const rough = ({ port, method, at }: PortCall, random: Random): Fate => {
  const isStorm = (Math.floor(at / STORM_MS) * 2_654_435_761) % 3 === 0;
  const roll = random.next() / (isStorm ? 8 : 1);
  if (roll < 0.002) return { kind: 'kill', when: random.pick(['before', 'after', 'late']) };
  if (roll < 0.003) return pause(port, random);
  if (roll > 0.021) return OK;
  if (method === 'save' && random.chance(0.5)) return { kind: 'lost-race' };
  return failure(port, random.chance(0.33) ? 'after' : 'before', random);
};

/** What the SDK's attempts come to: a conditional write whose answer was lost finds itself overtaken by itself. */
const attempted = ({ port, method }: PortCall, random: Random): Fate => {
  let isDone = false;
  for (let attempt = 0; attempt < SDK_ATTEMPTS; attempt++) {
    const roll = random.next();
    if (roll < THROTTLED) continue;
    if (isDone && method === 'save') return { kind: 'lost-race' };
    if (roll >= THROTTLED + LOST_ANSWERS) return OK;
    isDone = true;
  }
  return failure(port, isDone ? 'after' : 'before', random);
};

const wild = (call: PortCall, random: Random): Fate => {
  const roll = random.next();
  if (roll < 0.002) return { kind: 'kill', when: random.pick(['before', 'after', 'late']) };
  if (roll < 0.006) return pause(call.port, random);
  if (STORES.has(call.port)) return attempted(call, random);
  if (!random.chance(FAILING)) return OK;
  return failure(call.port, random.chance(LOST_ANSWERS / FAILING) ? 'after' : 'before', random);
};

/** Faults of every port, until a time (ms): processes die, or stand still until their lease has run out, calls fail. */
export const weatherOf = (weather: Weather, seed: number, until: () => number): DecideFate => {
  const random = createRandom(seed ^ 0x5eed);
  return (call) => {
    if (weather === 'fair' || call.at > until() || call.process.startsWith('webhook')) return OK;
    return weather === 'rough' ? rough(call, random) : wild(call, random);
  };
};
