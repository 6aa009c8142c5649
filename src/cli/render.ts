import { stringify } from 'yaml';
import type { FactsOf } from '../app/plan/cluster-facts.ts';
import { type Application, applicationId } from '../domain/fleet/application.ts';
import { type KubernetesObject, refOf, resourceKey } from '../domain/kubernetes-object.ts';
import { plainVersion } from '../domain/sources/chart-scan.ts';
import { createLocalSandbox } from '../local/local-sandbox.ts';
import { type CommandInput, oneLine, outputOf, readOptions, readRepos, runCommand, usage } from './command-line.ts';
import {
  openFolders,
  type RenderDeps,
  readApplications,
  renderOne,
  type Say,
  type SourceFolders,
} from './render-folder.ts';
import { toolsDir } from './tools-dir.ts';

/** What `towline render --help` prints. */
export const RENDER_USAGE = `Usage: towline render -f FILE [--repo-root DIR] [--repo URL=DIR] [--kube-version VERSION] [-o yaml|json]

Prints what the sources of an Application render to.

  -f, --filename FILE   the Application's YAML or JSON; - is standard input. Of several Applications all are rendered
      --repo-root DIR   the working tree that stands for every Git repository and revision that the Application names
                        (default: the current directory)
      --repo URL=DIR    the one that stands for this repository alone. May be repeated
      --kube-version V  the cluster's version, for charts that ask (1.33.1); with it, each --api-versions V that it serves
  -o, --output FORMAT   yaml (default): one document an object; json: one list of all objects

Charts of Helm repositories and OCI registries are fetched, without credentials.

Objects are printed as they are rendered. Added only when they are applied: the destination's namespace, the tracking
annotation, and the Namespace that CreateNamespace=true asks for. A chart that asks for the cluster's Kubernetes version or
APIs gets helm's own defaults, unless --kube-version or the source (helm.kubeVersion, helm.apiVersions) says more.

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
    const trees = await openFolders(options.folders, input);
    const sandbox = createLocalSandbox({ stateDir: toolsDir(input), environment: input.environment });
    try {
      const rendered = await renderAll(applications, { trees, sandbox, say, ...options.facts });
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
  folders: SourceFolders;
  facts: { factsOf?: FactsOf };
  output: 'yaml' | 'json';
}

const readArgs = (args: readonly string[]): Options | 'help' => {
  const { values, positionals } = readOptions(args, {
    filename: { type: 'string', short: 'f' },
    'repo-root': { type: 'string' },
    repo: { type: 'string', multiple: true },
    'kube-version': { type: 'string' },
    'api-versions': { type: 'string', multiple: true },
    output: { type: 'string', short: 'o' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return 'help';
  if (positionals[0] !== undefined) throw usage(`unexpected argument ${positionals[0]}`);
  if (values.filename === undefined) throw usage('-f FILE is missing');
  return {
    file: values.filename,
    folders: { path: values['repo-root'] ?? '.', repositories: readRepos(values.repo) },
    facts: factsIn(values['kube-version'], values['api-versions']),
    output: outputOf(values.output, ['yaml', 'json']),
  };
};

const factsIn = (version: string | undefined, apiVersions: string[] = []): Options['facts'] => {
  if (version === undefined && apiVersions.length > 0) throw usage('--api-versions needs --kube-version');
  if (version === undefined) return {};
  const kubeVersion = plainVersion(version);
  if (kubeVersion === undefined) throw usage(`--kube-version is ${version}, not a version such as 1.33.1`);
  return { factsOf: () => Promise.resolve({ facts: { kubeVersion, apiVersions } }) };
};

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
