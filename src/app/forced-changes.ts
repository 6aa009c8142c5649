import type { ApplicationRow } from '../domain/application-row.ts';
import type { Rollout } from '../domain/rollout.ts';
import type { ChangeMessage } from '../messages/change.ts';
import type { Store } from '../ports/store.ts';

/** Asks for plans of applications whatever their files say, one message for each (repository, ref) that plans some. */
export interface ForcedChanges {
  /** Who plans (repository, ref) plans the application: that is where its Application or a source of it stands. */
  add(row: ApplicationRow): Promise<void>;
  messages(): ChangeMessage[];
}

/** Gathers applications that are to be planned again. */
export const createForcedChanges = (rollouts: Pick<Store<Rollout>, 'get'>): ForcedChanges => {
  const changes = new Map<string, ChangeMessage & { applications: string[] }>();
  return {
    add: async ({ id, desired }) => {
      const at = desired && (desired.revisions[0] ?? (await rollouts.get(desired.rollout)));
      if (!at) return;
      const { repository, ref } = at;
      const key = `${repository}#${ref}`;
      const change = changes.get(key) ?? { version: 1, repository, ref, cause: 'poll', applications: [] };
      change.applications.push(id);
      changes.set(key, change);
    },
    messages: () => [...changes.values()],
  };
};
