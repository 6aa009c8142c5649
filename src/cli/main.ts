import { readFile } from 'node:fs/promises';
import { AppError } from '../domain/errors.ts';
import { nearest } from '../domain/nearest-name.ts';
import { askOnTerminal } from './confirm.ts';

const USAGE = `towline: push to Git; the fleet follows.

  towline dev --fleet FILE [--port N] [--state DIR] [--json]   run the stack on your repositories and clusters
  towline demo [--port N] [--state DIR] [--json]               the same with a demo fleet of its own (npm start)
  towline render -f FILE [--repo-root DIR] [-o yaml|json]      print what an Application's sources render to
  towline appset generate -f FILE [--clusters FILE] [-o json]  print the Applications that ApplicationSets make
  towline lint DIR                                             check the Argo CD and fleet documents below a folder
  towline affected --fleet DIR --from REV --to REV [-o json]   print the applications that a change affects
  towline health -f FILE [--settings FILE] [-o json]           say what health each object has
  towline diff -f FILE --kubeconfig FILE [--repo-root DIR]     print what a sync of an Application would change
  towline app list|get|sync|wait|history|rollback|resume       look at a running stack's applications and command them
  towline rollout list|get|watch|retry|abort|rollback           the same with its rollouts
  towline admin dlq list|redrive QUEUE, replay DELIVERY         look at and put back what failed

"towline help COMMAND" tells the options.
Exit code 1: something is wrong with what was looked at. 2: the command, the fleet file or a file it names is not right.
`;

// What read the output wants no more of it (`| head`): nothing is wrong. `dev` has its own end to come to.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (!['dev', 'demo'].includes(process.argv[2] ?? '')) process.exit();
});

const streams = {
  write: (text: string) => void process.stdout.write(text),
  writeError: (text: string) => void process.stderr.write(text),
};

const remote = (args: string[]) => ({
  ...offline(args),
  isTerminal: process.stdout.isTTY,
  confirm: askOnTerminal(process.stdin, process.stdout),
});

const offline = (args: string[]) => ({ args, cwd: process.cwd(), environment: process.env, ...streams });

/** Commands load what they need only when they run: `health` starts no stack. */
const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  dev: async (args) => (await import('./dev.ts')).runDev(args, { demo: false }),
  demo: async (args) => (await import('./dev.ts')).runDev(args, { demo: true }),
  health: async (args) => (await import('./health.ts')).runHealth({ args, readFile: readText, ...streams }),
  render: async (args) => (await import('./render.ts')).runRender({ ...offline(args), readFile: readText }),
  diff: async (args) => (await import('./diff.ts')).runDiff({ ...offline(args), readFile: readText }),
  appset: async (args) => (await import('./appset.ts')).runAppset({ ...offline(args), readFile: readText }),
  lint: async (args) => (await import('./lint.ts')).runLint(offline(args)),
  affected: async (args) => (await import('./affected.ts')).runAffected({ ...offline(args), readFile: readText }),
  app: async (args) => (await import('./app.ts')).runApp(remote(args)),
  admin: async (args) => (await import('./admin.ts')).runAdmin(remote(args)),
  rollout: async (args) => (await import('./rollout.ts')).runRollout(remote(args)),
};

/** A file's text, or standard input for `-`. */
const readText = async (path: string): Promise<string> => {
  if (path !== '-') return readFile(path, 'utf8');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
};

const HELP = ['help', '--help', '-h'];
const VERSION = ['version', '--version', '-v', '-V'];

const main = async ([command = 'help', ...args]: string[]): Promise<number> => {
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (run) return run(args);
  const [subject] = args;
  if (HELP.includes(command) && subject !== undefined && !subject.startsWith('-')) return main([...args, '--help']);
  if (HELP.includes(command)) streams.write(USAGE);
  else if (VERSION.includes(command)) streams.write(`towline ${await versionOf()}\n`);
  else {
    const meant = nearest(command, Object.keys(COMMANDS));
    streams.writeError(`towline: no command "${command}"${meant ? `; did you mean ${meant}?` : ''}\n\n${USAGE}`);
    return 2;
  }
  return 0;
};

const versionOf = async (): Promise<string> => {
  const parsed: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : '';
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  process.stderr.write(`towline: ${error.message}\n`);
  process.exitCode = error.kind === 'rejected' ? 2 : 1;
}
