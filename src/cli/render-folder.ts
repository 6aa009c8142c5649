import { createOpenCharts } from '../adapters/helm/open-charts.ts';
import { createChartTrees, isChartSource } from '../app/chart-trees.ts';
import { type AffectedApplication, inspectApplication } from '../app/plan/inspect-application.ts';
import { readContents } from '../app/plan/request-renders.ts';
import { type CommitTree, readChart, reading, type TreeReader } from '../app/plan/tree-reader.ts';
import { renderBundle } from '../app/render-bundle.ts';
import { rejected } from '../domain/errors.ts';
import { type Application, applicationId } from '../domain/fleet/application.ts';
import { readFleetFile } from '../domain/fleet/read-fleet-files.ts';
import type { KubernetesObject } from '../domain/kubernetes-object.ts';
import { formatProblem } from '../domain/problem.ts';
import { makeBundle } from '../domain/sources/bundle.ts';
import { createFolderRepository } from '../local/folder-repository.ts';
import { readCheckout } from '../local/git-checkout.ts';
import type { BlobCache } from '../ports/blob-cache.ts';
import type { OpenCharts } from '../ports/charts.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import { type CommandInput, checkDirectory, STATE_DIR, unreadable } from './command-line.ts';

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

/** The folder in the place of every Git repository, at whatever revision; charts are fetched without credentials. Errors: as `checkDirectory`. */
export const openFolder = async (path: string, { cwd, environment }: CommandInput): Promise<TreeReader> => {
  await checkDirectory(path);
  const checkout = await readCheckout(path, environment['PATH']).catch(() => undefined);
  const commit = checkout?.head ?? NO_COMMIT;
  const ignored = path === cwd ? [STATE_DIR] : [];
  const repository = createFolderRepository({ path, commit, ignored });
  const tree = await repository.listTree(commit);
  const charts = createChartTrees({ openCharts: anonymousCharts(), blobs: NO_CACHE });
  return {
    at: (source) => {
      const { repoURL, targetRevision } = source;
      if (isChartSource(source)) return readChart(charts, {}, source, { repository: repoURL, ref: 'HEAD' });
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

/** Public charts, and those of this machine: there is no fleet file that would name credentials. */
const anonymousCharts = (): OpenCharts =>
  createOpenCharts({
    secrets: { read: (name) => Promise.reject(rejected('secret-missing', `${name}: there are no secrets here`)) },
    clock: Date.now,
    allowInsecure: true,
  });

const NO_CACHE: BlobCache = { get: () => Promise.resolve(undefined), put: () => Promise.resolve() };

/** What rendering from a folder needs. */
export interface RenderDeps {
  trees: TreeReader;
  sandbox: Sandbox;
  say: Say;
}

/** The objects of one application; undefined where a source cannot be rendered, which has been said then. */
export const renderOne = async (
  application: Application,
  deps: RenderDeps,
): Promise<KubernetesObject[] | undefined> => {
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
  return inspectApplication({ trees, toolVersions: {} }, { ...application, ...compiled }, 'asked for');
};
