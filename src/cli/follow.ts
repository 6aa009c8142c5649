import { isChartSource } from '../app/chart-trees.ts';
import type { TreeReader } from '../app/plan/tree-reader.ts';
import { isInCluster } from '../domain/fleet/find-cluster.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import type { CompiledApplication, FleetSnapshot } from '../domain/fleet/snapshot.ts';
import { KUSTOMIZATION_NAMES } from '../domain/sources/file-selection.ts';
import type { Repository, Tree } from '../ports/repository.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import { mentionsFleetKinds } from './fleet-files.ts';

export interface FollowInput {
  deliveries: Deliveries;
  repository: Pick<Repository, 'readBlobs'>;
  /** The commit that is compiled. */
  tree: Tree;
  /** Where sources are read, given what is known of the fleet. */
  treesFor(snapshot: FleetSnapshot): TreeReader;
  /** What the commit before had delivered: it stays where this one's cannot be told. */
  earlier?: ReadonlyMap<string, Delivery>;
}

/** What the fleet's applications deliver to the control plane; those that cannot deliver such are not looked at further. */
export const createFollow = (input: FollowInput) => {
  let folders: Promise<Folders> | undefined;
  return async (
    snapshot: FleetSnapshot,
    fleet: Pick<FleetFile, 'clusters'> | undefined,
  ): Promise<ReadonlyMap<string, Delivery>> => {
    const trees = input.treesFor(snapshot);
    const found = new Map<string, Delivery>();
    for (const application of snapshot.applications) {
      if (!isForControlPlane(application, fleet)) continue;
      folders ??= findFolders(input);
      if (!(await mayDeliver(application, { trees, tree: input.tree, folders: await folders }))) continue;
      const delivery = await input.deliveries.of(application, trees);
      const earlier = delivery.error ? input.earlier?.get(application.id) : undefined;
      const known = earlier ? { ...delivery, documents: earlier.documents } : delivery;
      if (known.error || known.documents.length > 0 || known.refused.length > 0) found.set(application.id, known);
    }
    return new Map([...found].map(([id, delivery]) => [id, withoutAncestors(id, delivery, { snapshot, found })]));
  };
};

/** It delivers there, and nothing is wrong that would keep it from being synced. */
const isForControlPlane = (
  { destination, cluster, problems }: CompiledApplication,
  fleet: Pick<FleetFile, 'clusters'> | undefined,
): boolean => {
  if (problems.some(({ severity }) => severity === 'error')) return false;
  return isInCluster(destination) || fleet?.clusters.find(({ name }) => name === cluster)?.inCluster === true;
};

const TEXT = /\.(ya?ml|json|tpl)$/;

/** Folders of a tree, those above them included. */
interface Folders {
  /** Hold a file that mentions Argo CD's kinds. */
  mentioning: ReadonlySet<string>;
  /** Hold what may read files of elsewhere. */
  reaching: ReadonlySet<string>;
}

const findFolders = async ({ repository, tree }: Pick<FollowInput, 'repository' | 'tree'>): Promise<Folders> => {
  const [mentioning, reaching] = [new Set<string>(), new Set<string>()];
  const entries = [...tree.entries.values()];
  for (const { path, mode } of entries) if (mode === 'symlink' || mode === 'submodule') addFolders(reaching, path);
  const files = entries.filter(({ path, mode }) => (mode === 'file' || mode === 'executable') && TEXT.test(path));
  const blobs = await repository.readBlobs(files.map(({ digest }) => digest));
  for (const { path, digest } of files) {
    const text = Buffer.from(blobs.get(digest) ?? []).toString('utf8');
    if (mentionsFleetKinds(text)) addFolders(mentioning, path);
    if (reachesOut(path, text)) addFolders(reaching, path);
  }
  return { mentioning, reaching };
};

const addFolders = (folders: Set<string>, path: string): void => {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const folder = path.slice(0, at);
    if (folders.has(folder)) return;
    folders.add(folder);
  }
  folders.add('');
};

/** Bases beside or above, remote ones, dependencies of charts. */
const reachesOut = (path: string, text: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (KUSTOMIZATION_NAMES.some((one) => one === name)) return /\.\.|\/\/|@|\?ref=|\.(?:com|org|io|net)\//.test(text);
  return name === 'requirements.yaml' || (name === 'Chart.yaml' && text.includes('dependencies'));
};

interface Looking {
  trees: TreeReader;
  tree: Tree;
  folders: Folders;
}

/** A quick answer, so that ten thousand applications cost ten thousand looks and not as many renders. */
const mayDeliver = async ({ sources }: CompiledApplication, { trees, tree, folders }: Looking): Promise<boolean> => {
  for (const source of sources) {
    if (isChartSource(source)) return true;
    if (source.path === undefined) continue;
    const isHere = await trees.at(source).then(
      (from) => from.tree.commit === tree.commit,
      () => false,
    );
    const folder = source.path.replace(/^(?:\.?\/)+|\/+$/g, '').replace(/^\.$/, '');
    const isPlain = !/(?:^|\/)\.\.?(?:\/|$)/.test(folder);
    if (!isHere || !isPlain || folders.mentioning.has(folder) || folders.reaching.has(folder)) return true;
  }
  return false;
};

/** A file that an application comes from itself is no less a document of its own because the application reads it. */
const withoutAncestors = (
  id: string,
  delivery: Delivery,
  { snapshot, found }: { snapshot: FleetSnapshot; found: ReadonlyMap<string, Delivery> },
): Delivery => {
  if (delivery.consumed.length === 0) return delivery;
  const files = new Set<string>();
  const seen = new Set<string>();
  for (let at: string | undefined = id; at !== undefined && !seen.has(at); ) {
    seen.add(at);
    const origin: CompiledApplication['origin'] | undefined = snapshot.applications.find(
      (one) => one.id === at,
    )?.origin;
    if (!origin) break;
    files.add(origin.file);
    const written = found.get(origin.registeredBy ?? '')?.documents.find(({ path }) => path === origin.file)?.written;
    if (written) files.add(written.file);
    at = origin.registeredBy;
  }
  return { ...delivery, consumed: delivery.consumed.filter((file) => !files.has(file)) };
};
