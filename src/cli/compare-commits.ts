import type { ChartTrees } from '../app/chart-trees.ts';
import { findAffected } from '../app/plan/find-affected.ts';
import { createTreeReader } from '../app/plan/tree-reader.ts';
import type { ApplicationSource } from '../domain/fleet/application.ts';
import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import { type CompiledApplication, diffSnapshots, type FleetSnapshot } from '../domain/fleet/snapshot.ts';
import { emptyPlanIndex, type PlanIndex } from '../domain/plan-index.ts';
import type { Problem } from '../domain/problem.ts';
import { sameRepository } from '../domain/repository-url.ts';
import { followsRef } from '../domain/tracking-ref.ts';
import type { Checkout } from '../local/git-checkout.ts';
import type { Repository, Tree } from '../ports/repository.ts';
import { type CompiledCheckout, changedContents, compileCheckout, createExpanderHere } from './compile-checkout.ts';
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
}

/**
 * What planning finds when a branch moves from one commit to the other: the plan index is made at the first, and compared
 * at the second. Applications by id; `problems` are those of the second commit's documents. Errors: the repository's.
 */
export const compareCommits = async (
  input: CompareInput,
): Promise<{ applications: Affected[]; problems: Problem[] }> => {
  const { repository, commits, prefix, answers } = input;
  const fromTree = await repository.listTree(commits.from);
  const toTree = await repository.listTree(commits.to);
  const common = { repository, expander: createExpanderHere(), prefix, ...(answers ? { answers } : {}) };
  const from = await compileCheckout({ ...common, tree: fromTree });
  const to = await compileCheckout({ ...common, tree: toTree, previous: from.snapshot });
  const moving = movingRef(input, [from.snapshot, to.snapshot]);
  const found = new Map<string, Affected>();
  const difference = diffSnapshots(from.snapshot, to.snapshot);
  for (const id of difference.removed) {
    const before = from.snapshot.applications.find((one) => one.id === id);
    if (before) found.set(id, { application: id, reason: documentReason(before, from, to) });
  }
  const changed = new Map([...difference.added, ...difference.changed].map((id) => [id, 'its document changed']));
  const compared = { ...moving, from: { ...from, tree: fromTree }, to: { ...to, tree: toTree }, changed };
  for (const url of registered(input, [from.snapshot, to.snapshot])) {
    for (const one of await compareRepository(input, compared, url)) {
      if (!found.has(one.application)) found.set(one.application, one);
    }
  }
  const wrong = to.snapshot.problems.filter(
    ({ severity, code }) => severity !== 'warning' && code !== 'kind-unsupported',
  );
  return {
    applications: [...found.values()].toSorted((a, b) => (a.application < b.application ? -1 : 1)),
    problems: wrong,
  };
};

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
  from: CompiledCheckout & { tree: Tree };
  to: CompiledCheckout & { tree: Tree };
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
    reason: compared.changed.has(application.id) ? documentReason(application, compared.from, compared.to) : reason,
    ...(error && error.code !== 'repository-unregistered' ? { error: error.message } : {}),
  }));
};

interface PlanInput {
  url: string;
  at: Compared['from'];
  changed: ReadonlyMap<string, string>;
  index: PlanIndex;
}

const planAt = (input: CompareInput, { ref, defaultBranch }: Compared, { url, at, changed, index }: PlanInput) => {
  const { snapshot, tree } = at;
  const here = { repository: url, ref, commit: tree.commit };
  const repositories = registered(input, [snapshot]).map((one): RepositoryConfig => ({ url: one, forge: 'git' }));
  const repository = movedTo(input.repository, { ref, defaultBranch, commit: tree.commit });
  const trees = createTreeReader(
    { openRepository: () => repository, charts: input.charts },
    { file: { repositories } },
    { ...here, tree },
  );
  const compiled = { snapshot, changed };
  return findAffected({ at: here, defaultBranch, compiled, index, trees, tree, toolVersions: {}, force: [] });
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
  { origin: { file }, applicationSet, sources }: CompiledApplication,
  from: CompiledCheckout,
  to: CompiledCheckout,
): string => {
  const [before, after] = [from.files.get(file), to.files.get(file)];
  if (before === undefined) return `${file} added`;
  if (after === undefined) return `${file} removed`;
  if (before !== after || applicationSet === undefined) return `${file} changed`;
  const [was, is] = [from.inputs.get(applicationSet), to.inputs.get(applicationSet)];
  const contents = was && is ? changedContents(was, is) : [];
  const [own = contents[0]] = contents.filter((one) => sources.some(({ path }) => path && one.startsWith(`${path}/`)));
  return own ?? `what the generators of ApplicationSet ${applicationSet} read changed`;
};
