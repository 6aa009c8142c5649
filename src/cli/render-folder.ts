import { resolve } from 'node:path';
import { isChartSource } from '../app/chart-trees.ts';
import type { FactsOf } from '../app/plan/cluster-facts.ts';
import { type AffectedApplication, inspectApplication } from '../app/plan/inspect-application.ts';
import { readContents } from '../app/plan/request-renders.ts';
import { type CommitTree, readChart, reading, type TreeReader } from '../app/plan/tree-reader.ts';
import { renderBundle } from '../app/render-bundle.ts';
import { rejected } from '../domain/errors.ts';
import { type Application, applicationId } from '../domain/fleet/application.ts';
import { readFleetFile } from '../domain/fleet/read-fleet-files.ts';
import type { KubernetesObject } from '../domain/kubernetes-object.ts';
import { formatProblem } from '../domain/problem.ts';
import { sameRepository } from '../domain/repository-url.ts';
import { type Bundle, makeBundle } from '../domain/sources/bundle.ts';
import { asksToBeSkipped, textOf } from '../domain/sources/manifest-text.ts';
import { readYaml } from '../domain/sources/yaml-documents.ts';
import { createFolderRepository } from '../local/folder-repository.ts';
import { readCheckout } from '../local/git-checkout.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import { type CommandInput, checkDirectory, STATE_DIR, unreadable as unreadableFile } from './command-line.ts';
import { publicChartTrees } from './public-charts.ts';

/** Tells one line: a warning, or what is wrong. */
export type Say = (text: string) => void;

/** The file's Applications. Errors: AppError `file-unreadable`, `application-invalid` (rejected), after one line a problem. */
export const readApplications = async (
  file: string,
  readFile: (path: string) => Promise<string>,
  say: Say,
): Promise<Application[]> => {
  const name = file === '-' ? '<stdin>' : file;
  const text = await readFile(file).catch((error: unknown) => {
    throw unreadableFile(name, error);
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

/** Which folder stands for which Git repository, at whatever revision: `path` where `repositories` do not name it. */
export interface SourceFolders {
  path: string;
  repositories: readonly { url: string; path: string }[];
}

/**
 * Folders in the place of Git repositories, at whatever revision; charts are fetched without credentials. Errors: as
 * `checkDirectory`.
 */
export const openFolders = async (
  { path, repositories }: SourceFolders,
  { cwd, environment }: CommandInput,
): Promise<TreeReader> => {
  const open = (folder: string) => openFolder(resolve(cwd, folder), { cwd, environment });
  const [rest, ...named] = await Promise.all([open(path), ...repositories.map((one) => open(one.path))]);
  const charts = publicChartTrees();
  return {
    at: (source) => {
      const { repoURL, targetRevision } = source;
      if (isChartSource(source)) return readChart(charts, {}, source, { repository: repoURL, ref: 'HEAD' });
      const index = repositories.findIndex(({ url }) => url === repoURL || sameRepository(url, repoURL));
      const folder = named[index] ?? rest;
      return Promise.resolve({ repository: repoURL, ref: targetRevision ?? 'HEAD', ...folder });
    },
  };
};

const openFolder = async (
  path: string,
  { cwd, environment }: Pick<CommandInput, 'cwd' | 'environment'>,
): Promise<Pick<CommitTree, 'commit' | 'tree' | 'files' | 'readBlobs'>> => {
  await checkDirectory(path);
  const checkout = await readCheckout(path, environment['PATH']).catch(() => undefined);
  const commit = checkout?.head ?? NO_COMMIT;
  const ignored = path === cwd ? [STATE_DIR] : [];
  const repository = createFolderRepository({ path, commit, ignored });
  const tree = await repository.listTree(commit);
  return { commit, tree, ...reading(repository, tree) };
};

/** What rendering from a folder needs. */
export interface RenderDeps {
  trees: TreeReader;
  sandbox: Sandbox;
  say: Say;
  /** Absent: charts see Helm's own idea of a cluster. */
  factsOf?: FactsOf;
}

/** The objects of one application; undefined where a source cannot be rendered, which has been said then. */
export const renderOne = async (
  application: Application,
  deps: RenderDeps,
): Promise<KubernetesObject[] | undefined> => {
  const inspected = await inspect(application, deps);
  const fail = (message: string): undefined => {
    const { file, line } = application.origin;
    deps.say(`${file}:${line}: ${applicationId(application)}: ${message}`);
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
    for (const file of unreadable(bundle)) {
      deps.say(`warning: ${applicationId(application)}: ${file}: is no YAML, and passed over as in Argo CD`);
    }
    objects.push(...result.objects);
  }
  return objects;
};

/** Files of plain manifests that cannot be parsed and do not look like manifests. */
const unreadable = ({ files, render }: Bundle): string[] => {
  if (render.tool !== 'directory') return [];
  return render.manifests.filter((path) => {
    const content = files[path];
    if (!content || path.endsWith('.json')) return false;
    const text = textOf(content);
    if (asksToBeSkipped(text)) return false;
    const { documents, problem } = readYaml(text);
    return problem !== undefined && documents.length === 0;
  });
};

/** Without a fleet there is no cluster and no project that could be in the way. */
const inspect = (application: Application, { trees, factsOf }: RenderDeps): Promise<AffectedApplication> => {
  const compiled = { id: applicationId(application), specDigest: '', cluster: '', environment: '', problems: [] };
  const deps = { trees, toolVersions: {}, ...(factsOf ? { factsOf } : {}) };
  return inspectApplication(deps, { ...application, ...compiled }, 'asked for');
};
