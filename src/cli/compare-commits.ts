import type { ChartTrees } from '../app/chart-trees.ts';
import { findAffected } from '../app/plan/find-affected.ts';
import { createTreeReader, type TreeReader } from '../app/plan/tree-reader.ts';
import type { ApplicationSource } from '../domain/fleet/application.ts';
import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import { readEachOnce } from '../domain/fleet/gather-documents.ts';
import { type CompiledApplication, diffSnapshots, type FleetSnapshot } from '../domain/fleet/snapshot.ts';
import { emptyPlanIndex, type PlanIndex } from '../domain/plan-index.ts';
import type { Problem } from '../domain/problem.ts';
import { sameRepository } from '../domain/repository-url.ts';
import { followsRef } from '../domain/tracking-ref.ts';
import type { Checkout } from '../local/git-checkout.ts';
import type { Repository, Tree } from '../ports/repository.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import { type CompiledCheckout, changedContents, compileCheckout, createExpanderHere } from './compile-checkout.ts';
import { deliveredPlaces, deliveryProblems, placeProblem } from './delivered-places.ts';
import { createDeliveries } from './deliveries.ts';
import { readBlobsOnce } from './fleet-files.ts';
import { createFollow } from './follow.ts';
import type { AnswerProvider } from './given-answers.ts';

/** An application that a change affects. */
export interface Affected {
  /** `namespace/name`. */
  application: string;
  /** The input that made it so, in words: `apps/web/deployment.yaml changed`. */
  reason: string;
  /** Why it cannot be rendered after the change. */
  error?: string;
}

interface CompareInput {
  repository: Repository;
  charts: ChartTrees;
  checkout: Pick<Checkout, 'remotes' | 'defaultBranch'>;
  commits: { from: string; to: string };
  branches: { asked?: string; likely: readonly string[] };
  /** '' or a directory ending in a slash: documents are looked for below it. */
  prefix: string;
  /** What forges and plugins would answer; absent: they are not asked. */
  answers?: AnswerProvider;
  /** Renders what delivers applications. */
  sandbox: Sandbox;
}

/**
 * What planning finds when a branch moves from one commit to the other: the plan index is made at the first, and compared
 * at the second. Applications by id, those included that others deliver; `problems` are those of the second commit's
 * documents. Errors: the repository's.
 */
export const compareCommits = async (
  input: CompareInput,
): Promise<{ applications: Affected[]; problems: Problem[] }> => {
  const { from, to } = await compileBoth(input);
  const difference = diffSnapshots(from.snapshot, to.snapshot);
  const changed = new Map([...difference.added, ...difference.changed].map((id) => [id, 'its document changed']));
  const compared = { ...movingRef(input, [from.snapshot, to.snapshot]), from, to, changed };
  const found = new Map<string, Affected>();
  for (const url of registered(input, [from.snapshot, to.snapshot])) {
    for (const one of await compareRepository(input, compared, url)) {
      if (!found.has(one.application)) found.set(one.application, one);
    }
  }
  for (const id of difference.removed) {
    const before = from.snapshot.applications.find((one) => one.id === id);
    if (before) found.set(id, { application: id, reason: documentReason(before, compared) });
  }
  return {
    applications: [...found.values()]
      .map((one) => ({ ...one, reason: reasonIn(one.reason, found) }))
      .toSorted((a, b) => (a.application < b.application ? -1 : 1)),
    problems: problemsOf(to),
  };
};

/** What is wrong with the documents, and with how applications deliver such. */
const problemsOf = ({ snapshot, delivered }: CompiledCheckout): Problem[] => {
  const places = deliveredPlaces(delivered);
  return [...snapshot.problems, ...deliveryProblems(delivered, snapshot.applications)]
    .filter(({ severity, code }) => severity !== 'warning' && code !== 'kind-unsupported')
    .map((problem) => placeProblem(problem, places));
};

type CompiledTree = CompiledCheckout & { tree: Tree };

const compileBoth = async (input: CompareInput): Promise<{ from: CompiledTree; to: CompiledTree }> => {
  const { commits, prefix, answers } = input;
  const repository = readBlobsOnce(input.repository);
  const readFile = readEachOnce();
  const deliveries = createDeliveries({ sandbox: input.sandbox });
  const expander = createExpanderHere();
  const compile = async (commit: string, previous?: CompiledTree): Promise<CompiledTree> => {
    const tree = await input.repository.listTree(commit);
    const follow = createFollow({
      deliveries,
      repository,
      tree,
      treesFor: (snapshot) => treesAt(input, movingRef(input, [snapshot, ...snapshotOf(previous)]), { snapshot, tree }),
      ...(previous ? { earlier: previous.delivered } : {}),
    });
    const known = { ...(answers ? { answers } : {}), ...(previous ? { previous: previous.snapshot } : {}) };
    return { ...(await compileCheckout({ repository, tree, expander, prefix, follow, readFile, ...known })), tree };
  };
  const from = await compile(commits.from);
  return { from, to: await compile(commits.to, from) };
};

const snapshotOf = (compiled: CompiledCheckout | undefined): FleetSnapshot[] => (compiled ? [compiled.snapshot] : []);

const gitSources = (snapshots: readonly FleetSnapshot[]): ApplicationSource[] =>
  snapshots
    .flatMap(({ applications }) => applications.flatMap(({ sources }) => sources))
    .filter(({ chart, repoURL }) => chart === undefined && !repoURL.startsWith('oci://'));

