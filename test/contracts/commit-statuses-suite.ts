import { describe, expect, it } from 'vitest';
import type { RepositoryConfig } from '../../src/domain/fleet/fleet-file.ts';
import type { CommitStatus, CommitStatuses, StatusState } from '../../src/ports/commit-statuses.ts';

export const COMMIT = 'a'.repeat(40);
export const UNKNOWN_COMMIT = 'b'.repeat(40);

/** What a forge shows on the commit, in its own words; the newest status of each context. */
export interface ForgeUnderTest {
  repository: RepositoryConfig;
  statuses: CommitStatuses;
  shown: () => { context: string; state: string; description: string | null; url: string | null }[];
  /** The forge's word for each of ours. */
  words: Record<StatusState, string>;
  withCredentials: (kind: 'wrong' | 'read-only') => CommitStatuses;
  failNext: (kind: 'limit' | 'outage') => void;
}

/** What every adapter of port CommitStatuses promises. */
export const describeCommitStatuses = (name: string, setUp: () => ForgeUnderTest): void => {
  const status = (forge: ForgeUnderTest, overrides: Partial<CommitStatus> = {}): CommitStatus => ({
    repository: forge.repository,
    commit: COMMIT,
    ref: 'refs/heads/main',
    context: 'towline/prod',
    state: 'pending',
    description: 'planning',
    targetURL: 'https://towline.example.com/rollouts/1',
    ...overrides,
  });

  describe(`CommitStatuses: ${name}`, () => {
    it('shows state, context, description and link', async () => {
      const forge = setUp();
      await forge.statuses.post(status(forge));
      expect(forge.shown()).toEqual([
        {
          context: 'towline/prod',
          state: forge.words.pending,
          description: 'planning',
          url: 'https://towline.example.com/rollouts/1',
        },
      ]);
    });

    it('goes from pending to running to each end', async () => {
      for (const end of ['success', 'failure', 'canceled'] as const) {
        const forge = setUp();
        for (const state of ['pending', 'running', end] as const) await forge.statuses.post(status(forge, { state }));
        expect(forge.shown()).toMatchObject([{ state: forge.words[end] }]);
      }
    });

    it('takes every state twice, and an older one late', async () => {
      const forge = setUp();
      for (const state of ['pending', 'pending', 'running', 'running', 'pending', 'success', 'success'] as const) {
        await forge.statuses.post(status(forge, { state }));
      }
      expect(forge.shown()).toMatchObject([{ state: forge.words.success }]);
    });

    it('keeps contexts apart', async () => {
      const forge = setUp();
      await forge.statuses.post(status(forge, { context: 'towline/prod', state: 'failure' }));
      await forge.statuses.post(status(forge, { context: 'towline/dev', state: 'success' }));
      const shown = forge.shown().map(({ context, state }) => `${context} ${state}`);
      expect(shown.toSorted()).toEqual([`towline/dev ${forge.words.success}`, `towline/prod ${forge.words.failure}`]);
    });

    it('works for a tag, without a link, and with a description of 140 characters', async () => {
      const forge = setUp();
      const description = 'x'.repeat(140);
      await forge.statuses.post(status(forge, { ref: 'refs/tags/v1', targetURL: undefined, description }));
      expect(forge.shown()).toMatchObject([{ description, url: null }]);
    });

    it('tells whether the commit shows exactly this', async () => {
      const forge = setUp();
      const told = status(forge, { state: 'running', description: 'x'.repeat(140) });
      await expect(forge.statuses.isShown(told)).resolves.toBe(false);
      await forge.statuses.post(told);
      await expect(forge.statuses.isShown(told)).resolves.toBe(true);
      const others = [
        { context: 'towline/dev' },
        { state: 'failure' },
        { description: 'y' },
        { targetURL: undefined },
      ] as const;
      for (const other of others) await expect(forge.statuses.isShown({ ...told, ...other })).resolves.toBe(false);
      await forge.statuses.post({ ...told, state: 'success' });
      await expect(forge.statuses.isShown(told)).resolves.toBe(false);
    });

    it('finds it behind a hundred and more of others', async () => {
      const forge = setUp();
      const told = status(forge, { state: 'success', description: 'long ago' });
      await forge.statuses.post(told);
      for (let count = 0; count < 120; count++) {
        await forge.statuses.post(status(forge, { context: `towline/other-${count}`, state: 'success' }));
      }
      await expect(forge.statuses.isShown(told)).resolves.toBe(true);
      await expect(forge.statuses.isShown({ ...told, description: 'else' })).resolves.toBe(false);
    });

    it.each(['wrong', 'read-only'] as const)('%s credentials are denied for good and never shown', async (kind) => {
      const forge = setUp();
      const error = await forge
        .withCredentials(kind)
        .post(status(forge))
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'AppError', code: 'forge-denied', kind: 'permanent' });
      expect(everythingIn(error)).not.toMatch(/canary/);
    });

    it('an unknown commit is an error for good', async () => {
      const forge = setUp();
      await expect(forge.statuses.post(status(forge, { commit: UNKNOWN_COMMIT }))).rejects.toMatchObject({
        code: 'commit-unknown',
        kind: 'permanent',
      });
    });

    it('a rate limit says when to come back', async () => {
      const forge = setUp();
      forge.failNext('limit');
      await expect(forge.statuses.post(status(forge))).rejects.toMatchObject({
        code: 'forge-rate-limited',
        kind: 'transient',
        retryAfterSeconds: 17,
      });
      expect(forge.shown()).toEqual([]);
    });

    it('an outage passes, and nothing is repeated here', async () => {
      const forge = setUp();
      forge.failNext('outage');
      await expect(forge.statuses.post(status(forge))).rejects.toMatchObject({
        code: 'forge-unreachable',
        kind: 'transient',
      });
      expect(forge.shown()).toEqual([]);
    });

    it('a URL that is no repository of the forge is named', async () => {
      const forge = setUp();
      const repository = { ...forge.repository, url: 'https://forge.example.com/x' };
      await expect(forge.statuses.post(status(forge, { repository }))).rejects.toMatchObject({
        code: 'repository-url-invalid',
        kind: 'permanent',
      });
    });
  });
};

/** An error with everything that a logger could reach: causes, stack, own properties. */
export const everythingIn = (error: unknown): string => {
  const seen = new Set<unknown>();
  const walk = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return String(value);
    if (seen.has(value)) return '';
    seen.add(value);
    return Object.getOwnPropertyNames(value)
      .map((key) => `${key}=${walk(Reflect.get(value, key))}`)
      .join('\n');
  };
  return walk(error);
};
