import { transient } from '../domain/errors.ts';
import type { Row, Store } from '../ports/store.ts';

const ATTEMPTS = 20;

/**
 * Changes a row that was read a moment ago: written on condition that nobody wrote in between, without reading it again
 * unless somebody did. Else like `updateRow`.
 */
export const updateKnownRow = async <R extends Row>(
  store: Store<R>,
  known: R,
  change: (row: R | undefined) => R | undefined,
): Promise<R | undefined> => {
  const next = change(known);
  const saved = next && (await store.save(next));
  return saved ?? updateRow(store, known.id, change);
};

/**
 * Reads a row, lets `change` decide on the next one, writes it on condition that nobody wrote in between, and starts
 * over where somebody did. `change` answers undefined to leave the row as it is; then so does this.
 * Errors: AppError `row-contended` (transient) after 20 lost races.
 */
export const updateRow = async <R extends Row>(
  store: Store<R>,
  id: string,
  change: (row: R | undefined) => R | undefined,
): Promise<R | undefined> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const next = change(await store.get(id));
    if (!next) return undefined;
    const saved = await store.save(next);
    if (saved) return saved;
  }
  throw transient('row-contended', `row ${id} changed ${ATTEMPTS} times under one update`, { details: { id } });
};
