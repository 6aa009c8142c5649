import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiStatus, invalid } from '../api-status.ts';
import type { WriteDeps, WriteOptions } from '../writes/deps.ts';

/** One request on its way through the server. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  path: string;
  query: URLSearchParams;
  /** Empty where there is none. */
  body: Buffer;
}

/** What answering needs. */
export interface ServerDeps extends WriteDeps {
  gitVersion: string;
}

const fieldValidationOf = (text: string | null): WriteOptions['fieldValidation'] =>
  text === 'Ignore' || text === 'Strict' ? text : 'Warn';

/** A manager's name from the query, else from the client's name before the slash. */
const managerOf = ({ query, request }: Exchange): string =>
  query.get('fieldManager') || (request.headers['user-agent'] ?? '').split('/')[0]?.slice(0, 128) || 'unknown';

/** The write options of a request; its warnings become `Warning` headers. Errors: ApiStatus 422. */
export const writeOptions = (exchange: Exchange): WriteOptions => {
  const { query, response } = exchange;
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== '' && value !== 'All')) {
    const shown = JSON.stringify(dryRun);
    const message = `Unsupported value: ${shown}: supported values: "All"`;
    throw invalid('meta.k8s.io', 'CreateOptions', '', [{ reason: 'FieldValueNotSupported', message, field: 'dryRun' }]);
  }
  return {
    fieldManager: managerOf(exchange),
    dryRun: dryRun.includes('All'),
    force: query.get('force') === 'true' || query.get('force') === '1',
    fieldValidation: fieldValidationOf(query.get('fieldValidation')),
    warn: (text) => void response.appendHeader('warning', `299 - ${JSON.stringify(text)}`),
  };
};

/** Server-side apply wants its manager named. Errors: ApiStatus 422. */
export const requireManager = ({ query }: Exchange): void => {
  if (query.get('fieldManager')) return;
  const message = 'Required value: is required for apply patch';
  throw invalid('meta.k8s.io', 'PatchOptions', '', [{ reason: 'FieldValueRequired', message, field: 'fieldManager' }]);
};

/** 401 for a request without the cluster's token. */
export const unauthorized = (): ApiStatus => new ApiStatus(401, 'Unauthorized', 'Unauthorized');
