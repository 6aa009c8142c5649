import type { Results, Row } from '../../src/ports/store.ts';
import { plainCopy } from './plain-copy.ts';

/** What is handed out: writing to it reaches nobody, writing deep into it throws. */
const handOut = <R>(row: R | undefined): R | undefined => row && { ...row };

/** A `Store` (and `Results`) in memory with the same promises as the DynamoDB one (the contract suite runs on both). */
export const createMemoryStore = <R extends Row>(): Results<R> & { rows: Map<string, R> } => {
  const rows = new Map<string, R>();
  return {
    rows,
    get: (id) => Promise.resolve(handOut(rows.get(id))),
    getMany: (ids) => Promise.resolve([...new Set(ids)].flatMap((id) => handOut(rows.get(id)) ?? [])),
    save: (row) => {
      if ((rows.get(row.id)?.version ?? 0) !== row.version) return Promise.resolve(undefined);
      const next = plainCopy({ ...row, version: row.version + 1 });
      rows.set(row.id, next);
      return Promise.resolve(handOut(next));
    },
    put: (row) => {
      rows.set(row.id, plainCopy({ ...row, version: row.version + 1 }));
      return Promise.resolve();
    },
    remove: ({ id, version }) => Promise.resolve(rows.get(id)?.version === version && rows.delete(id)),
    due: (now, limit) =>
      Promise.resolve(
        [...rows.values()]
          .filter((row) => row.due !== undefined && row.due <= now)
          .sort((a, b) => (a.due ?? 0) - (b.due ?? 0))
          .slice(0, limit)
          .map(({ id }) => id),
      ),
  };
};
