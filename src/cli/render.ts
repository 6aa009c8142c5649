import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { type AffectedApplication, inspectApplication } from '../app/plan/inspect-application.ts';
import { readContents } from '../app/plan/request-renders.ts';
import { type CommitTree, reading, type TreeReader } from '../app/plan/tree-reader.ts';
import { renderBundle } from '../app/render-bundle.ts';
import { rejected } from '../domain/errors.ts';
import { type Application, applicationId } from '../domain/fleet/application.ts';
import { readFleetFile } from '../domain/fleet/read-fleet-files.ts';
import { type KubernetesObject, refOf, resourceKey } from '../domain/kubernetes-object.ts';
import { formatProblem } from '../domain/problem.ts';
import { makeBundle } from '../domain/sources/bundle.ts';
import { createFolderRepository } from '../local/folder-repository.ts';
import { readCheckout } from '../local/git-checkout.ts';
import { createLocalSandbox } from '../local/local-sandbox.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import {
  type CommandInput,
  checkDirectory,
  oneLine,
  outputOf,
  readOptions,
  runCommand,
  STATE_DIR,
  unreadable,
  usage,
} from './command-line.ts';

/** What `towline render --help` prints. */
export const RENDER_USAGE = `Usage: towline render -f FILE [--repo-root DIR] [-o yaml|json]

Prints what the sources of an Application render to.

  -f, --filename FILE   the Application's YAML or JSON; - is standard input. Of several Applications all are rendered
      --repo-root DIR   the working tree that stands for every Git repository and revision that the Application names
                        (default: the current directory)
  -o, --output FORMAT   yaml (default): one document an object; json: one list of all objects

Objects are printed as they are rendered. Added only when they are applied: the destination's namespace, the tracking
annotation, and the Namespace that CreateNamespace=true asks for. A chart that asks for the cluster's Kubernetes version or
APIs gets helm's own defaults, unless the source says helm.kubeVersion and helm.apiVersions.

Exit code 0: rendered; 1: a source cannot be rendered; 2: wrong usage, or a file that cannot be read.
`;

/** Input of `towline render`. */
export interface RunRenderInput extends CommandInput {
  /** Reads a file's text; '-' is standard input. */
  readFile: (path: string) => Promise<string>;
}

/**
 * The body of `towline render`: the objects of all sources, in order, on `write`; each error as one line on `writeError`.
 * Answers with the exit code: 0, 1 where a source cannot be rendered, 2 for wrong usage and unreadable input.
 */
export const runRender = (input: RunRenderInput): Promise<number> =>
  runCommand('render', input, async () => {
    const options = readArgs(input.args);
    if (options === 'help') {
      input.write(RENDER_USAGE);
      return 0;
    }
    const say = (text: string): void => (input.writeError ?? input.write)(`towline render: ${oneLine(text)}\n`);
    const applications = await readApplications(options.file, input.readFile, say);
    const trees = await openFolder(resolve(input.cwd, options.root), input);
    const stateDir = resolve(input.cwd, STATE_DIR);
    const sandbox = createLocalSandbox({ stateDir, environment: input.environment });
    try {
      const rendered = await renderAll(applications, { trees, sandbox, say });
      input.write(
        options.output === 'json' ? `${JSON.stringify(rendered.objects, null, 2)}\n` : asYaml(rendered.objects),
      );
      return rendered.failed ? 1 : 0;
    } finally {
      await sandbox.close();
    }
  });

interface Options {
  file: string;
  root: string;
  output: 'yaml' | 'json';
}

