import * as v from 'valibot';
import { isKind } from '../../domain/errors.ts';
import type { RepositoryConfig } from '../../domain/fleet/fleet-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HookState, ReadHooks } from '../../ports/webhook-health.ts';
import { createGitLabClient } from './repository-client.ts';

/** `alert_status`: GitLab stops calling a hook that fails, for a time that grows, and in the end for good. */
const HooksSchema = v.array(
  v.object({
    url: v.string(),
    alert_status: v.nullish(v.string(), 'executable'),
    disabled_until: v.nullish(v.string()),
  }),
);

interface Deps {
  credential: (repository: RepositoryConfig) => () => Promise<string | undefined>;
  clock: Clock;
}

/** Reads the hooks of GitLab projects, for which a token needs the role Maintainer; without it there is no answer. */
export const createGitLabHooks =
  ({ credential, clock }: Deps): ReadHooks =>
  async (repository) => {
    const client = createGitLabClient({ repository, credential: credential(repository), clock });
    const answer = await client.get('/hooks', HooksSchema, { per_page: '100' }).catch((error: unknown) => {
      if (isKind(error, 'permanent')) return undefined;
      throw error;
    });
    return answer?.data.map(stateOf);
  };

const stateOf = ({
  url,
  alert_status: status,
  disabled_until: until,
}: v.InferOutput<typeof HooksSchema>[number]): HookState => {
  // A query may hold a secret.
  const shown = url.split(/[?#]/)[0] ?? '';
  return status === 'executable' ? { url: shown } : { url: shown, disabled: until ? { until } : {} };
};
