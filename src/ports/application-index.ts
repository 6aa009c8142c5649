/** Every id of a table, a page at a time. */
export interface RowIndex {
  all(): AsyncIterable<string[]>;
}

/** Look-ups over applications besides their id. Eventually consistent; whoever is missed is found by its `due`. */
export interface ApplicationIndex extends RowIndex {
  /** Ids of the applications that wait for this render key, a page at a time. */
  awaiting(renderKey: string): AsyncIterable<string[]>;
}
