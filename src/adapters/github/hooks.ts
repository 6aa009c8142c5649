import * as v from 'valibot';
import { isKind } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HookState, ReadHooks } from '../../ports/webhook-health.ts';
import { createGitHubClient } from './repository-client.ts';

/** GitHub goes on calling a hook that fails, and tells what was last answered; `code` is null before the first call. */
const HooksSchema = v.array(
  v.object({
    active: v.boolean(),
    config: v.object({ url: v.optional(v.string(), '') }),
    last_response: v.nullish(v.object({ code: v.nullish(v.number()) })),
  }),
);

interface Deps {
  credential: (repository: RepositoryConfig) => () => Promise<string | undefined>;
  clock: Clock;
}

/** Reads the hooks of a GitHub repository, for which credentials need _Webhooks: read_; without it there is no answer. */
export const createGitHubHooks = ({ credential, clock }: Deps): ReadHooks => {
  const clients = new Map<string, ReturnType<typeof createGitHubClient>>();
  const clientOf = (repository: RepositoryConfig) => {
    const scope = { permissions: { repository_hooks: 'read' as const } };
    const client =
      clients.get(repository.url) ??
      createGitHubClient({ repository, credential: credential(repository), clock, scope });
    clients.set(repository.url, client);
    return client;
  };
  return async (repository) => {
    const answer = await clientOf(repository)
      .get('/hooks', HooksSchema, { per_page: 100 })
      .catch((error: unknown) => {
        if (isKind(error, 'permanent')) return undefined;
        throw error;
      });
    return answer?.data.map(stateOf);
  };
};

const stateOf = ({ active, config, last_response: last }: v.InferOutput<typeof HooksSchema>[number]): HookState => {
  // A query may hold a secret.
  const url = config.url.split(/[?#]/)[0] ?? '';
  const code = last?.code ?? undefined;
  if (!active) return { url, disabled: {} };
  return code === undefined || (code >= 200 && code < 300) ? { url } : { url, failing: code };
};
