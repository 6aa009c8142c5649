import * as v from 'valibot';
import type { ScmProviderGenerator } from '../../domain/fleet/applicationset/application-set.ts';
import type { ForgeRequest, ProviderTarget } from '../../domain/fleet/applicationset/forge-request.ts';
import type { ProviderNeed, ScmRepository } from '../../domain/fleet/applicationset/generator-inputs.ts';
import { filtersOfBranch, sortFilters, takesRepository } from '../../domain/fleet/applicationset/scm-filters.ts';
import type { ForgeLists, ListedRepository, OpenForgeLists } from '../../ports/forge-lists.ts';
import type { AskPlugin } from '../../ports/generator-plugin.ts';
import { eachOf } from '../each-of.ts';

export interface AskProviderDeps {
  openForgeLists: OpenForgeLists;
  askPlugin: AskPlugin;
}

/** Asks whom a generator means, now. Errors: those of the ports. */
export const askProvider = (
  { openForgeLists, askPlugin }: AskProviderDeps,
  need: ProviderNeed,
  target: Exclude<ProviderTarget, { refusal: string }>,
): Promise<object[]> => {
  if ('plugin' in target) return askPlugin(target.plugin, target.body);
  return askForge(openForgeLists(target.forge), need, target.request);
};

/** Asks a forge's lists for what a generator wants of them. Errors: those of the lists. */
export const askForge = (lists: ForgeLists, need: ProviderNeed, request: ForgeRequest): Promise<object[]> => {
  if (request.type === 'pullRequests') return lists.pullRequests(request);
  return listRepositories(lists, request, v.parse(ScmRequestSchema, need.request));
};

const texts = v.optional(v.array(v.string()));

const ScmRequestSchema = v.object({
  cloneProtocol: v.optional(v.string(), ''),
  filters: v.optional(
    v.array(
      v.object({
        repositoryMatch: v.optional(v.string()),
        labelMatch: v.optional(v.string()),
        branchMatch: v.optional(v.string()),
        pathsExist: texts,
        pathsDoNotExist: texts,
      }),
    ),
    [],
  ),
});

const ASKED_AT_ONCE = 8;

/**
 * Repositories with their branches, as Argo CD's generator finds them: filters on names and labels first, so that nothing is
 * asked about repositories that are left out. In the forge's order.
 */
const listRepositories = async (
  lists: ForgeLists,
  { allBranches, ...query }: ForgeRequest & { type: 'scmRepositories' },
  { cloneProtocol, filters: given }: v.InferOutput<typeof ScmRequestSchema>,
): Promise<ScmRepository[]> => {
  const filters = sortFilters(given);
  const taken = (await lists.repositories(query)).filter((one) => takesRepository(filters, one));
  const found = new Map<ListedRepository, ScmRepository[]>();
  await eachOf(taken, ASKED_AT_ONCE, async (repository) => {
    const made: ScmRepository[] = [];
    for (const { name, sha } of await lists.branches(repository, allBranches)) {
      const isTaken =
        filters.branch.length === 0 || (await hasPaths(lists, repository, name, filtersOfBranch(filters, name)));
      if (isTaken) made.push(repositoryAt(repository, { branch: name, sha, cloneProtocol }));
    }
    found.set(repository, made);
  });
  return taken.flatMap((one) => found.get(one) ?? []);
};

const repositoryAt = (
  { ssh, https, defaultBranch: _default, ...repository }: ListedRepository,
  { branch, sha, cloneProtocol }: { branch: string; sha: string; cloneProtocol: string },
): ScmRepository => ({ ...repository, url: cloneProtocol === 'https' ? https : ssh, branch, sha });

type Filter = NonNullable<ScmProviderGenerator['filters']>[number];

/** Whether some filter finds the paths that it wants, and none that it does not. */
const hasPaths = async (
  lists: ForgeLists,
  repository: ListedRepository,
  branch: string,
  filters: readonly Filter[],
): Promise<boolean> => {
  const has = (path: string): Promise<boolean> => lists.hasPath(repository, { branch, path: path.replace(/\/+$/, '') });
  const isTaken = async ({ pathsExist = [], pathsDoNotExist = [] }: Filter): Promise<boolean> => {
    for (const path of pathsExist) if (!(await has(path))) return false;
    for (const path of pathsDoNotExist) if (await has(path)) return false;
    return true;
  };
  for (const filter of filters) if (await isTaken(filter)) return true;
  return false;
};
