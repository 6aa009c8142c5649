/** Why Towline looks at a ref. */
export type Cause = 'push' | 'tag' | 'merge-request' | 'poll' | 'manual' | 'fleet' | 'retry';

/**
 * A ref of a repository moved (or is said to have). The event is only a hint: the planner reads the ref itself.
 * `repository` is the registered URL, `ref` the full name (`refs/heads/main`) or a commit id,
 * `commit` the id that the event named; absent where nobody named one.
 */
export interface Change {
  repository: string;
  ref: string;
  commit?: string;
  cause: Cause;
}
