import {
  ApplicationDetail,
  ApprovedRemoval,
  Asked,
  type ApplicationDetail as Detail,
  ListedApplication,
  list,
  RolledBack,
} from './api-answers.ts';
import {
  applicationPath,
  createApiClient,
  deadlineOf,
  pauseFor,
  REMOTE_OPTIONS,
  type RemoteInput,
} from './api-client.ts';
import type { AppCommand } from './app-command.ts';
import { LOOK_EVERY_MS, refreshFirst } from './app-refresh.ts';
import { APP_OPTIONS, refreshRequest, syncRequest } from './app-sync-options.ts';
import { noCommand, outputOf, readOptions, runCommand, usage } from './command-line.ts';
import { commitsOf, FORMATS, fields, formatted, plain, table, timeOf } from './table.ts';

/** What `towline app --help` prints. */
export const APP_USAGE = `Usage: towline app COMMAND [NAME] [--server URL] [-o wide|json|yaml]

NAME is an Application's name, or NAMESPACE/NAME where it is not in argocd.

  list                         all applications, failing ones first
  get NAME                     one application and its objects
  sync NAME                    sync what is desired now: also where automated sync is off, and again where it failed
  terminate NAME               stop the operation under way
  approve NAME                 allow what it waits to prune or delete
  wait NAME [--timeout SEC]    wait until it is synced and healthy (default: 600 seconds)
  history NAME                 what was applied, newest first
  rollback NAME [GENERATION]   apply what was applied before; automated sync leaves it alone until Git moves
  resume NAME                  end a rollback: back to what Git says
  approve-removal NAME [--all] let it go though it is one of many that are gone from Git at once; --all: them all

With sync:
      --prune, --force     delete what is not desired any more; replace by deletion what cannot be changed
      --dry-run            ask the cluster what would become of it, change nothing
      --resource GROUP:KIND:[NAMESPACE/]NAME   only this object; may be repeated (:ConfigMap:web for the core group, * for any, ! before it for all but it)

With get:
      --refresh, --hard-refresh   compare it with its cluster first; hard: every object anew, whatever is known of it

      --server URL   the stack (default: TOWLINE_SERVER, else http://127.0.0.1:8484)
  -o, --output       wide: more columns; json, yaml: the server's answer

Exit code 0: done; 1: it failed, was refused or did not end in time, or there is no such application; 2: wrong usage.
`;

/**
 * The body of `towline app`: asks a running stack and prints its answer. Answers with the exit code: 0, 1 where the server
 * or the application says no, 2 for wrong usage.
 */
export const runApp = (input: RemoteInput): Promise<number> =>
  runCommand('app', input, async () => {
    const { values, positionals } = readOptions(input.args, { ...REMOTE_OPTIONS, ...APP_OPTIONS });
    if (values.help) {
      input.write(APP_USAGE);
      return 0;
    }
    const [verb = '', name, ...more] = positionals;
    const run = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
    if (!run) throw noCommand('app', verb, Object.keys(COMMANDS));
    const words = verb === 'list' ? [name, ...more] : more.slice(verb === 'rollback' ? 1 : 0);
    const [unexpected] = words;
    if (unexpected !== undefined) throw usage(`unexpected argument ${unexpected}`);
    return run({
      input,
      client: createApiClient(input, values.server),
      format: outputOf(values.output, FORMATS),
      path: verb === 'list' ? '' : applicationPath(name),
      extra: more[0],
      timeout: values.timeout,
      all: values.all ?? false,
      refresh: refreshRequest(verb, values),
      sync: syncRequest(verb, values),
    });
  });

const listAll = async ({ input, client, format }: AppCommand): Promise<number> => {
  const answer = await client.get('applications', list(ListedApplication));
  const header = ['NAME', 'CLUSTER', 'ENVIRONMENT', 'SYNC', 'HEALTH', 'REVISION'];
  const show = (wide: boolean): string =>
    table(
      wide ? [...header, 'GENERATION', 'STATE'] : header,
      answer.items.map((one) => [
        one.id,
        one.cluster,
        one.environment,
        one.sync,
        one.health.status,
        commitsOf((one.applied ?? one.desired)?.revisions),
        ...(wide ? [generationOf(one), standingOf(one)] : []),
      ]),
    );
  input.write(formatted(format, answer, show));
  return 0;
};

type Standing = Pick<Detail, 'desired' | 'applied' | 'outcome' | 'pinned'>;

const generationOf = ({ desired, applied }: Standing): string =>
  desired ? `${applied?.generation ?? 0}/${desired.generation}` : '';

const standingOf = ({ outcome, pinned }: Standing): string =>
  [
    [outcome?.phase, outcome?.message].filter(Boolean).join(': '),
    pinned ? `(rolled back to generation ${pinned.generation})` : '',
  ]
    .filter(Boolean)
    .join(' ');

const getOne = async (command: AppCommand): Promise<number> => {
  const { input, client, format, path, refresh } = command;
  if (refresh) await refreshFirst(command, refresh);
  const one = await client.get(path, ApplicationDetail);
  input.write(formatted(format, one, (wide) => `${describe(one)}${objectsOf(one, wide)}`));
  return 0;
};

