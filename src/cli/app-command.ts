import type { ApiClient, RemoteInput } from './api-client.ts';
import type { SyncBody } from './app-sync-options.ts';
import type { Format } from './table.ts';

/** One `towline app` command as it was given. */
export interface AppCommand {
  input: RemoteInput;
  client: ApiClient;
  format: Format;
  /** The application's path in the API. */
  path: string;
  /** What follows NAME. */
  extra: string | undefined;
  timeout: string | undefined;
  all: boolean;
  /** What is asked before `get`. */
  refresh: { hard: boolean } | undefined;
  /** The body of a sync's request. */
  sync: SyncBody;
}
