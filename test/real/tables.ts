import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { decode } from '../../src/adapters/aws/dynamodb-store.ts';
import type { ApplicationRow } from '../../src/domain/application-row.ts';
import type { Lease } from '../../src/domain/lease.ts';
import type { RefRow } from '../../src/domain/ref-row.ts';
import type { Row } from '../../src/domain/row.ts';
import { TABLES } from '../../src/local/aws/tables.ts';

type LeasedRow = Row & { lease?: Lease };

/** Reads the tables that a stack has written to a DynamoDB server, as nobody else does. */
export const openTables = (endpoint: string, prefix: string) => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  const rows = async <R extends Row>(table: string): Promise<R[]> => {
    const found: R[] = [];
    const pages = paginateScan({ client }, { TableName: `${prefix}${table}`, ConsistentRead: true });
    for await (const { Items = [] } of pages) found.push(...Items.map((item) => decode<R>(item)));
    return found;
  };
  const names = TABLES.flatMap(({ TableName = '' }) => (TableName === 'outcomes' ? [] : [TableName]));
  return {
    close: () => client.destroy(),
    /** Rows that wait for something, or that somebody works on. */
    outstanding: async (): Promise<string[]> => {
      const all = await Promise.all(
        names.map(async (table) => (await rows<LeasedRow>(table)).map((row) => [table, row] as const)),
      );
      return all
        .flat()
        .filter(([, { due, lease }]) => due !== undefined || (lease !== undefined && lease.until > Date.now()))
        .map(([table, { id, due }]) => `${table} ${id} due ${due}`);
    },
    /** Applications of which what was applied last is not what they must become. */
    unapplied: async (): Promise<string[]> =>
      (await rows<ApplicationRow>('applications'))
        .filter(
          ({ desired, applied }) =>
            desired?.generation !== applied?.generation || desired?.renderKeys.join() !== applied?.renderKeys.join(),
        )
        .map(({ id, desired, applied }) => `${id} must be ${desired?.generation}, is ${applied?.generation}`),
    /** The commits that the refs were planned at last. */
    heads: async (): Promise<string[]> => (await rows<RefRow>('refs')).flatMap(({ head }) => head ?? []),
  };
};
