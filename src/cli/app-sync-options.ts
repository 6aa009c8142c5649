import { usage } from './command-line.ts';

/** The options of `towline app` beyond those of every remote command. */
export const APP_OPTIONS = {
  all: { type: 'boolean' },
  prune: { type: 'boolean' },
  force: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  refresh: { type: 'boolean' },
  'hard-refresh': { type: 'boolean' },
  resource: { type: 'string', multiple: true },
} as const;

interface Given {
  prune?: boolean | undefined;
  force?: boolean | undefined;
  'dry-run'?: boolean | undefined;
  resource?: string[] | undefined;
}

/** What POST …/sync takes; what is absent is as the Application says. */
export interface SyncBody {
  prune?: true;
  force?: true;
  dryRun?: true;
  resources?: SyncedResource[];
}

interface SyncedResource {
  group: string;
  kind: string;
  namespace?: string;
  name: string;
  exclude?: true;
}

/** The request that the options make. Errors: AppError `usage` (rejected), also where the verb is not sync. */
export const syncRequest = (verb: string, { prune, force, 'dry-run': dryRun, resource = [] }: Given): SyncBody => {
  const body: SyncBody = {
    ...(prune ? { prune } : {}),
    ...(force ? { force } : {}),
    ...(dryRun ? { dryRun } : {}),
    ...(resource.length > 0 ? { resources: resource.map(resourceOf) } : {}),
  };
  if (verb !== 'sync' && Object.keys(body).length > 0)
    throw usage('--prune, --force, --dry-run and --resource go with app sync');
  return body;
};

/** Whether `app get` has the application compared first; `hard`: all of it. Errors: AppError `usage`, where the verb is not get. */
export const refreshRequest = (
  verb: string,
  given: { refresh?: boolean | undefined; 'hard-refresh'?: boolean | undefined },
): { hard: boolean } | undefined => {
  const hard = given['hard-refresh'] ?? false;
  if (!hard && !given.refresh) return undefined;
  if (verb !== 'get') throw usage('--refresh and --hard-refresh go with app get');
  return { hard };
};

const RESOURCE = /^(!?)([^:]*):([^:]+):(?:([^/]+)\/)?([^/]+)$/;

/** As Argo CD's own command has it: `*` for any, `!` before what is left out. */
const resourceOf = (text: string): SyncedResource => {
  const [, not, group = '', kind = '', namespace, name = ''] = RESOURCE.exec(text) ?? [];
  if (!kind) throw usage(`--resource ${text} is not [!]GROUP:KIND:[NAMESPACE/]NAME`);
  const exclude = not ? { exclude: true as const } : {};
  return { group, kind, name, ...(namespace === undefined ? {} : { namespace }), ...exclude };
};
