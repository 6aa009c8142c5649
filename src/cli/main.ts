import { readFile } from 'node:fs/promises';
import { AppError } from '../domain/errors.ts';

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
  towline rollout list|get|watch|retry|abort                    the same with its rollouts
  towline admin dlq list|redrive QUEUE, replay DELIVERY         look at and put back what failed

Exit code 1: something is wrong with what was looked at. 2: the command, the fleet file or a file it names is not right.
`;

const streams = {
  write: (text: string) => void process.stdout.write(text),
  writeError: (text: string) => void process.stderr.write(text),
};

const remote = (args: string[]) => ({ ...offline(args), isTerminal: process.stdout.isTTY });

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
  affected: async (args) => (await import('./affected.ts')).runAffected(offline(args)),
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

const main = async ([command = 'help', ...args]: string[]): Promise<number> => {
  const run = COMMANDS[command];
  if (run) return run(args);
  const asked = command === 'help' || command === '--help' || command === '-h';
  (asked ? process.stdout : process.stderr).write(asked ? USAGE : `towline: no command "${command}"\n\n${USAGE}`);
  return asked ? 0 : 2;
};

const isUsageError = (error: unknown): boolean =>
  error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof AppError) && !isUsageError(error)) throw error;
  process.stderr.write(`towline: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = isUsageError(error) || (error instanceof AppError && error.kind === 'rejected') ? 2 : 1;
}
