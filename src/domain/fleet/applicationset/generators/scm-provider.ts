import type { Params, ScmProviderGenerator } from '../application-set.ts';
import { type GeneratorContext, noteRead, take, withValues } from '../context.ts';
import { providerRequest, type ScmRepository } from '../generator-inputs.ts';
import { normalizeName } from '../go-text.ts';
import { readPattern } from './patterns.ts';

/**
 * One set of params a repository (and branch) that some filter takes. Filters on paths are part of the request: who answers
 * it has looked.
 */
export const generateScmRepositories = (generator: ScmProviderGenerator, context: GeneratorContext): Params[] => {
  const { key, request } = providerRequest(generator);
  noteRead(context, { type: 'scmRepositories', key });
  const need = { type: 'scmRepositories' as const, key, request };
  const found =
    take(context, context.inputs.scmRepositories[key], need, (error) => `error listing repos: ${error}`) ?? [];
  return found
    .filter((one) => isTaken(one, generator))
    .map((one) => withValues(paramsOf(one), generator.values, context));
};

const isTaken = (one: ScmRepository, { filters = [] }: ScmProviderGenerator): boolean =>
  filters.length === 0 ||
  filters.some(
    ({ repositoryMatch, labelMatch, branchMatch }) =>
      readPattern(repositoryMatch).test(one.repository) &&
      readPattern(branchMatch).test(one.branch) &&
      (labelMatch === undefined || (one.labels ?? []).some((label) => readPattern(labelMatch).test(label))),
  );

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
