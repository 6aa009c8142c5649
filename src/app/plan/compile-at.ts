import { compileFleet } from '../../domain/fleet/compile-fleet.ts';
import type { FleetFile } from '../../domain/fleet/fleet-file.ts';
import { diffSnapshots, type FleetSnapshot } from '../../domain/fleet/snapshot.ts';
import type { FleetRow } from '../../domain/fleet-row.ts';
import { formatProblem } from '../../domain/problem.ts';
import type { Rollout } from '../../domain/rollout.ts';
import { stableDigest } from '../../domain/stable-digest.ts';
import { takesFrom } from '../../domain/tracking-ref.ts';
import type { Repository, Tree, TreeEntry } from '../../ports/repository.ts';
import { updateKnownRow } from '../update-row.ts';
import type { PlanDeps } from './deps.ts';

export interface Compiled {
  fleet: FleetRow;
  snapshot: FleetSnapshot;
  isFleetRef: boolean;
  /** Ids of applications that this commit adds or changes in the fleet. */
  changed: ReadonlySet<string>;
  removed: readonly string[];
  problems: Rollout['problems'];
  /** Makes the snapshot the live one: last, when everything that follows from it is written. */
  commit(): Promise<void>;
}

interface CompileInput {
  fleet: FleetRow;
  at: { repository: string; ref: string; commit: string };
  tree: Tree;
  repository: Repository;
  defaultBranch: string | undefined;
}

/** The fleet as of this plan: compiled anew if the ref is the fleet's own, else the live snapshot. */
export const compileAt = async (deps: PlanDeps, input: CompileInput): Promise<Compiled> => {
  const { fleet, at, defaultBranch } = input;
  const isFleetRef = takesFrom(fleet.file.source, { ...at, defaultBranch });
  const previous = (await deps.snapshots.load(fleet.snapshot)) ?? (await snapshotFromRows(deps, fleet));
  if (!isFleetRef) return { ...atRest(fleet, previous), isFleetRef };
  const entries = fleetEntries(input);
  const inputs = stableDigest([fleet.file, entries.map(({ path, digest }) => [path, digest])]);
  // Most commits touch no fleet document: nothing is parsed again. What is wrong with the fleet stays wrong, though.
  if (inputs === fleet.inputs && previous.digest === fleet.snapshot) {
    return { ...atRest(fleet, previous), isFleetRef, problems: problemsOf(previous) };
  }
  const files = await readFleetFiles(input, entries);
  const snapshot = compileFleet({
    files,
    fleet: fleet.file,
    ...(previous.applications.length > 0 ? { previous } : {}),
  });
  const difference = diffSnapshots(previous, snapshot);
  return {
    fleet: { ...fleet, snapshot: snapshot.digest },
    snapshot,
    isFleetRef,
    changed: new Set([...difference.added, ...difference.changed]),
    removed: difference.removed,
    problems: problemsOf(snapshot),
    commit: () => makeLive(deps, fleet, snapshot, { commit: at.commit, inputs }),
  };
};

const atRest = (fleet: FleetRow, snapshot: FleetSnapshot) => ({
  fleet,
  snapshot,
  changed: new Set<string>(),
  removed: [],
  problems: [],
  commit: () => Promise.resolve(),
});

/** The cache lost the snapshot: the rows still hold every application's compiled form. */
const snapshotFromRows = async (deps: PlanDeps, fleet: FleetRow): Promise<FleetSnapshot> => {
  const applications = [];
  for await (const ids of deps.applicationIndex.all()) {
    const rows = await deps.applications.getMany(ids);
    applications.push(...rows.filter(({ removed }) => !removed).map(({ spec }) => spec));
  }
  return { digest: fleet.snapshot ?? '', applications, projects: fleet.projects, problems: [] };
};

const MANIFEST = /\.(ya?ml|json)$/;

const fleetEntries = ({ fleet, tree }: CompileInput): TreeEntry[] => {
  const root = directoryPrefix(fleet.file);
  return [...tree.entries.values()].filter(
    ({ path, mode }) => path.startsWith(root) && MANIFEST.test(path) && (mode === 'file' || mode === 'executable'),
  );
};

const readFleetFiles = async ({ repository }: CompileInput, entries: readonly TreeEntry[]) => {
  const blobs = await repository.readBlobs(entries.map(({ digest }) => digest));
  return entries.map(({ path, digest }) => ({
    path,
    digest,
    text: Buffer.from(blobs.get(digest) ?? new Uint8Array()).toString('utf8'),
  }));
};

const directoryPrefix = (file: FleetFile): string => {
  const path = file.source.path.replace(/^\.?\/+|\/+$/g, '');
  return path === '' || path === '.' ? '' : `${path}/`;
};

const problemsOf = (snapshot: FleetSnapshot): Rollout['problems'] => {
  const documents = snapshot.problems.map((problem) => ({ problem, environment: undefined }));
  return documents.map(({ problem, environment }) => ({
    severity: problem.severity === 'warning' ? ('warning' as const) : ('error' as const),
    text: formatProblem(problem),
    ...(environment ? { environment } : {}),
  }));
};

const makeLive = async (
  deps: PlanDeps,
  fleet: FleetRow,
  snapshot: FleetSnapshot,
  from: { commit: string; inputs: string },
): Promise<void> => {
  await deps.snapshots.store(snapshot);
  await updateKnownRow(deps.fleets, fleet, (known) =>
    known ? { ...known, ...from, snapshot: snapshot.digest, projects: snapshot.projects } : undefined,
  );
};
