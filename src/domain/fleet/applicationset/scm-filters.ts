import type { ScmProviderGenerator } from './application-set.ts';
import { readPattern } from './generators/patterns.ts';

type Filters = ScmProviderGenerator['filters'];
type Filter = NonNullable<Filters>[number];

/** Filters by what they look at, as Argo CD sorts them: one that looks at both is among both. */
interface SortedFilters {
  /** repositoryMatch, labelMatch. */
  repository: Filter[];
  /** branchMatch, pathsExist, pathsDoNotExist. */
  branch: Filter[];
}

/**
 * Sorts a generator's filters. Argo CD looks at repositories first (some filter that says anything of repositories has to
 * take each), at branches then; what one filter says of both is not held together.
 */
export const sortFilters = (filters: Filters = []): SortedFilters => ({
  repository: filters.filter(({ repositoryMatch, labelMatch }) => repositoryMatch ?? labelMatch),
  branch: filters.filter(
    ({ branchMatch, pathsExist, pathsDoNotExist }) => branchMatch ?? (pathsExist?.length || pathsDoNotExist?.length),
  ),
});

/** Whether a repository is taken by its name and labels. Errors: AppError `application-set-invalid`. */
export const takesRepository = (
  { repository: filters }: SortedFilters,
  { repository, labels = [] }: { repository: string; labels?: readonly string[] },
): boolean =>
  filters.length === 0 ||
  filters.some(
    ({ repositoryMatch, labelMatch }) =>
      readPattern(repositoryMatch).test(repository) &&
      (labelMatch === undefined || labels.some((label) => readPattern(labelMatch).test(label))),
  );

/** The filters on branches whose name pattern takes a branch; what they say of paths has to be looked at. */
export const filtersOfBranch = ({ branch: filters }: SortedFilters, branch: string): Filter[] =>
  filters.filter(({ branchMatch }) => readPattern(branchMatch).test(branch));
