import type { Params, ScmProviderGenerator } from '../application-set.ts';
import { type GeneratorContext, noteRead, take, withValues } from '../context.ts';
import { providerRequest, type ScmRepository } from '../generator-inputs.ts';
import { normalizeName } from '../go-text.ts';
import { filtersOfBranch, sortFilters, takesRepository } from '../scm-filters.ts';

/**
 * One set of params a repository (and branch) that some filter takes. Filters on paths are part of the request: who answers
 * it has looked.
 */
export const generateScmRepositories = (generator: ScmProviderGenerator, context: GeneratorContext): Params[] => {
  const { key, request, requeueAfterSeconds } = providerRequest(generator);
  noteRead(context, { type: 'scmRepositories', key, ...requeueAfterSeconds });
  const need = { type: 'scmRepositories' as const, key, request };
  const found =
    take(context, context.inputs.scmRepositories[key], need, (error) => `error listing repos: ${error}`) ?? [];
  const filters = sortFilters(generator.filters);
  const isTaken = (one: ScmRepository): boolean =>
    takesRepository(filters, one) && (filters.branch.length === 0 || filtersOfBranch(filters, one.branch).length > 0);
  return found.filter(isTaken).map((one) => withValues(paramsOf(one), generator.values, context));
};

const paramsOf = (one: ScmRepository): Params => ({
  organization: one.organization,
  repository: one.repository,
  repository_id: one.repositoryId ?? null,
  url: one.url,
  branch: one.branch,
  branchNormalized: normalizeName(one.branch),
  sha: one.sha,
  short_sha: one.sha.slice(0, 8),
  short_sha_7: one.sha.slice(0, 7),
  labels: (one.labels ?? []).join(','),
});
