import type { Row } from '../domain/row.ts';

export type { Row } from '../domain/row.ts';

/**
 * One aggregate's table. Every change is one conditional write of one row (optimistic on `version`), so all decisions
 * (leases, generations, supersession) are pure functions from row to row.
 * Errors: AppError `store-throttled`, `store-unreachable` (transient), `row-too-large` (permanent).
 */
export interface Store<R extends Row> {
  /** Strongly consistent. */
  get(id: string): Promise<R | undefined>;
  /** Rows that exist, in no particular order; any number of ids. */
  getMany(ids: readonly string[]): Promise<R[]>;
  /**
   * Writes `row` if the stored version still equals `row.version` (0: no such row may exist). Answers with the row as
   * stored (version + 1), or undefined when another writer came first.
   */
  save(row: R): Promise<R | undefined>;
  /** Deletes the row if its version still matches; false when another writer came first. */
  remove(row: Pick<R, 'id' | 'version'>): Promise<boolean>;
  /** Ids of rows due at or before `now`, oldest first, at most `limit`. Eventually consistent. */
  due(now: number, limit: number): Promise<string[]>;
}

/** A table of results that follow from their ids: whoever writes one writes the same. */
export interface Results<R extends Row> extends Store<R> {
  /**
   * Writes the row whatever stands there, as the version after its own: for a result that nobody was seen to have written.
   * Errors: those of `Store`.
   */
  put(row: R): Promise<void>;
}
