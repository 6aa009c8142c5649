import { sourceText } from '../domain/rollout-sources.ts';
import {
  Aborted,
  type RolloutDetail as Detail,
  list,
  Retried,
  RolledBackRollout,
  Rollout,
  RolloutDetail,
} from './api-answers.ts';
import {
  type ApiClient,
  createApiClient,
  deadlineOf,
  pauseFor,
  REMOTE_OPTIONS,
  type RemoteInput,
} from './api-client.ts';
import { noCommand, outputOf, readOptions, runCommand, usage } from './command-line.ts';
import { FORMATS, type Format, fields, formatted, plain, table, timeOf } from './table.ts';

/** What `towline rollout --help` prints. */
export const ROLLOUT_USAGE = `Usage: towline rollout COMMAND [ID] [--server URL] [-o wide|json|yaml]

A rollout is all that one change of a ref, or one rollback, sets in motion.

  list                       the newest rollouts
  get ID                     one rollout and what became of its applications
  watch ID [--timeout SEC]   print what happens until it ends (default: 600 seconds)
  retry ID                   start its failed applications again
  abort ID                   apply nothing more of it; what is applied stays
  rollback ID [--yes]        apply what was there before, until Git moves; asks first, off a terminal it needs --yes

      --server URL   the stack (default: TOWLINE_SERVER, else http://127.0.0.1:8484)
  -o, --output       wide: more columns; json, yaml: the server's answer

Exit code 0: done, or the watched rollout succeeded; 1: it failed, was superseded, was refused or did not end in time, or
there is no such rollout; 2: wrong usage.
`;

interface RolloutCommand {
  input: RemoteInput;
  client: ApiClient;
  format: Format;
  /** The rollout's path in the API. */
  path: string;
  timeout: string | undefined;
  /** Nobody is to be asked. */
  yes: boolean;
}

/**
 * The body of `towline rollout`: asks a running stack and prints its answer. Answers with the exit code: 0, 1 where the
 * server says no or the watched rollout fails, 2 for wrong usage.
 */
export const runRollout = (input: RemoteInput): Promise<number> =>
  runCommand('rollout', input, async () => {
    const { values, positionals } = readOptions(input.args, {
      ...REMOTE_OPTIONS,
      yes: { type: 'boolean', short: 'y' },
    });
    if (values.help) {
      input.write(ROLLOUT_USAGE);
      return 0;
    }
    const [verb = '', ...words] = positionals;
    const run = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
    if (!run) throw noCommand('rollout', verb, Object.keys(COMMANDS));
    const [id] = verb === 'list' ? [] : words.splice(0, 1);
    if (verb !== 'list' && !id) throw usage('ID is missing');
    if (values.yes && verb !== 'rollback') throw usage(`--yes is for rollback, not ${verb}`);
    if (words[0] !== undefined) throw usage(`unexpected argument ${words[0]}`);
    return run({
      input,
      client: createApiClient(input, values.server),
      format: outputOf(values.output, FORMATS),
      path: `rollouts/${encodeURIComponent(id ?? '')}`,
      timeout: values.timeout,
      yes: values.yes ?? false,
    });
  });

const listAll = async ({ input, client, format }: RolloutCommand): Promise<number> => {
  const answer = await client.get('rollouts', list(Rollout));
  const show = (wide: boolean): string =>
    table(
      ['ID', 'STARTED', 'STATE', 'COMMIT', 'REF', 'APPLICATIONS', ...(wide ? ['CAUSE', 'REPOSITORY', 'SUBJECT'] : [])],
      answer.items.map((one) => [
        one.id,
        timeOf(one.createdAt),
        one.state,
        one.commit.slice(0, 7),
        one.ref.replace('refs/heads/', ''),
        String(one.applications.length),
        ...(wide ? [one.cause, one.repository, one.subject] : []),
      ]),
    );
  input.write(formatted(format, answer, show));
  return 0;
};

const getOne = async ({ input, client, format, path }: RolloutCommand): Promise<number> => {
  const detail = await client.get(path, RolloutDetail);
  input.write(formatted(format, detail, (wide) => `${describe(detail)}\n${applicationsOf(detail, wide)}`));
  return 0;
};

const describe = ({ rollout }: Detail): string =>
  fields([
    ['Rollout', rollout.id],
    ['State', rollout.state],
    ['Commit', rollout.commit],
    ['Subject', rollout.subject],
    ['Repository', `${rollout.repository} ${rollout.ref}`],
    ...rollout.sources.map((one) => ['With', sourceText(one)] as const),
    ['Cause', rollout.cause],
    ['Started', timeOf(rollout.createdAt)],
    ['Finished', timeOf(rollout.finishedAt)],
    ['Attempt', String(rollout.attempt)],
    ...rollout.problems.map(({ severity, text }) => [severity === 'error' ? 'Error' : 'Warning', text] as const),
  ]);

const applicationsOf = (detail: Detail, wide: boolean): string =>
  table(
    ['APPLICATION', 'CLUSTER', 'ENVIRONMENT', 'STATE', ...(wide ? ['WHY'] : []), 'MESSAGE'],
    standings(detail).map(({ planned, phase, message }) => [
      planned.application,
      planned.cluster,
      planned.environment,
      phase,
      ...(wide ? [planned.reason] : []),
      message,
    ]),
  );