const describe = (one: Detail): string =>
  fields([
    ['Name', one.id],
    ['Project', one.spec.project],
    ['Cluster', one.spec.cluster],
    ['Environment', one.spec.environment],
    ['Sync', one.sync],
    ['Health', `${one.health.status} ${one.health.message}`],
    ['State', standingOf(one)],
    ...(one.refGone ? [['Held', one.refGone.message] as const] : []),
    ['Generation', `${one.applied?.generation ?? 'none'} applied, ${one.desired?.generation ?? 'none'} desired`],
    ...(one.desired?.revisions ?? []).map(
      ({ repository, ref, commit }) => ['Desired', `${commit} ${repository} ${ref}`] as const,
    ),
    ['Rollout', one.desired?.rollout ?? ''],
  ]);

const objectsOf = ({ resources }: Detail, wide: boolean): string => {
  if (resources.length === 0) return '';
  const lines = table(
    ['KIND', 'NAMESPACE', 'NAME', 'SYNC', 'HEALTH', ...(wide ? ['GROUP', 'MESSAGE'] : [])],
    resources.map(({ kind, namespace, name, sync, health, group, message }) => [
      kind,
      namespace,
      name,
      sync,
      health?.status ?? '',
      ...(wide ? [group, [health?.message, message].filter(Boolean).join('; ')] : []),
    ]),
  );
  return `\n${lines}`;
};

const syncOne = async ({ input, client, format, path, sync }: AppCommand): Promise<number> => {
  const asked = await client.post(`${path}/sync`, sync, Asked);
  input.write(
    formatted(format, asked, () => `${asked.application}: sync of generation ${asked.generation} requested\n`),
  );
  return 0;
};

/** A request without a body, and what is said once it is taken. */
const ask =
  (verb: 'terminate' | 'approve', taken: string) =>
  async ({ input, client, format, path }: AppCommand): Promise<number> => {
    const asked = await client.post(`${path}/${verb}`, {}, Asked);
    input.write(formatted(format, asked, () => `${asked.application}: ${taken}\n`));
    return 0;
  };

const rollBack = async ({ input, client, format, path, extra }: AppCommand): Promise<number> => {
  const generation = extra === undefined ? undefined : Number(extra);
  if (generation !== undefined && !(Number.isInteger(generation) && generation > 0))
    throw usage(`GENERATION ${extra} is not a number of the history`);
  const asked = await client.post(`${path}/rollback`, generation === undefined ? {} : { generation }, RolledBack);
  const show = (): string =>
    `${asked.application}: rollback to generation ${asked.to} requested, as generation ${asked.generation} (rollout ${asked.rollout})\n`;
  input.write(formatted(format, asked, show));
  return 0;
};

const resumeOne = async ({ input, client, format, path }: AppCommand): Promise<number> => {
  const asked = await client.post(`${path}/resume`, {}, Asked);
  input.write(formatted(format, asked, () => `${asked.application}: resumed, as generation ${asked.generation}\n`));
  return 0;
};

const approveRemovalOf = async ({ input, client, format, path, all }: AppCommand): Promise<number> => {
  const asked = await client.post(`${path}/approve-removal`, { all }, ApprovedRemoval);
  input.write(formatted(format, asked, () => asked.applications.map((id) => `${id}: goes\n`).join('')));
  return 0;
};

const history = async ({ input, client, format, path }: AppCommand): Promise<number> => {
  const { history: entries } = await client.get(path, ApplicationDetail);
  const show = (wide: boolean): string =>
    table(
      ['GENERATION', 'APPLIED', 'REVISION', 'ROLLOUT', ...(wide ? ['SOURCES'] : [])],
      entries.map(({ generation, at, revisions, rollout }) => [
        String(generation),
        timeOf(at),
        commitsOf(revisions),
        rollout,
        ...(wide ? [revisions.map(({ repository, ref }) => `${repository} ${ref}`).join(', ')] : []),
      ]),
    );
  input.write(formatted(format, { items: entries }, show));
  return 0;
};

/** One line whenever its state changes; ends when it is healthy, has failed, or the time is over. */
const waitFor = async ({ input, client, format, path, timeout }: AppCommand): Promise<number> => {
  const { clock = Date.now, writeError = input.write } = input;
  const deadline = deadlineOf(input, timeout);
  let said = '';
  for (;;) {
    const one = await client.get(path, ApplicationDetail);
    const line = `${one.id}: ${plain(standingOf(one)) || 'not planned yet'}\n`;
    const phase = one.outcome?.phase;
    const isOver = phase === 'healthy' || phase === 'failed';
    if (format === 'json' || format === 'yaml') input.write(isOver ? formatted(format, one, () => '') : '');
    else if (line !== said) input.write(line);
    said = line;
    if (isOver) return phase === 'healthy' ? 0 : 1;
    if (clock() >= deadline) {
      writeError(`towline app: timed out: ${line}`);
      return 1;
    }
    await pauseFor(input, LOOK_EVERY_MS);
  }
};

const COMMANDS: Readonly<Record<string, (command: AppCommand) => Promise<number>>> = {
  list: listAll,
  get: getOne,
  sync: syncOne,
  wait: waitFor,
  history,
  rollback: rollBack,
  resume: resumeOne,
  'approve-removal': approveRemovalOf,
  terminate: ask('terminate', 'termination requested'),
  approve: ask('approve', 'deletion approved'),
};
