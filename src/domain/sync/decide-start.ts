import type { ApplicationRow } from '../application-row.ts';
import { decideSync, type LastAttempt, type SyncDecision } from './autosync.ts';
import type { OperationOptions } from './sync-operation.ts';

/** The application's operation before, as decisions on the next one see it: one attempt is made at a generation. */
export const lastAttempt = ({ operation }: Pick<ApplicationRow, 'operation'>): LastAttempt | undefined => {
  if (!operation) return undefined;
  const { generation, phase, finishedAt, heals } = operation;
  return {
    attempt: String(generation),
    phase,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(heals === undefined ? {} : { heals }),
  };
};

type Row = Pick<ApplicationRow, 'spec' | 'desired' | 'operation' | 'syncRequested' | 'syncOptions' | 'healing'>;

/** Whether a person asked for what is to be started: manual syncs may pass a sync window that automated ones may not. */
export const isManual = ({ desired, syncRequested, healing }: Row): boolean =>
  syncRequested === desired?.generation || (healing?.generation === desired?.generation && healing?.heals === 0);

/**
 * Whether an operation on a desired generation that is not applied is to start, and with which options: automated sync, or
 * a person's request, which prunes where it says so or automated prune is on. `sync`: what a comparison with the cluster
 * said; without one, OutOfSync.
 */
export const decideStart = (row: Row, now: number, sync: ApplicationRow['sync'] = 'OutOfSync'): SyncDecision => {
  const { spec, desired, syncRequested, syncOptions, healing } = row;
  if (healing?.generation === desired?.generation && healing)
    return { action: 'start', because: 'requested', options: healing.options };
  const requested = syncRequested === desired?.generation ? requestedOptions(row, syncOptions) : undefined;
  return decideSync({
    application: spec,
    attempt: String(desired?.generation),
    sync,
    outOfSync: [],
    resources: 0,
    now,
    ...(requested ? { requested } : {}),
  });
};

const requestedOptions = (
  { spec: { syncPolicy } }: Row,
  options: Partial<OperationOptions> = {},
): Partial<OperationOptions> => {
  const { automated } = syncPolicy;
  if (!automated?.enabled) return options;
  return { prune: automated.prune, allowEmpty: automated.allowEmpty, ...options };
};