const standings = ({ rollout, outcomes }: Detail) => {
  const byApplication = new Map(outcomes.map((outcome) => [outcome.application, outcome]));
  return rollout.applications.map((planned) => {
    const { phase = 'planned', message = '' } = byApplication.get(planned.application) ?? {};
    return { planned, phase, message };
  });
};

const retry = async ({ input, client, format, path }: RolloutCommand): Promise<number> => {
  const retried = await client.post(`${path}/retry`, {}, Retried);
  const show = (): string =>
    [`rollout ${retried.rollout}: attempt ${retried.attempt}`, ...retried.applications.map((id) => `  ${id}`), ''].join(
      '\n',
    );
  input.write(formatted(format, retried, show));
  return 0;
};

const abort = async ({ input, client, format, path }: RolloutCommand): Promise<number> => {
  const { rollout, applications, ...rest } = await client.post(`${path}/abort`, {}, Aborted);
  const show = (): string => [`rollout ${rollout}: aborted`, ...applications.map((id) => `  ${id}`), ''].join('\n');
  input.write(formatted(format, { rollout, applications, ...rest }, show));
  return 0;
};

const rollBack = async ({ input, client, format, path, yes }: RolloutCommand): Promise<number> => {
  if (!yes && !input.confirm) throw usage('rollback asks first, and here is nobody to ask: add --yes');
  if (!yes) {
    const { rollout } = await client.get(path, RolloutDetail);
    const what = `${rollout.commit.slice(0, 7)}${rollout.subject ? ` "${plain(rollout.subject)}"` : ''}`;
    const count = `${rollout.applications.length} application${rollout.applications.length === 1 ? '' : 's'}`;
    const question = `Roll back ${what}? What it still decides of its ${count} gets the manifests from before, until Git moves or somebody resumes.`;
    if (!(await input.confirm?.(question))) {
      (input.writeError ?? input.write)('towline rollout: nothing was rolled back\n');
      return 1;
    }
  }
  const answer = await client.post(`${path}/rollback`, {}, RolledBackRollout);
  const lines = [`rollout ${answer.rollout}: rolling back`, ...answer.applications.map((id) => `  ${id}`), ''];
  input.write(formatted(format, answer, () => lines.join('\n')));
  return 0;
};

const LOOK_EVERY_MS = 1_000;
const CLEAR_LINE = '\r\u001b[K';

/** A line for every application whose state changes, and one for the rollout; on a terminal a count that changes below. */
const watch = async ({ input, client, format, path, timeout }: RolloutCommand): Promise<number> => {
  const { clock = Date.now, writeError = input.write, isTerminal = false } = input;
  const deadline = deadlineOf(input, timeout);
  const isPlain = format === 'table' || format === 'wide';
  const said = new Map<string, string>();
  for (;;) {
    const detail = await client.get(path, RolloutDetail);
    const news = linesOf(detail).filter(([key, line]) => said.get(key) !== line);
    for (const [key, line] of news) said.set(key, line);
    const isOver = detail.rollout.finishedAt !== undefined;
    const lines = news.map(([, line]) => `${line}\n`).join('');
    if (isPlain) input.write(isTerminal ? `${CLEAR_LINE}${lines}${isOver ? '' : countOf(detail)}` : lines);
    else if (isOver) input.write(formatted(format, detail, () => ''));
    if (isOver) return detail.rollout.state === 'success' ? 0 : 1;
    if (clock() >= deadline) {
      writeError(`${isTerminal ? '\n' : ''}towline rollout: timed out: ${detail.rollout.state}, ${countOf(detail)}\n`);
      return 1;
    }
    await pauseFor(input, LOOK_EVERY_MS);
  }
};

/** An application and its cluster, where there is one. */
const placeOf = ({ application, cluster }: { application: string; cluster: string }): string =>
  cluster === '' ? application : `${application} on ${cluster}`;

const linesOf = (detail: Detail): [key: string, line: string][] => {
  const { rollout } = detail;
  const applications = standings(detail).map(({ planned, phase, message }): [string, string] => [
    planned.application,
    `  ${phase.padEnd(10)} ${placeOf(planned)}${message ? `: ${plain(message)}` : ''}`,
  ]);
  const problems = rollout.problems.map(({ severity, text }): [string, string] => [
    text,
    `  ${severity}: ${plain(text)}`,
  ]);
  return [
    ...problems,
    ...applications,
    ['', `rollout ${rollout.id} of ${rollout.commit.slice(0, 7)}: ${rollout.state}`],
  ];
};

const ENDED: readonly string[] = ['healthy', 'failed', 'superseded', 'waiting'];

const countOf = (detail: Detail): string => {
  const all = standings(detail);
  return `${all.filter(({ phase }) => ENDED.includes(phase)).length} of ${all.length} applications have ended`;
};

const COMMANDS: Readonly<Record<string, (command: RolloutCommand) => Promise<number>>> = {
  list: listAll,
  get: getOne,
  watch,
  retry,
  abort,
  rollback: rollBack,
};
