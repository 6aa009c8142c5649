import { type UsedFacts, usedFacts } from '../../domain/cluster-row.ts';
import { AppError, permanent } from '../../domain/errors.ts';
import type { ApplicationSource } from '../../domain/fleet/application.ts';
import type { CompiledApplication } from '../../domain/fleet/snapshot.ts';
import type { PlanIndexEntry } from '../../domain/plan-index.ts';
import { formatProblem } from '../../domain/problem.ts';
import type { SourceSettings } from '../../domain/settings/argo-settings.ts';
import type { SourceRevision } from '../../domain/source-revision.ts';
import type { SourceInput } from '../../domain/sources/inputs.ts';
import type { InspectedSource, Inspection } from '../../domain/sources/inspection.ts';
import { isMoving, type MovingOther } from '../../domain/sources/moving-other.ts';
import { remoteFileName } from '../../domain/sources/other-trees.ts';
import { renderKeyOf } from '../../domain/sources/render-key.ts';
import type { OtherRequest } from '../../domain/sources/trace.ts';
import { type InspectInput, inspectSource, type OpenTree } from '../inspect-source.ts';
import type { FactsOf } from './cluster-facts.ts';
import { deliveryFault } from './delivery-fault.ts';
import type { CommitTree, TreeReader } from './tree-reader.ts';

/** One source as it stands: where it was read and what its render depends on. */
export interface PlannedSource {
  from: CommitTree;
  /** The trees that it takes value files from, by the `ref` source's name. */
  refs: ReadonlyMap<string, CommitTree>;
  inspection: InspectedSource;
  renderKey: string;
}

/** An application that the change affects, and what it must become. */
export interface AffectedApplication {
  application: CompiledApplication;
  reason: string;
  revisions: SourceRevision[];
  sources: PlannedSource[];
  /** Why it cannot be rendered at all: the path is missing, the kustomization is broken, the project forbids it. */
  error?: { code: string; message: string };
  /** What its charts read of the cluster; absent: nothing. */
  facts?: UsedFacts;
  /** What is read of elsewhere and may move. */
  others?: MovingOther[];
  /** What was read, source by source; null: nothing could be read. */
  inputs: PlanIndexEntry['inputs'];
}

interface InspectDeps {
  trees: TreeReader;
  /** Absent: charts see Helm's own idea of a cluster. */
  factsOf?: FactsOf;
  toolVersions: Readonly<Record<string, string>>;
  settings?: SourceSettings | undefined;
}

/**
 * Reads all sources of an application as they stand now. What is wrong with one is the application's `error` (the first
 * counts), never an exception; errors thrown: transient ones of the repositories.
 */
export const inspectApplication = async (
  deps: InspectDeps,
  application: CompiledApplication,
  reason: string,
): Promise<AffectedApplication> => {
  const affected: AffectedApplication = { application, reason, revisions: [], sources: [], inputs: [] };
  const invalid = application.problems.find(({ severity }) => severity === 'error');
  if (invalid) affected.error = { code: invalid.code, message: formatProblem(invalid) };
  const refs = await readRefSources(deps.trees, application.sources);
  for (const [index, source] of application.sources.entries()) {
    affected.inputs[index] ??= null;
    try {
      await inspectOne(deps, affected, { source, index, refs });
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'transient') throw error;
      affected.error ??= { code: error.code, message: error.message };
    }
  }
  return affected;
};

const inspectOne = async (
  deps: InspectDeps,
  affected: AffectedApplication,
  at: { source: ApplicationSource; index: number; refs: ReadonlyMap<string, CommitTree> },
): Promise<void> => {
  const { source, index, refs } = at;
  const { trees, toolVersions, settings } = deps;
  const { application } = affected;
  const from = await trees.at(source);
  const { repository, ref, commit, chart } = from;
  affected.revisions.push({ repository, ref, commit, ...(chart ? { chart } : {}) });
  if (isLending(source)) return addInputs(affected, index, []);
  const { name, namespace, project, destination } = application;
  const others = new Map<string, CommitTree>();
  const openTree = openOther(trees, others, (other) => noteOther(affected, other));
  const inspection = await inspectWithFacts(deps, affected, inspectSource({ files: from.files, openTree }), {
    source,
    settings,
    application: { name, namespace, project, destinationNamespace: destination.namespace },
    tree: from.tree,
    revision: from.commit,
    refSources: new Map([...refs].map(([ref, { tree, files, commit }]) => [ref, { tree, files, revision: commit }])),
  });
  addInputs(affected, index, inspection.inputs);
  addRefInputs(affected, inspection.refInputs);
  if (inspection.ok) {
    const fault = await deliveryFault(application, inspection, from);
    if (fault) affected.error ??= fault;
    affected.sources.push({
      from,
      refs: new Map([...refs, ...others]),
      inspection,
      renderKey: renderKeyOf(inspection, { toolVersions }),
    });
  } else affected.error ??= { code: inspection.error.code, message: describe(inspection.error) };
};

