/** Look-ups over applications besides their id. Eventually consistent; whoever is missed is found by its `due`. */
export interface ApplicationIndex {
  /** Ids of the applications that wait for this render key, a page at a time. */
  awaiting(renderKey: string): AsyncIterable<string[]>;
  /** Every application id, a page at a time. */
  all(): AsyncIterable<string[]>;
}
