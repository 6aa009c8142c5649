import type { ApplicationRow } from '../application-row.ts';
import { UNPLANNED, WAITING_FOR_PERSON } from '../health/custom/child-application.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { outcomeOf } from '../outcome-of.ts';
import { outlivesDeletion, type RegistrationRow } from './registration-row.ts';

/** What is known of the fleet when a registered object is looked at. */
export interface RegisteredState {
  /** The row of a registered Application; absent: the fleet has no such application (yet, or any more). */
  child?: ApplicationRow | undefined;
  /** It is the application that looks: its own state has no bearing on itself. */
  isSelf: boolean;
  now: number;
}

const UNPLANNED_MESSAGE = 'waits to be planned';

/**
 * A registered object as an API server would answer with it: with uid, resourceVersion, deletion time and a status of Argo
 * CD's shape, which users' health scripts read. Undefined: there is none (any more).
 */
export const registeredObject = (row: RegistrationRow, state: RegisteredState): KubernetesObject | undefined => {
  const { object, uid, version, createdAt, deletedAt } = row;
  if (!object || (deletedAt !== undefined && !isEnding(row, state))) return undefined;
  const { status: _status, ...own } = object;
  const status = statusOf(row, state);
  const metadata = {
    ...object.metadata,
    uid,
    resourceVersion: String(version),
    creationTimestamp: timeText(createdAt),
    ...(deletedAt === undefined ? {} : { deletionTimestamp: timeText(deletedAt) }),
  };
  return { ...own, metadata, ...(status ? { status } : {}) };
};

const timeText = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

/** An Application with the resources finalizer is there until its objects are gone, and its row with them. */
const isEnding = ({ object, due }: RegistrationRow, { child }: RegisteredState): boolean => {
  return outlivesDeletion({ object }) && (due !== undefined || child !== undefined);
};

const statusOf = (row: RegistrationRow, state: RegisteredState): Record<string, unknown> | undefined => {
  const isPlanned = row.planned === row.digest && row.due === undefined;
  switch (row.object?.kind) {
    case 'Application':
      return isPlanned ? applicationStatus(state) : unplannedStatus();
    case 'ApplicationSet':
      return { conditions: isPlanned ? setConditions(row) : [] };
    default:
      return undefined;
  }
};

const unplannedStatus = (): Record<string, unknown> => ({
  health: { status: 'Progressing', message: UNPLANNED_MESSAGE },
  sync: { status: 'Unknown' },
  conditions: [{ type: UNPLANNED, status: 'True', message: UNPLANNED_MESSAGE }],
});

const setConditions = ({ error }: RegistrationRow): Record<string, unknown>[] =>
  error === undefined
    ? [{ type: 'ResourcesUpToDate', status: 'True', message: 'all applications are planned' }]
    : [{ type: 'ErrorOccurred', status: 'True', message: error }];

const applicationStatus = ({ child, isSelf, now }: RegisteredState): Record<string, unknown> | undefined => {
  if (!child || isSelf) return undefined;
  const { health, sync, desired, operation } = child;
  const outcome = outcomeOf(child, now);
  const message = outcome?.message ?? '';
  const common = {
    sync: { status: sync, ...(desired?.revisions[0] ? { revision: desired.revisions[0].commit } : {}) },
    ...(operation ? { operationState: { phase: operation.phase, message: operation.message } } : {}),
  };
  switch (outcome?.phase) {
    case undefined:
    case 'healthy':
    case 'superseded':
      return { health, ...common };
    case 'waiting':
      return { health, ...common, conditions: [{ type: WAITING_FOR_PERSON, status: 'True', message }] };
    case 'failed':
      return { health: { status: 'Degraded', message }, ...common };
    case 'planned':
    case 'rendered':
    case 'applied':
      return { health: { status: 'Progressing', message: message || 'is being synced' }, ...common };
  }
};
