import { realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { isChartSource } from '../app/chart-trees.ts';
import { type CommitTree, reading, type TreeReader } from '../app/plan/tree-reader.ts';
import { permanent } from '../domain/errors.ts';
import type { FleetFile } from '../domain/fleet/fleet-file.ts';
import { isOfExpansion, type ReadDocuments, readEachOnce } from '../domain/fleet/gather-documents.ts';
import { CONTROL_NAMESPACE } from '../domain/fleet/read-manifests.ts';
import type { FleetSnapshot } from '../domain/fleet/snapshot.ts';
import type { Problem } from '../domain/problem.ts';
import { sameRepository } from '../domain/repository-url.ts';
import { createFolderRepository } from '../local/folder-repository.ts';
import { type Checkout, ignoredIn, readCheckout } from '../local/git-checkout.ts';
import { createLocalSandbox } from '../local/local-sandbox.ts';
import { type CommandInput, checkDirectory, STATE_DIR } from './command-line.ts';
import { type CompiledCheckout, compileCheckout, createExpanderHere } from './compile-checkout.ts';
import { deliveredPlaces, deliveryProblems, isUnread, placeProblem } from './delivered-places.ts';
import { createDeliveries } from './deliveries.ts';
import { type FleetText, readBlobsOnce, readFleetTexts } from './fleet-files.ts';
import { createFollow } from './follow.ts';
import { placeInSet } from './place-in-set.ts';
import { toolsDir } from './tools-dir.ts';

/** A folder's documents and what is wrong between them and with what they make and deliver. */
export interface LintedFleet {
  texts: FleetText[];
  /** Reads one of them. */
  readFile: ReadDocuments;
  fleet: FleetFile | undefined;
  /** Files that Kustomize makes documents from, which are none themselves. */
  consumed: ReadonlySet<string>;
  /** How many documents applications deliver that stand in no file as they are. */
  delivered: number;
  problems: Problem[];
  /** What was not looked at, in words. */
  notes: string[];
  /** A file's name for people, from its path. */
  nameOf(path: string): string;
}

export interface LintOptions {
  directory: string;
  /** Folders that stand for other repositories. */
  repositories: readonly { url: string; path: string }[];
}

/** Reads and compiles what is below a folder. Errors: as `checkDirectory`, `folder-unreadable` (permanent). */
export const lintFleet = async (
  input: CommandInput,
  { directory, repositories }: LintOptions,
): Promise<LintedFleet> => {
  const path = resolve(input.cwd, directory);
  for (const one of [path, ...repositories.map((other) => resolve(input.cwd, other.path))]) await checkDirectory(one);
  const { root, below, checkout, ignored } = await surroundings(path, input);
  const here = await openFolder(root, ignored);
  const repository = readBlobsOnce(here);
  const readFile = readEachOnce();
  const texts = await readFleetTexts(repository, here.tree, below);
  const others = await Promise.all(
    repositories.map(async ({ url, path: other }) => ({
      url,
      ...(await openFolder(resolve(input.cwd, other), [])),
    })),
  );
  const sandbox = createLocalSandbox({ stateDir: toolsDir(input), environment: input.environment, withOrigins: true });
  try {
    const compiled = await compileCheckout({
      repository,
      readFile,
      tree: here.tree,
      prefix: below,
      expander: createExpanderHere(),
      isOwn: (url) => isRemote(checkout, url) ?? true,
      follow: createFollow({
        deliveries: createDeliveries({ sandbox }),
        repository,
        tree: here.tree,
        treesFor: (snapshot) => treesIn(here, { others, isOwn: ownIn(snapshot, checkout) }),
      }),
    });
    const nameOf = (file: string): string =>
      file.startsWith(below) ? join(directory, file.slice(below.length)) : relative(input.cwd, join(root, file));
    return { texts, readFile, fleet: compiled.fleet, nameOf, ...findings(compiled, texts) };
  } finally {
    await sandbox.close();
  }
};

type Folder = Pick<CommitTree, 'tree' | 'files' | 'readBlobs'>;

const NO_COMMIT = '0'.repeat(40);

const openFolder = async (path: string, ignored: readonly string[]): Promise<Folder> => {
  const repository = createFolderRepository({ path, commit: NO_COMMIT, ignored });
  const tree = await repository.listTree(NO_COMMIT);
  return { tree, ...reading(repository, tree) };
};

interface Surroundings {
  /** The checkout that the folder is in, else the folder. */
  root: string;
  /** '' or the folder's path in it, ending in a slash. */
  below: string;
  checkout: Checkout | undefined;
  ignored: string[];
}

/** A folder that Git ignores is on its own. */
const surroundings = async (path: string, { cwd, environment }: CommandInput): Promise<Surroundings> => {
  const searchPath = environment['PATH'];
  const checkout = await readCheckout(path, searchPath).catch(() => undefined);
  const prefix = checkout ? relative(checkout.root, await realpath(path)) : '';
  const below = prefix === '' ? '' : `${prefix}/`;
  const ignored = checkout ? await ignoredIn(checkout.root, searchPath) : [];
  const isIgnored = ignored.some((one) => below.startsWith(`${one}/`));
  if (checkout && !isIgnored) return { root: checkout.root, below, checkout, ignored };
  return { root: path, below: '', checkout: undefined, ignored: path === cwd ? [STATE_DIR] : [] };
};

/** Whether a URL is one of the checkout's remotes; undefined: it has none. */
const isRemote = (checkout: Checkout | undefined, url: string): boolean | undefined =>
  checkout && checkout.remotes.length > 0 ? checkout.remotes.some((remote) => sameRepository(remote, url)) : undefined;

/** Whether the working tree stands for a repository: for the remotes, or where no application names one, for all. */
const ownIn = ({ applications }: FleetSnapshot, checkout: Checkout | undefined): ((url: string) => boolean) => {
  const urls = applications.flatMap(({ sources }) => sources.map(({ repoURL }) => repoURL));
  const isNamed = urls.some((url) => isRemote(checkout, url));
  return (url) => !isNamed || isRemote(checkout, url) === true;
};

interface Standing {
  others: readonly (Folder & { url: string })[];
  isOwn(url: string): boolean;
}

const treesIn = (here: Folder, { others, isOwn }: Standing): TreeReader => ({
  at: (source) => {
    const { repoURL, targetRevision } = source;
    if (isChartSource(source))
      return Promise.reject(permanent('chart-not-fetched', `charts of ${repoURL} are not read`));
    const folder = others.find(({ url }) => sameRepository(url, repoURL)) ?? (isOwn(repoURL) ? here : undefined);
    const unknown = `${repoURL} is not this repository: --repo ${repoURL}=DIR names a folder that stands for it`;
    if (!folder) return Promise.reject(permanent('repository-unregistered', unknown));
    const { tree, files, readBlobs } = folder;
    const commit = tree.commit;
    return Promise.resolve({ repository: repoURL, ref: targetRevision ?? 'HEAD', commit, tree, files, readBlobs });
  },
});

/** Nobody's mistake: clusters, forges and plugins are not known here. */
const PENDING = 'application-set-pending';

/** What a compile finds beyond single documents, each where somebody wrote it. */
const findings = (
  { snapshot, delivered, fleet }: CompiledCheckout,
  texts: readonly FleetText[],
): Pick<LintedFleet, 'problems' | 'delivered' | 'consumed' | 'notes'> => {
  const places = deliveredPlaces(delivered);
  const textOf = new Map(texts.map(({ path, text }) => [path, text]));
  const placed = (problem: Problem): Problem => placeInSet(problem, textOf.get(problem.file) ?? '');
  // Without a fleet nobody says which documents belong together: those of one name may be for several Argo CDs.
  const isSaid = ({ code }: Problem): boolean =>
    code !== PENDING && (code !== 'document-duplicate' || fleet !== undefined);
  const said = snapshot.problems.filter(isSaid);
  const others = said.filter(({ file }) => !places.has(file));
  const problems = [
    ...said.filter(({ file }) => places.has(file)),
    ...others.filter(isOfExpansion).map(placed),
    ...others.filter(({ code }) => code === 'document-duplicate'),
    ...snapshot.applications.flatMap(({ applicationSet, problems: own }) => (applicationSet ? own.map(placed) : own)),
    ...deliveryProblems(delivered, snapshot.applications),
  ];
  return {
    problems: problems.map((problem) => placeProblem(problem, places)),
    delivered: places.size,
    consumed: new Set([...delivered.values()].flatMap((one) => one.consumed)),
    notes: snapshot.applications.flatMap(({ id, destination, sources }) => {
      const error = delivered.get(id)?.error;
      const isGit = sources.every(({ chart }) => chart === undefined);
      if (!error || !isUnread(error) || !isGit || destination.namespace !== CONTROL_NAMESPACE) return [];
      return [`what ${id} delivers is not looked at: ${error.message}`];
    }),
  };
};