/** The branch that moves, and the one that `HEAD` means. */
const movingRef = ({ branches, checkout }: CompareInput, snapshots: readonly FleetSnapshot[]): Moving => {
  const { defaultBranch } = checkout;
  const sources = gitSources(snapshots);
  const isFollowed = (ref: string): boolean =>
    sources.some(({ targetRevision }) => followsRef(targetRevision, ref, defaultBranch));
  return { ref: branches.asked ?? branches.likely.find(isFollowed) ?? defaultBranch, defaultBranch };
};

/** The URLs that the checkout stands for; at least one, so that changed documents are looked at. */
const registered = ({ checkout }: CompareInput, snapshots: readonly FleetSnapshot[]): string[] => {
  const distinct: string[] = [];
  for (const { repoURL } of gitSources(snapshots)) {
    if (!distinct.some((url) => sameRepository(url, repoURL))) distinct.push(repoURL);
  }
  const own = distinct.filter((url) => checkout.remotes.some((remote) => sameRepository(url, remote)));
  const urls = own.length > 0 ? own : distinct;
  return urls.length > 0 ? urls : ['https://checkout.invalid/fleet'];
};

interface Moving {
  ref: string;
  defaultBranch: string;
}

interface Compared extends Moving {
  from: CompiledTree;
  to: CompiledTree;
  changed: ReadonlyMap<string, string>;
}

/** Plans one repository at both commits. */
const compareRepository = async (input: CompareInput, compared: Compared, url: string): Promise<Affected[]> => {
  const before = await planAt(input, compared, {
    url,
    at: compared.from,
    changed: new Map(),
    index: emptyPlanIndex(''),
  });
  const after = await planAt(input, compared, { url, at: compared.to, changed: compared.changed, index: before.index });
  return after.applications.map(({ application, reason, error }) => ({
    application: application.id,
    reason: compared.changed.has(application.id) ? documentReason(application, compared) : reason,
    ...(error && error.code !== 'repository-unregistered' ? { error: error.message } : {}),
  }));
};

interface PlanInput {
  url: string;
  at: Compared['from'];
  changed: ReadonlyMap<string, string>;
  index: PlanIndex;
}

const planAt = (input: CompareInput, moving: Moving, { url, at, changed, index }: PlanInput) => {
  const { snapshot, tree } = at;
  const { ref, defaultBranch } = moving;
  const here = { repository: url, ref, commit: tree.commit };
  const trees = treesAt(input, moving, at, url);
  const compiled = { snapshot, changed };
  return findAffected({ at: here, defaultBranch, compiled, index, trees, tree, toolVersions: {}, force: [] });
};

/** The repositories that the checkout stands for, with the branch at this commit. */
const treesAt = (
  input: CompareInput,
  { ref, defaultBranch }: Moving,
  { snapshot, tree }: { snapshot: FleetSnapshot; tree: Tree },
  url = '',
): TreeReader => {
  const urls = registered(input, [snapshot]);
  const repositories = urls.map((one): RepositoryConfig => ({ url: one, forge: 'git' }));
  const repository = movedTo(input.repository, { ref, defaultBranch, commit: tree.commit });
  const here = { repository: url || (urls[0] ?? ''), ref, commit: tree.commit, tree };
  return createTreeReader({ openRepository: () => repository, charts: input.charts }, { file: { repositories } }, here);
};

/** The checkout as its repository would be with the branch at this commit. Branches may be there as the remote's only. */
const movedTo = (repository: Repository, { ref, defaultBranch, commit }: Moving & { commit: string }): Repository => ({
  ...repository,
  defaultBranch: () => Promise.resolve(defaultBranch),
  resolve: async (name) => {
    if (name === ref || (name === 'HEAD' && ref === defaultBranch)) return commit;
    const here = await repository.resolve(name);
    return here ?? repository.resolve(name.replace(/^refs\/heads\//, 'refs/remotes/origin/'));
  },
});

/** What changed about an application's document, or about what its ApplicationSet makes it from. */
const documentReason = (
  { origin: { file, registeredBy }, applicationSet, sources }: CompiledApplication,
  { from, to }: Pick<Compared, 'from' | 'to'>,
): string => {
  const [before, after] = [from.files.get(file), to.files.get(file)];
  if (registeredBy !== undefined && (before !== after || applicationSet === undefined)) {
    return deliveredReason(file, registeredBy, { from, to });
  }
  if (before === undefined) return `${file} added`;
  if (after === undefined) return `${file} removed`;
  if (before !== after || applicationSet === undefined) return `${file} changed`;
  const [was, is] = [from.inputs.get(applicationSet), to.inputs.get(applicationSet)];
  const contents = was && is ? changedContents(was, is) : [];
  const [own = contents[0]] = contents.filter((one) => sources.some(({ path }) => path && one.startsWith(`${path}/`)));
  return own ?? `what the generators of ApplicationSet ${applicationSet} read changed`;
};

const DELIVERED = 'what another delivers changed: ';

/** The file that it was written in, or a word for what its parent is affected by. */
const deliveredReason = (path: string, parent: string, { from, to }: Pick<Compared, 'from' | 'to'>): string => {
  for (const { delivered } of [to, from]) {
    const file = delivered.get(parent)?.documents.find((one) => one.path === path)?.written?.file;
    if (file === undefined) continue;
    const [was, is] = [from.tree.entries.get(file)?.digest, to.tree.entries.get(file)?.digest];
    if (was !== is) return `${file} ${was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'}`;
  }
  return `${DELIVERED}${parent}`;
};

/** With why what delivers it is affected. */
const reasonIn = (reason: string, found: ReadonlyMap<string, Affected>): string => {
  if (!reason.startsWith(DELIVERED)) return reason;
  const parent = reason.slice(DELIVERED.length);
  const why = found.get(parent)?.reason;
  const said = `what ${parent} delivers changed`;
  return why === undefined || why.startsWith(DELIVERED) ? said : `${said}: ${why}`;
};
