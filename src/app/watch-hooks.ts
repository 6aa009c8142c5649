import { AppError } from '../domain/errors.ts';
import type { RepositoryConfig } from '../domain/fleet/fleet-file.ts';
import { type DisabledHook, FLEET_ID, type FleetRow } from '../domain/fleet-row.ts';
import { stableText } from '../domain/stable-digest.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { ReadHooks } from '../ports/webhook-health.ts';
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
const OURS = /\/(?:webhooks\/gitlab|api\/webhook)\/?$/;

/**
 * Says which hooks GitLab has stopped calling, for what they would tell comes with the poll only. Of repositories with a
 * webhook's secret and credentials, every quarter of an hour; of those whose token may not see hooks, once a day. Answers
 * with how many are disabled among those looked at. Errors: the store's.
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
  forge === 'gitlab' && credentials !== undefined && webhookSecret !== undefined;

const look = async (
  { readHooks, log }: WatchHooksDeps,
  repository: RepositoryConfig,
): Promise<{ found?: DisabledHook[]; isSeen: boolean }> => {
  try {
    const hooks = await readHooks(repository);
    const disabled = (hooks ?? []).flatMap(({ url, disabled: state }) =>
      state && OURS.test(url) ? [{ url, ...state }] : [],
    );
    for (const { url, until } of disabled) {
      const remedy =
        'GitLab sends no events: look at the hook’s recent events in the project’s settings, and test it there';
      log.error('webhook disabled by GitLab', {
        repository: repository.url,
        hook: url,
        until: until ?? 'enabled again',
        remedy,
      });
    }
    return { found: disabled, isSeen: hooks !== undefined };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn('webhooks not looked at', { repository: repository.url, code: error.code, reason: error.message });
    return { isSeen: true };
  }
};
