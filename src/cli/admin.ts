import { DeadQueue, list, Redriven, Replayed } from './api-answers.ts';
import { type ApiClient, createApiClient, REMOTE_OPTIONS, type RemoteInput } from './api-client.ts';
import { noCommand, outputOf, readOptions, runCommand, usage } from './command-line.ts';
import { FORMATS, type Format, formatted, plain, table } from './table.ts';

/** What `towline admin --help` prints. */
export const ADMIN_USAGE = `Usage: towline admin COMMAND [--server URL] [-o wide|json|yaml]

  dlq list            messages that failed five times, by queue; -o wide: some of them
  dlq redrive QUEUE   put them back to their queue: changes, renders, syncs or reports
  replay DELIVERY     do a webhook delivery's work again; DELIVERY is what its answer names, in quotes

      --server URL   the stack (default: TOWLINE_SERVER, else http://127.0.0.1:8484)
  -o, --output       wide: more; json, yaml: the server's answer

Exit code 0: done; 1: it was refused, or there is no such delivery or queue; 2: wrong usage.
`;

interface AdminCommand {
  input: RemoteInput;
  client: ApiClient;
  format: Format;
  /** The queue or the delivery. */
  subject: string;
}

/** The body of `towline admin`: asks a running stack and prints its answer. Answers with the exit code: 0, 1 or 2. */
export const runAdmin = (input: RemoteInput): Promise<number> =>
  runCommand('admin', input, async () => {
    const { values, positionals } = readOptions(input.args, REMOTE_OPTIONS);
    if (values.help) {
      input.write(ADMIN_USAGE);
      return 0;
    }
    const verb = positionals.slice(0, positionals[0] === 'dlq' ? 2 : 1).join(' ');
    const run = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
    if (!run) throw noCommand('admin', verb, Object.keys(COMMANDS));
    const [subject, ...more] = [...(verb === 'dlq list' ? [''] : []), ...positionals.slice(verb.split(' ').length)];
    if (subject === undefined) throw usage(verb === 'replay' ? 'DELIVERY is missing' : 'QUEUE is missing');
    if (more[0] !== undefined) throw usage(`unexpected argument ${more[0]}`);
    return run({
      input,
      client: createApiClient(input, values.server),
      format: outputOf(values.output, FORMATS),
      subject,
    });
  });

const listDead = async ({ input, client, format }: AdminCommand): Promise<number> => {
  const answer = await client.get('admin/dead-letters', list(DeadQueue));
  const show = (wide: boolean): string =>
    [
      table(
        ['QUEUE', 'MESSAGES'],
        answer.items.map(({ queue, messages }) => [queue, String(messages)]),
      ),
      ...(wide ? answer.items.flatMap(({ queue, sample }) => sample.map((one) => `${queue}: ${plain(one)}\n`)) : []),
    ].join('');
  input.write(formatted(format, answer, show));
  return 0;
};

const redrive = async ({ input, client, format, subject }: AdminCommand): Promise<number> => {
  const answer = await client.post(`admin/dead-letters/${encodeURIComponent(subject)}/redrive`, {}, Redriven);
  input.write(formatted(format, answer, () => `${answer.queue}: ${answer.moved} messages put back\n`));
  return 0;
};

const replay = async ({ input, client, format, subject }: AdminCommand): Promise<number> => {
  const answer = await client.post('admin/replay', { delivery: subject }, Replayed);
  input.write(formatted(format, answer, () => `${answer.delivery}: replayed, ${answer.repository} ${answer.ref}\n`));
  return 0;
};

const COMMANDS: Readonly<Record<string, (command: AdminCommand) => Promise<number>>> = {
  'dlq list': listDead,
  'dlq redrive': redrive,
  replay,
};
