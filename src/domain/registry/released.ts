import type { Origin } from '../fleet/application.ts';
import { documentKey, type FleetDocument } from '../fleet/read-fleet-files.ts';
import type { FleetSnapshot } from '../fleet/snapshot.ts';
import { registeredPrefix } from './registration-row.ts';

interface Named {
  namespace: string;
  name: string;
  origin?: Origin;
}

/**
 * Ids of the registrations that nobody delivers any more and that stand in the fleet's own files by now: those own them, so
 * that what is taken out of the files does not come back.
 */
export const releasedRegistrations = (
  documents: readonly Pick<FleetDocument, 'path' | 'registeredBy'>[],
  snapshot: Pick<FleetSnapshot, 'applications' | 'applicationSets' | 'projects'>,
): string[] => {
  const applications = new Set(snapshot.applications.map(({ id }) => id));
  const orphans = documents.flatMap(({ path, registeredBy }) =>
    registeredBy === undefined || applications.has(registeredBy)
      ? []
      : [path.slice(registeredPrefix(registeredBy).length)],
  );
  if (orphans.length === 0) return [];
  const owned = new Set([
    ...inFiles('Application', snapshot.applications),
    ...inFiles('ApplicationSet', snapshot.applicationSets ?? []),
    ...inFiles('AppProject', snapshot.projects),
  ]);
  return orphans.filter((id) => owned.has(id));
};

const inFiles = (kind: string, documents: readonly Named[]): string[] =>
  documents.flatMap((one) =>
    one.origin && one.origin.registeredBy === undefined ? [documentKey(kind, one.namespace, one.name)] : [],
  );
