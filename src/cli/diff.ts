import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { createDeleteJqPaths } from '../adapters/jq/delete-jq-paths.ts';
import { connectCluster } from '../adapters/kubernetes/connect-cluster.ts';
import type { FactsOf } from '../app/plan/cluster-facts.ts';
import { diffApplication, type ResourceDiff } from '../app/sync/diff-application.ts';
import { readClusterFacts } from '../app/sync/read-facts.ts';
import { normalize } from '../domain/diff/normalize.ts';
import { AppError, permanent } from '../domain/errors.ts';
import { type Application, applicationId } from '../domain/fleet/application.ts';
import type { KubernetesObject } from '../domain/kubernetes-object.ts';
import { type ArgoSettings, defaultSettings } from '../domain/settings/argo-settings.ts';
import { createLocalSandbox } from '../local/local-sandbox.ts';
import { createRunCommand } from '../local/run-command.ts';
import type { ClusterConnection } from '../ports/cluster.ts';
import { type CommandInput, oneLine, readOptions, readRepos, unreadable, usage } from './command-line.ts';
import { readSettings } from './read-settings.ts';
import { openFolders, readApplications, renderOne, type Say, type SourceFolders } from './render-folder.ts';
import { toolsDir } from './tools-dir.ts';
import { unifiedDiff } from './unified-diff.ts';

/** What `towline diff --help` prints. */
export const DIFF_USAGE = `Usage: towline diff -f FILE --kubeconfig FILE [--context NAME] [--repo-root DIR] [--settings FILE]

Prints what a sync of an Application would change in a cluster, as a unified diff per object. Writes nothing: the API server
is asked by a dry run, which needs the right to patch.

  -f, --filename FILE    the Application's YAML or JSON; - is standard input
      --kubeconfig FILE  the cluster
      --context NAME     the kubeconfig's context (default: its current one)
      --repo-root DIR    the working tree that stands for every Git repository and revision that the Application names
                         (default: the current directory)
      --repo URL=DIR     the one that stands for this repository alone. May be repeated
      --settings FILE    Argo CD's argocd-cm: ignored differences, tracking method, excluded kinds

Of a Secret only the keys are shown, and which of their values differ. Hooks are left out. What carries the Application's
tracking id in its namespaces and is in no source is shown as removed: a sync with prune deletes it.

Exit code 0: the same; 1: different; 2: it cannot be told.
`;

/** Input of `towline diff`. */
export interface RunDiffInput extends CommandInput {
  /** Reads a file's text; '-' is standard input. */
  readFile: (path: string) => Promise<string>;
}

/** The body of `towline diff`. Answers with the exit code: 0 the same, 1 different, 2 for every error. */
export const runDiff = async (input: RunDiffInput): Promise<number> => {
  const say: Say = (text) => (input.writeError ?? input.write)(`towline diff: ${oneLine(text)}\n`);
  try {
    const options = readArgs(input.args);
    if (options !== 'help') return await diff(input, options, say);
    input.write(DIFF_USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    say(error.message);
    return 2;
  }
};

interface Options {
  file: string;
  kubeconfig: string;
  context: string | undefined;
  folders: SourceFolders;
  settings: string | undefined;
}

const readArgs = (args: readonly string[]): Options | 'help' => {
  const { values, positionals } = readOptions(args, {
    filename: { type: 'string', short: 'f' },
    kubeconfig: { type: 'string' },
    context: { type: 'string' },
    'repo-root': { type: 'string' },
    repo: { type: 'string', multiple: true },
    settings: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return 'help';
  if (positionals[0] !== undefined) throw usage(`unexpected argument ${positionals[0]}`);
  const { filename, kubeconfig, context, settings } = values;
  if (filename === undefined) throw usage('-f FILE is missing');
  if (kubeconfig === undefined) throw usage('--kubeconfig FILE is missing');
  const folders = { path: values['repo-root'] ?? '.', repositories: readRepos(values.repo) };
  return { file: filename, kubeconfig, context, folders, settings };
};

const diff = async (input: RunDiffInput, options: Options, say: Say): Promise<number> => {
  const settings = await settingsOf(input, options);
  const applications = await readApplications(options.file, input.readFile, say);
  const trees = await openFolders(options.folders, input);
  const connection = await connect(input, options);
  const sandbox = createLocalSandbox({ stateDir: toolsDir(input), environment: input.environment });
  const factsOf: FactsOf = async () => ({ facts: await readClusterFacts(connection) });
  try {
    let differs = false;
    for (const application of applications) {
      const objects = await renderOne(application, { trees, sandbox, say, factsOf });
      if (!objects) throw permanent('render-failed', `${applicationId(application)} cannot be rendered`);
      const found = await compare(application, objects, { connection, settings });
      for (const one of found) print(one, settings, input, say);
      differs ||= found.length > 0;
    }
    return differs ? 1 : 0;
  } finally {
    await sandbox.close();
  }
};

const settingsOf = async ({ readFile: read }: RunDiffInput, { settings }: Options): Promise<ArgoSettings> => {
  if (settings === undefined) return defaultSettings();
  const text = await read(settings).catch((error: unknown) => {
    throw unreadable(settings, error);
  });
  return readSettings(settings, text);
};

const connect = ({ cwd, environment }: RunDiffInput, { kubeconfig, context }: Options): Promise<ClusterConnection> => {
  const access = {
    type: 'kubeconfig' as const,
    path: resolve(cwd, kubeconfig),
    ...(context === undefined ? {} : { context }),
  };
  const runCommand = createRunCommand(environment);
  const open = connectCluster({ clock: Date.now, random: Math.random, readFile: (path) => readFile(path), runCommand });
  return open({ name: context ?? 'the kubeconfig’s', labels: {}, annotations: {}, access }, 'towline-diff');
};

const compare = (
  application: Application,
  objects: readonly KubernetesObject[],
  { connection, settings }: { connection: ClusterConnection; settings: ArgoSettings },
): Promise<ResourceDiff[]> =>
  diffApplication({ connection, application, objects, settings, deleteJqPaths: createDeleteJqPaths() });

const print = ({ ref, sides, note }: ResourceDiff, settings: ArgoSettings, input: RunDiffInput, say: Say): void => {
  const name = [ref.group, ref.kind, ref.namespace, ref.name].filter(Boolean).join('/');
  if (note) say(`warning: ${name}: ${note}`);
  const text = (object: KubernetesObject | undefined): string =>
    object ? stringify(normalize(object, settings.compareOptions), YAML_OPTIONS) : '';
  const names = {
    before: sides.live ? `live/${name}` : '/dev/null',
    after: sides.desired ? `desired/${name}` : '/dev/null',
  };
  input.write(unifiedDiff(names, text(sides.live), text(sides.desired)));
};

const YAML_OPTIONS = {
  aliasDuplicateObjects: false,
  lineWidth: 0,
  compat: 'yaml-1.1',
  sortMapEntries: true,
} as const;
