import type { AskProviderDeps } from '../../src/app/generators/ask-provider.ts';
import type { PullRequest } from '../../src/domain/fleet/applicationset/generator-inputs.ts';
import type { ListedRepository } from '../../src/ports/forge-lists.ts';

/** Forges and plugins in memory: what they answer, what they fail with, and what they were asked. */
export const createMemoryProviders = () => {
  const state = {
    pulls: new Map<string, PullRequest[]>(),
    repositories: new Map<string, ListedRepository[]>(),
    /** By `organization/name`: commits by branch. */
    branches: new Map<string, Record<string, string>>(),
    /** `organization/name/branch/path`. */
    paths: new Set<string>(),
    plugins: new Map<string, (request: unknown) => Record<string, unknown>[]>(),
    /** Thrown by whatever is asked. */
    failure: undefined as Error | undefined,
    asked: [] as string[],
  };
  const ask = <Answer>(what: string, answer: () => Answer): Promise<Answer> => {
    state.asked.push(what);
    return state.failure ? Promise.reject(state.failure) : Promise.resolve(answer());
  };
  const ports: AskProviderDeps = {
    openForgeLists: ({ credentials }) => ({
      pullRequests: ({ path }) => ask(`pulls ${path} as ${credentials}`, () => state.pulls.get(path) ?? []),
      repositories: ({ path }) => ask(`repositories ${path}`, () => state.repositories.get(path) ?? []),
      branches: ({ organization, repository, defaultBranch }, all) =>
        ask(`branches ${repository}`, () =>
          Object.entries(state.branches.get(`${organization}/${repository}`) ?? {})
            .map(([name, sha]) => ({ name, sha }))
            .filter(({ name }) => all || name === defaultBranch),
        ),
      hasPath: ({ organization, repository }, { branch, path }) =>
        ask(`path ${repository} ${path}`, () => state.paths.has(`${organization}/${repository}/${branch}/${path}`)),
    }),
    askPlugin: ({ name }, request) => ask(`plugin ${name}`, () => state.plugins.get(name)?.(request) ?? []),
  };
  return Object.assign(state, ports);
};
