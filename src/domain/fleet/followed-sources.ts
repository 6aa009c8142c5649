import type { FleetFile } from './fleet-file.ts';
import type { FleetSnapshot } from './snapshot.ts';

/** Something that is taken from a repository at a revision. */
export interface FollowedSource {
  repoURL: string;
  targetRevision?: string;
  tagPrefix?: string;
  chart?: string;
}

/** What the generators of a snapshot's ApplicationSets read from Git. */
export const generatorSources = (snapshot: Pick<FleetSnapshot, 'expanded'> | undefined): FollowedSource[] =>
  Object.values(snapshot?.expanded ?? {}).flatMap(({ reads }) =>
    reads.flatMap(({ read }) => ('repoURL' in read ? [{ repoURL: read.repoURL, targetRevision: read.revision }] : [])),
  );

/** Everything whose move concerns the fleet: its own documents, its applications' sources, what generators read. */
export const followedSources = (
  file: Pick<FleetFile, 'source'>,
  snapshot: FleetSnapshot | undefined,
): FollowedSource[] => [
  file.source,
  ...generatorSources(snapshot),
  ...(snapshot?.applications.flatMap(({ sources }) => sources) ?? []),
];
