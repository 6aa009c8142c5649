import { AppError } from '../errors.ts';
import { trackedName } from '../sync/tracking.ts';
import type { BundleInput, DirectoryRequest, RenderRequest } from './bundle.ts';
import { inspectDirectory } from './directory.ts';
import { overrideNames } from './file-selection.ts';
import { inspectHelm } from './helm.ts';
import { compactInputs } from './inputs.ts';
import {
  type InspectedInputs,
  type Inspection,
  SOURCE_ERROR_CODES,
  type SourceError,
  type SourceType,
} from './inspection.ts';
import { inspectKustomize } from './kustomize.ts';
import { type SourceContext, usesRevision } from './source-context.ts';
import { detectType, withOverrides } from './source-options.ts';
import { fail, joinPath, locate, note, type Trace } from './trace.ts';

/**
 * One pass over a source with the texts known so far. Undefined: texts are wanted (see the context's traces); read them
 * and run again with a fresh context. What is wrong with the source is an answer.
 */
export const inspectOnce = (context: SourceContext): Inspection | undefined => {
  try {
    const inspection = inspectWith(context);
    return isWanting(context) ? undefined : inspection;
  } catch (error) {
    if (isWanting(context)) return undefined;
    if (!(error instanceof AppError)) throw error;
    return { ok: false, error: toSourceError(error), ...inputsOf(context), warnings: context.warnings };
  }
};

const isWanting = (context: SourceContext): boolean =>
  context.others.wanted.size > 0 || tracesOf(context).some(({ wanted }) => wanted.size > 0);

const tracesOf = ({ trace, refs, others }: SourceContext): Trace[] => [
  trace,
  ...refs.values(),
  ...[...others.known.values()].flatMap((one) => ('trace' in one ? [one.trace] : [])),
];

const inspectWith = (context: SourceContext): Inspection | undefined => {
  if (context.source.ref && !context.source.path) return lending(context);
  const directory = locateDirectory(context);
  if (directory === undefined) return undefined;
  const source = withOverrides(context, directory);
  const overridden: SourceContext = { ...context, source };
  const type = detectType(overridden, source, directory);
  const plan = planOf(overridden, type, directory);
  if (!plan) return undefined;
  return {
    ok: true,
    type,
    ...inputsOf(context),
    files: filesOf(context),
    generated: plan.generated ?? {},
    render: plan.render,
    usesClusterFacts: plan.usesClusterFacts ?? false,
    clusterUse: plan.clusterUse ?? NO_USE,
    usesRevision: usesRevision(context),
    warnings: context.warnings,
  };
};

interface SourcePlan {
  render: RenderRequest | DirectoryRequest;
  generated?: Record<string, string>;
  usesClusterFacts?: boolean;
  clusterUse?: { kubeVersion: boolean; apiVersions: boolean };
}

const NO_USE = { kubeVersion: false, apiVersions: false };

const planOf = (context: SourceContext, type: SourceType, directory: string): SourcePlan | undefined => {
  switch (type) {
    case 'Helm':
      return inspectHelm(context, directory);
    case 'Kustomize':
      return inspectKustomize(context, directory);
    case 'Directory': {
      const render = inspectDirectory(context, directory);
      // The selection of manifests holds these files, present or absent.
      for (const name of overrideNames(trackedName(context.application))) {
        context.trace.inputs.delete(`file ${directory === '' ? name : `${directory}/${name}`}`);
      }
      return { render };
    }
  }
};

/** A source that only lends its files renders nothing and reads nothing. */
const lending = (context: SourceContext): Inspection => ({
  ok: true,
  type: 'Directory',
  ...inputsOf(context),
  files: [],
  generated: {},
  render: { tool: 'directory', path: '', manifests: [] },
  usesClusterFacts: false,
  clusterUse: NO_USE,
  usesRevision: false,
  warnings: [],
});

/** The source's real directory. Errors: `path-missing`, `path-escapes`. */
const locateDirectory = ({ source, trace }: SourceContext): string | undefined => {
  // A chart's files are a tree of their own.
  if (source.chart) return '';
  const { path } = source;
  if (path === undefined || path === '')
    throw fail('path-missing', 'the source has neither path nor chart: set source.path');
  if (path.startsWith('/'))
    throw fail('path-escapes', `source.path ${path} must be relative to the repository: drop the /`);
  const directory = joinPath('', path);
  if (directory === undefined)
    throw fail('path-escapes', `source.path ${path.replaceAll('\0', '␀')} leads out of the repository`);
  const found = locate(trace, directory);
  if (found === 'unread') return undefined;
  if (found === 'absent') {
    note(trace, ['tree', directory, null]);
    throw fail('path-missing', `path ${path} does not exist in ${source.repoURL}: create it or change source.path`);
  }
  if (found.mode === 'directory') return found.path;
  note(trace, ['tree', directory, null]);
  throw fail('path-missing', `path ${path} is a file, not a directory: name the directory in source.path`);
};

const inputsOf = ({ trace, refs }: SourceContext): InspectedInputs => ({
  inputs: compactInputs(trace.inputs.values()),
  refInputs: Object.fromEntries(
    [...refs]
      .filter(([, { inputs }]) => inputs.size > 0)
      .map(([name, { inputs }]) => [name, compactInputs(inputs.values())]),
  ),
});

const filesOf = (context: SourceContext): BundleInput[] =>
  tracesOf(context).flatMap(({ files }) => [...files.values()]);

const toSourceError = ({ code, message, details }: AppError): SourceError => {
  const { file, line } = details;
  return {
    code: SOURCE_ERROR_CODES.find((known) => known === code) ?? 'source-invalid',
    message,
    ...(typeof file === 'string' ? { file } : {}),
    ...(typeof line === 'number' ? { line } : {}),
  };
};