const readArgs = (args: readonly string[]): Options | 'help' => {
  const { values, positionals } = readOptions(args, {
    filename: { type: 'string', short: 'f' },
    'repo-root': { type: 'string' },
    output: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return 'help';
  if (positionals[0] !== undefined) throw usage(`unexpected argument ${positionals[0]}`);
  if (values.filename === undefined) throw usage('-f FILE is missing');
  return { file: values.filename, root: values['repo-root'] ?? '.', output: outputOf(values.output, ['yaml', 'json']) };
};

type Say = (text: string) => void;

/** The file's Applications. Errors: AppError `file-unreadable`, `application-invalid` (rejected), after one line a problem. */
const readApplications = async (
  file: string,
  readFile: RunRenderInput['readFile'],
  say: Say,
): Promise<Application[]> => {
  const name = file === '-' ? '<stdin>' : file;
  const text = await readFile(file).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  const { applications, applicationSets, broken, unread, problems } = readFleetFile(name, text);
  const own = problems.filter(({ code }) => code !== 'document-ignored' && code !== 'kind-unsupported');
  for (const problem of own) say(`${problem.severity === 'warning' ? 'warning: ' : ''}${formatProblem(problem)}`);
  if (unread || broken.length > 0) throw rejected('application-invalid', `${name} is not right, nothing is rendered`);
  if (applications.length > 0) return applications;
  const hint = applicationSets.length > 0 ? ': it holds an ApplicationSet; render the Applications that it makes' : '';
  throw rejected('application-invalid', `${name} holds no Application${hint}`);
};

const NO_COMMIT = '0'.repeat(40);

/** The folder in the place of every repository, at whatever revision. Errors: as `checkDirectory`. */
const openFolder = async (path: string, { cwd, environment }: CommandInput): Promise<TreeReader> => {
  await checkDirectory(path);
  const checkout = await readCheckout(path, environment['PATH']).catch(() => undefined);
  const commit = checkout?.head ?? NO_COMMIT;
  const ignored = path === cwd ? [STATE_DIR] : [];
  const repository = createFolderRepository({ path, commit, ignored });
  const tree = await repository.listTree(commit);
  return {
    at: ({ repoURL, targetRevision }) => {
      const at: CommitTree = {
        repository: repoURL,
        ref: targetRevision ?? 'HEAD',
        commit,
        tree,
        ...reading(repository, tree),
      };
      return Promise.resolve(at);
    },
  };
};

interface RenderDeps {
  trees: TreeReader;
  sandbox: Sandbox;
  say: Say;
}

const renderAll = async (
  applications: readonly Application[],
  deps: RenderDeps,
): Promise<{ objects: KubernetesObject[]; failed: boolean }> => {
  const all: KubernetesObject[] = [];
  let failed = false;
  for (const application of applications) {
    const objects = await renderOne(application, deps);
    if (objects) warnOfTwins(application, objects, deps.say);
    else failed = true;
    all.push(...(objects ?? []));
  }
  return { objects: all, failed };
};

/** The objects of one application; undefined where a source cannot be rendered, which has been said then. */
const renderOne = async (application: Application, deps: RenderDeps): Promise<KubernetesObject[] | undefined> => {
  const inspected = await inspect(application, deps.trees);
  const fail = (message: string): undefined => {
    deps.say(`${applicationId(application)}: ${message}`);
    return undefined;
  };
  for (const { inspection } of inspected.sources) {
    for (const { message } of inspection.warnings) deps.say(`warning: ${applicationId(application)}: ${message}`);
  }
  if (inspected.error) return fail(inspected.error.message);
  const objects: KubernetesObject[] = [];
  for (const source of inspected.sources) {
    const bundle = makeBundle(source.inspection, await readContents(source));
    const result = await renderBundle(deps)(bundle);
    if (!result.ok) return fail(result.error.message);
    objects.push(...result.objects);
  }
  return objects;
};

/** Without a fleet there is no cluster and no project that could be in the way. */
const inspect = (application: Application, trees: TreeReader): Promise<AffectedApplication> => {
  const compiled = { id: applicationId(application), specDigest: '', cluster: '', environment: '', problems: [] };
  return inspectApplication({ trees, toolVersions: {} }, { ...application, ...compiled }, 'asked to render');
};

const warnOfTwins = (application: Application, objects: readonly KubernetesObject[], say: Say): void => {
  const named = objects.filter(({ metadata }) => metadata.name !== undefined);
  const keyed = named.map((object) => resourceKey({ namespace: application.destination.namespace, ...refOf(object) }));
  for (const [key, twins] of Map.groupBy(keyed, (one) => one)) {
    if (twins.length > 1) {
      say(`warning: ${applicationId(application)}: ${key} is rendered ${twins.length} times: the last one counts`);
    }
  }
};

/** Texts that YAML 1.1 would read as something else are quoted, as kubectl reads YAML so. */
const asYaml = (objects: readonly KubernetesObject[]): string =>
  objects
    .map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false, lineWidth: 0, compat: 'yaml-1.1' })}`)
    .join('');
