import { FLEET_ID, type FleetRow } from '../../domain/fleet-row.ts';
import { REGISTRY_MARK, type RegistrationRow } from '../../domain/registry/registration-row.ts';
import { refOfRevision } from '../../domain/revision.ts';
import type { Queues } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';
import { updateRow } from '../update-row.ts';

export interface AnnounceDeps {
  fleets: Pick<Store<FleetRow>, 'get'>;
  registrations: Store<RegistrationRow>;
  queues: Pick<Queues, 'changes'>;
}

/**
 * Says that the registry has changed, and asks for a plan of the ref that the fleet is compiled from. Until that plan has
 * ended the changed rows are due, so that `schedule` says it again.
 */
export const announceRegistrations = async ({ fleets, registrations, queues }: AnnounceDeps): Promise<void> => {
  await updateRow(registrations, REGISTRY_MARK, (known) => known ?? NEW_MARK);
  const fleet = await fleets.get(FLEET_ID);
  if (!fleet) return;
  const { repository, ref } = fleet.source ?? placeOf(fleet);
  await queues.changes([{ version: 1, repository, ref, cause: 'fleet' }]);
};

const NEW_MARK: RegistrationRow = { id: REGISTRY_MARK, version: 0, parent: '', uid: '', createdAt: 0, digest: '' };

/** Where the fleet's source stands as far as its name tells; a compile knows it exactly. */
const placeOf = ({ file: { source } }: FleetRow): { repository: string; ref: string } => {
  const revision = refOfRevision(source.targetRevision);
  const repository = source.repoURL;
  if (revision.type === 'ref') return { repository, ref: revision.ref };
  return { repository, ref: revision.type === 'branch-or-tag' ? `refs/heads/${revision.name}` : 'HEAD' };
};
