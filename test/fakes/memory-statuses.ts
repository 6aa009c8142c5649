import type { CommitStatus, CommitStatuses } from '../../src/ports/commit-statuses.ts';

/**
 * `CommitStatuses` in memory: every status written, in order; `fail` says what the next one fails with, `lose` what it fails
 * with though it was written.
 */
export const createMemoryStatuses = (
  posted: CommitStatus[],
  fail: () => Error | undefined = () => undefined,
  lose: () => Error | undefined = () => undefined,
): CommitStatuses => ({
  post: (status) => {
    const error = fail();
    if (error) return Promise.reject(error);
    posted.push(status);
    const lost = lose();
    return lost ? Promise.reject(lost) : Promise.resolve();
  },
  isShown: ({ commit, context, state, description, targetURL }) => {
    const shown = posted.findLast((one) => one.commit === commit && one.context === context);
    const isSame = shown?.state === state && shown.description === description && shown.targetURL === targetURL;
    return Promise.resolve(isSame);
  },
});
