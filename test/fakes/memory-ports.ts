import type { AnswerRow } from '../../src/domain/answer-row.ts';
import type { ApplicationRow } from '../../src/domain/application-row.ts';
import type { ClusterRow } from '../../src/domain/cluster-row.ts';
import type { CommitRow } from '../../src/domain/commit-row.ts';
import type { DeliveryRow } from '../../src/domain/delivery.ts';
import type { FleetRow } from '../../src/domain/fleet-row.ts';
import type { PreviewRow } from '../../src/domain/preview/preview-row.ts';
import type { RefRow } from '../../src/domain/ref-row.ts';
import type { RegistrationRow } from '../../src/domain/registry/registration-row.ts';
import type { RenderRow } from '../../src/domain/render-row.ts';
import type { AlertRow } from '../../src/domain/report/alerts.ts';
import type { Rollout } from '../../src/domain/rollout.ts';
import type { BlobCache } from '../../src/ports/blob-cache.ts';
import type { TowlineEvent } from '../../src/ports/events.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Queues, Send } from '../../src/ports/queues.ts';
import { createMemoryOutcomes } from './memory-outcomes.ts';
import { createMemoryStore } from './memory-store.ts';

/** A log that keeps its lines. */
export const createMemoryLog = (): Log & { lines: { level: string; message: string; fields?: unknown }[] } => {
  const lines: { level: string; message: string; fields?: unknown }[] = [];
  const write = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    lines.push({ level, message, fields });
  };
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
};

/** Queues in memory: every message sent, by queue, until a test takes it. */
export const createMemoryQueues = () => {
  const sent: { [Name in keyof Queues]: { message: Parameters<Queues[Name]>[0][number]; delaySeconds: number }[] } = {
    changes: [],
    renders: [],
    syncs: [],
    reports: [],
  };
  const send =
    <Name extends keyof Queues>(name: Name): Send<Parameters<Queues[Name]>[0][number]> =>
    (messages, options = {}) => {
      sent[name].push(...messages.map((message) => ({ message, delaySeconds: options.delaySeconds ?? 0 })));
      return Promise.resolve();
    };
  const queues: Queues = {
    changes: send('changes'),
    renders: send('renders'),
    syncs: send('syncs'),
    reports: send('reports'),
  };
  return { queues, sent };
};

/** A blob cache in memory; `clear` is what a restart of the local stack does. */
export const createMemoryBlobs = (): BlobCache & { blobs: Map<string, Uint8Array> } => {
  const blobs = new Map<string, Uint8Array>();
  return {
    blobs,
    get: (key) => Promise.resolve(blobs.get(key)),
    put: (key, bytes) => {
      blobs.set(key, bytes);
      return Promise.resolve();
    },
  };
};

/** Everything that the use cases keep and send, in memory, with a clock that the test turns. */
export const createMemoryPorts = (start = 1_700_000_000_000) => {
  const applications = createMemoryStore<ApplicationRow>();
  const registrations = createMemoryStore<RegistrationRow>();
  const { queues, sent } = createMemoryQueues();
  const events: TowlineEvent[] = [];
  const time = { now: start };
  let ids = 0;
  return {
    fleets: createMemoryStore<FleetRow>(),
    deliveries: createMemoryStore<DeliveryRow>(),
    refs: createMemoryStore<RefRow>(),
    renders: createMemoryStore<RenderRow>(),
    rollouts: createMemoryStore<Rollout>(),
    commits: createMemoryStore<CommitRow>(),
    previews: createMemoryStore<PreviewRow>(),
    alerts: createMemoryStore<AlertRow>(),
    answers: createMemoryStore<AnswerRow>(),
    clusterRows: createMemoryStore<ClusterRow>(),
    applications,
    registrations,
    registrationIndex: {
      async *all() {
        yield [...registrations.rows.keys()];
      },
    },
    applicationIndex: {
      async *awaiting(renderKey: string) {
        yield [...applications.rows.values()].filter(({ awaiting }) => awaiting === renderKey).map(({ id }) => id);
      },
      async *all() {
        yield [...applications.rows.keys()];
      },
    },
    outcomes: createMemoryOutcomes(),
    blobs: createMemoryBlobs(),
    queues,
    sent,
    events: { emit: (event: TowlineEvent) => void events.push(event), seen: events },
    time,
    clock: () => time.now,
    newId: () => `id-${++ids}`,
    log: createMemoryLog(),
  };
};
