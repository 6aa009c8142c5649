import type { ApplicationRow } from '../../domain/application-row.ts';
import type { FleetDocument } from '../../domain/fleet/read-fleet-files.ts';
import { isKnown } from '../../domain/fleet/read-fleet-files.ts';
import type { FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import {
  fleetDocumentOf,
  isOutstanding,
  outlivesDeletion,
  REGISTRY_MARK,
  type RegistrationRow,
  registeredPrefix,
  registrationPlanned,
} from '../../domain/registry/registration-row.ts';
import { releasedRegistrations } from '../../domain/registry/released.ts';
import type { RowIndex } from '../../ports/application-index.ts';
import type { Queues } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';
import { eachOf } from '../each-of.ts';
import { updateKnownRow } from '../update-row.ts';

export interface RegistrationsDeps {
  registrations: Store<RegistrationRow>;
  registrationIndex: RowIndex;
}

/** What applications delivered to the control plane, as a compile finds it. */
export interface Registered {
  /** Where the registry stood before it was read. */
  mark: number;
  /** As files of the fleet. */
  documents: FleetDocument[];
  /** Those that the live fleet was not compiled with as they are, the text left out. */
  outstanding: Seen[];
  /** The others that have a status of their own: what was wrong with them may be mended, or the other way round. */
  judged: Seen[];
}

type Seen = Pick<RegistrationRow, 'id' | 'version' | 'parent' | 'error'>;

/** Where the registry stands: another number after every change. */
export const registryMark = async ({ registrations }: Pick<RegistrationsDeps, 'registrations'>): Promise<number> =>
  (await registrations.get(REGISTRY_MARK))?.version ?? 0;

/** Reads the registry, a page of rows at a time; the text only of what `previous` was not compiled from. */
export const readRegistrations = async (
  deps: RegistrationsDeps,
  previous: FleetSnapshot | undefined,
): Promise<Registered> => {
  const found: Registered = { mark: await registryMark(deps), documents: [], outstanding: [], judged: [] };
  for await (const ids of deps.registrationIndex.all()) {
    for (const row of await deps.registrations.getMany(ids)) {
      const document = fleetDocumentOf(row);
      if (document) found.documents.push(isKnown(document, previous) ? withoutText(document) : document);
      const { id, version, parent, error } = row;
      const seen = { id, version, parent, ...(error === undefined ? {} : { error }) };
      if (isOutstanding(row)) found.outstanding.push(seen);
      else if (row.object?.kind === 'ApplicationSet') found.judged.push(seen);
    }
  }
  return found;
};

const withoutText = ({ text: _text, ...document }: FleetDocument): FleetDocument => document;

const WRITES_IN_FLIGHT = 16;

/**
 * The live fleet is compiled with these registrations: they are outstanding no more, and their parents, which wait for that,
 * look again. Those that changed meanwhile stay outstanding; those that are gone for good are removed.
 */
export const settleRegistrations = async (
  deps: RegistrationsDeps & { applications: Pick<Store<ApplicationRow>, 'get'>; queues: Pick<Queues, 'syncs'> },
  { outstanding, judged, documents }: Registered,
  snapshot: FleetSnapshot,
): Promise<void> => {
  const wrong = new Map(
    snapshot.problems.flatMap((one) => (one.severity === 'warning' ? [] : [[one.file, one.message]])),
  );
  const errorOf = ({ id, parent }: Seen): string | undefined => wrong.get(`${registeredPrefix(parent)}${id}`);
  const changed = [...outstanding, ...judged.filter((one) => errorOf(one) !== one.error)];
  await eachOf(changed, WRITES_IN_FLIGHT, async (one) => {
    const row = await deps.registrations.get(one.id);
    if (row?.version !== one.version) return;
    if (row.deletedAt !== undefined && !(await isEnding(deps, row))) return void (await deps.registrations.remove(row));
    await updateKnownRow(deps.registrations, row, (known) =>
      known?.version === one.version ? registrationPlanned(known, errorOf(one)) : undefined,
    );
  });
  await eachOf(releasedRegistrations(documents, snapshot), WRITES_IN_FLIGHT, async (id) => {
    const row = await deps.registrations.get(id);
    if (row) await deps.registrations.remove(row);
  });
  const parents = [...new Set(changed.map(({ parent }) => parent))];
  await deps.queues.syncs(parents.map((application) => ({ version: 1, application, hops: 0 })));
};

/** An Application that takes its objects with it: its registration goes with its row. */
const isEnding = async (
  { applications }: { applications: Pick<Store<ApplicationRow>, 'get'> },
  row: RegistrationRow,
): Promise<boolean> => {
  const { namespace, name } = row.object?.metadata ?? {};
  return outlivesDeletion(row) && (await applications.get(`${namespace}/${name}`)) !== undefined;
};