const noteOther = (affected: AffectedApplication, other: MovingOther): void => {
  if (other.at === '' || isMoving(other)) affected.others = [...(affected.others ?? []), other];
};

/**
 * A chart that reads its cluster's versions is looked at again with them. Where nobody knows them, the application waits,
 * which is its error.
 */
const inspectWithFacts = async (
  { factsOf }: InspectDeps,
  affected: AffectedApplication,
  inspect: ReturnType<typeof inspectSource>,
  input: InspectInput,
): Promise<Inspection> => {
  const inspection = await inspect(input);
  if (!factsOf || !inspection.ok || !inspection.usesClusterFacts) return inspection;
  const { cluster } = affected.application;
  const known = await factsOf(cluster);
  const facts = 'facts' in known ? known.facts : undefined;
  affected.facts = { ...affected.facts, ...usedFacts(facts, inspection.clusterUse) };
  if (facts) return inspect({ ...input, clusterFacts: facts });
  const reason = 'reason' in known ? known.reason : '';
  affected.error ??= {
    code: 'cluster-facts-missing',
    message: `the chart reads the versions of cluster ${cluster}, which are not known: ${reason}. It is rendered when they are`,
  };
  return inspection;
};

/** Opens charts that charts depend on, remote bases in registered repositories, files at URLs; `opened` keeps them for their bytes. */
const openOther =
  (trees: TreeReader, opened: Map<string, CommitTree>, note: (other: MovingOther) => void): OpenTree =>
  async (key, request) => {
    const { path, from } = await findOther(trees, request).catch((error: unknown) => {
      // It may come to be there.
      if (request.type !== 'base') note({ ...namedBy(request), at: '' });
      throw error;
    });
    const named = request.type === 'base' ? { repoURL: from.repository, ...revisionOf(request) } : namedBy(request);
    note({ ...named, at: from.commit });
    opened.set(key, from);
    return { path, tree: from.tree, files: from.files, revision: from.commit };
  };

const namedBy = (request: Exclude<OtherRequest, { type: 'base' }>): Omit<MovingOther, 'at'> => {
  if (request.type === 'file') return { repoURL: request.url, file: true };
  const { repoURL, chart, targetRevision } = request;
  return { repoURL, chart, targetRevision };
};

const revisionOf = ({ targetRevision }: { targetRevision?: string }): { targetRevision?: string } =>
  targetRevision === undefined ? {} : { targetRevision };

const findOther = async (trees: TreeReader, request: OtherRequest): Promise<{ path: string; from: CommitTree }> => {
  if (request.type === 'chart') return { path: '', from: await trees.at(request) };
  if (request.type === 'file') {
    return { path: remoteFileName(request.url), from: await trees.at({ repoURL: request.url, file: true }) };
  }
  const { candidates } = request;
  for (const { repoURL, path } of candidates) {
    const source = { repoURL, ...revisionOf(request) };
    const from = await trees.at(source).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'repository-unregistered') return undefined;
      throw error;
    });
    if (from) return { path: path.replace(/\/+$/, ''), from };
  }
  const [first] = candidates;
  const remedy = `add ${first?.repoURL} to spec.repositories of the fleet file, or copy the base into the repository`;
  throw permanent('repository-unregistered', `is of a repository that is not registered: ${remedy}`);
};

/** A source that is there only to lend its files: it has nothing to render. */
const isLending = ({ ref, path, chart }: ApplicationSource): boolean =>
  ref !== undefined && path === undefined && chart === undefined;

const addRefInputs = (affected: AffectedApplication, refInputs: Inspection['refInputs']): void => {
  const { sources } = affected.application;
  for (const [ref, inputs] of Object.entries(refInputs)) {
    const index = sources.findIndex((one) => one.ref === ref);
    addInputs(affected, index, inputs);
  }
};

const addInputs = (affected: AffectedApplication, index: number, inputs: readonly SourceInput[]): void => {
  affected.inputs[index] = [...(affected.inputs[index] ?? []), ...inputs];
};

const describe = ({ file, line, message }: { file?: string; line?: number; message: string }): string =>
  file && !message.includes(file) ? `${file}${line === undefined ? '' : `:${line}`}: ${message}` : message;

/** Sources whose files others may read as `$name/…`. One that cannot be read is missing, which its reader reports. */
const readRefSources = async (
  trees: TreeReader,
  sources: readonly ApplicationSource[],
): Promise<ReadonlyMap<string, CommitTree>> => {
  const found = new Map<string, CommitTree>();
  for (const source of sources) {
    if (source.ref === undefined || source.chart !== undefined) continue;
    const from = await trees.at(source).catch((error: unknown) => {
      if (error instanceof AppError && error.kind !== 'transient') return undefined;
      throw error;
    });
    if (from) found.set(source.ref, from);
  }
  return found;
};
