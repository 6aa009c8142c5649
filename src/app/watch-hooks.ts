import { AppError } from '../domain/errors.ts';
import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import { type DisabledHook, FLEET_ID, type FleetRow } from '../domain/fleet-row.ts';
import { stableText } from '../domain/stable-digest.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { HookState, ReadHooks } from '../ports/webhook-health.ts';
import { loadFleet } from './load-fleet.ts';
import { updateRow } from './update-row.ts';

export interface WatchHooksDeps {
  fleets: Store<FleetRow>;
  readHooks: ReadHooks;
  clock: Clock;
  log: Log;
}

const LOOK_EVERY_MS = 15 * 60_000;
/** A token that may not see hooks is not asked again before that. */
const DENIED_MS = 24 * 60 * 60_000;
const OURS = /\/(?:webhooks\/(?:gitlab|github)|api\/webhook)\/?$/;

/**
 * Says which hooks a forge has stopped calling or sees fail, for what they would tell comes with the poll only. Of repositories with a
 * webhook's secret and credentials, every quarter of an hour; of those whose token may not see hooks, once a day. Answers
 * with how many are so among those looked at. Errors: the store's.
 */
export const watchHooks = (deps: WatchHooksDeps): (() => Promise<{ disabled: number }>) => {
  const nextLook = new Map<string, number>();
  return async () => {
    const { file } = await loadFleet(deps);
    const now = deps.clock();
    const due = file.repositories.filter((one) => isWatched(one) && (nextLook.get(one.url) ?? 0) <= now);
    let disabled = 0;
    for (const repository of due) {
      const { found, isSeen } = await look(deps, repository);
      nextLook.set(repository.url, now + (isSeen ? LOOK_EVERY_MS : DENIED_MS));
      disabled += found?.length ?? 0;
      if (found) await note(deps, repository.url, found);
    }
    return { disabled };
  };
};

/** For the page; only what is new is written. */
const note = async ({ fleets }: WatchHooksDeps, url: string, found: DisabledHook[]): Promise<void> => {
  await updateRow(fleets, FLEET_ID, (row) => {
    if (!row || stableText(row.disabledHooks?.[url] ?? []) === stableText(found)) return undefined;
    const { [url]: _before, ...others } = row.disabledHooks ?? {};
    return { ...row, disabledHooks: found.length > 0 ? { ...others, [url]: found } : others };
  });
};

const isWatched = ({ forge, credentials, webhookSecret }: RepositoryConfig): boolean =>
  forge !== 'git' && credentials !== undefined && webhookSecret !== undefined;

const look = async (
  { readHooks, log }: WatchHooksDeps,
  repository: RepositoryConfig,
): Promise<{ found?: DisabledHook[]; isSeen: boolean }> => {
  try {
    const hooks = await readHooks(repository);
    const disabled = (hooks ?? []).flatMap((hook) => (OURS.test(hook.url) ? disabledOf(hook) : []));
    for (const hook of disabled) tell(log, repository, hook);
    return { found: disabled, isSeen: hooks !== undefined };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn('webhooks not looked at', { repository: repository.url, code: error.code, reason: error.message });
    return { isSeen: true };
  }
};

const disabledOf = ({ url, disabled, failing }: HookState): DisabledHook[] => {
  if (disabled) return [{ url, ...disabled }];
  return failing === undefined ? [] : [{ url, status: failing }];
};

const REMEDY = 'look at the hook’s recent deliveries in the repository’s settings on the forge, and test it there';

const tell = (
  log: Log,
  { url: repository, forge }: RepositoryConfig,
  { url: hook, until, status }: DisabledHook,
): void => {
  const name = forge === 'github' ? 'GitHub' : 'GitLab';
  if (status !== undefined) log.warn(`webhook fails, says ${name}`, { repository, hook, status, remedy: REMEDY });
  else log.error(`webhook disabled by ${name}`, { repository, hook, until: until ?? 'enabled again', remedy: REMEDY });
};
