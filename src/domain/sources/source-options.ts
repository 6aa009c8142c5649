import type { ApplicationSource } from '../fleet/application.ts';
import { trackedName } from '../sync/tracking.ts';
import { KUSTOMIZATION_NAMES, overrideNames } from './file-selection.ts';
import type { SourceType } from './inspection.ts';
import { isFields } from './objects.ts';
import type { SourceContext } from './source-context.ts';
import { listDirectory } from './source-tree.ts';
import { fail, locate, note, readText } from './trace.ts';
import { readYaml } from './yaml-documents.ts';

const BLOCKS = ['helm', 'kustomize', 'directory', 'plugin'] as const;

/**
 * The source with `.argocd-source.yaml` and `.argocd-source-<application>.yaml` of its directory merged over it (JSON
 * merge patch; only the tools' blocks can be changed so). Errors: `source-invalid` naming file and line.
 */
export const withOverrides = (context: SourceContext, directory: string): ApplicationSource =>
  overrideNames(trackedName(context.application)).reduce<ApplicationSource>((source, name) => {
    const patch = readOverride(context, inside(directory, name));
    return patch === undefined ? source : mergeBlocks(source, patch);
  }, context.source);

const readOverride = ({ trace }: SourceContext, file: string): Record<string, unknown> | undefined => {
  const found = locate(trace, file);
  if (found === 'unread') return undefined;
  if (found === 'absent' || found.mode === 'directory') {
    note(trace, ['file', file, null]);
    return undefined;
  }
  note(trace, ['file', found.path, found.digest]);
  const text = readText(trace, found);
  if (text === undefined) return undefined;
  const { documents, problem } = readYaml(text, { duplicates: 'last' });
  const [document] = documents;
  if (problem) throw fail('source-invalid', `${file}:${problem.line}: ${problem.reason}`, { file, line: problem.line });
  if (!document) return undefined;
  if (!isFields(document.value))
    throw fail('source-invalid', `${file}: must be a mapping (helm:, kustomize:, …)`, { file });
  checkBlocks(file, document.value);
  return document.value;
};

const inside = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`);

const LISTS = [
  'images',
  'valueFiles',
  'parameters',
  'fileParameters',
  'apiVersions',
  'replicas',
  'patches',
  'components',
];
const MAPS = ['commonLabels', 'commonAnnotations', 'valuesObject', 'jsonnet'];

/** Refuses what would have another type than the Application's field; unknown fields are no concern. */
const checkBlocks = (file: string, patch: Record<string, unknown>): void => {
  for (const block of BLOCKS) {
    const value = patch[block];
    if (value === undefined || value === null) continue;
    if (!isFields(value)) throw fail('source-invalid', `${file}: ${block} must be a mapping`, { file });
    for (const [field, content] of Object.entries(value)) {
      const wanted = LISTS.includes(field) ? 'a list' : MAPS.includes(field) ? 'a mapping' : 'a plain value';
      if (content === null || wanted === kindOf(content)) continue;
      if (block === 'plugin') continue;
      throw fail('source-invalid', `${file}: ${block}.${field} must be ${wanted}`, { file });
    }
  }
};

const kindOf = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : isFields(value) ? 'a mapping' : 'a plain value';

const mergeBlocks = (source: ApplicationSource, patch: Record<string, unknown>): ApplicationSource => {
  const merged: Record<string, unknown> = { ...source };
  for (const block of BLOCKS) {
    if (!(block in patch)) continue;
    merged[block] = mergePatch(merged[block], patch[block]);
    if (merged[block] === null) delete merged[block];
  }
  return isSource(merged) ? merged : source;
};

/** `checkBlocks` has seen to the types of what was merged. */
const isSource = (value: Record<string, unknown>): value is Record<string, unknown> & ApplicationSource =>
  typeof value.repoURL === 'string';

/** RFC 7386. */
const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isFields(patch)) return patch;
  const result: Record<string, unknown> = isFields(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
};

/**
 * The source's type as Argo CD finds it: the tool whose block is there, else by the files of the directory (`Chart.yaml`,
 * a kustomization; the last by name wins), else Directory. Errors: `source-invalid`, `plugin-unsupported`.
 */
export const detectType = (context: SourceContext, source: ApplicationSource, directory: string): SourceType => {
  const type = declaredType(context, source, directory);
  // What is turned off is read as plain manifests, as Argo CD's repo server does.
  return type !== 'Directory' && context.disabled.includes(TOOL_OF[type]) ? 'Directory' : type;
};

const TOOL_OF = { Helm: 'helm', Kustomize: 'kustomize' } as const;

const declaredType = (context: SourceContext, source: ApplicationSource, directory: string): SourceType => {
  const explicit = BLOCKS.filter((block) => source[block] !== undefined);
  if (explicit.length > 1) {
    throw fail('source-invalid', `the source names several tools (${explicit.join(', ')}): keep one of the blocks`);
  }
  switch (explicit[0]) {
    case 'helm':
      return 'Helm';
    case 'kustomize':
      return 'Kustomize';
    case 'directory':
      return 'Directory';
    case 'plugin': {
      const remedy = 'render in CI and commit the manifests, or deliver this application through an Argo CD';
      throw fail('plugin-unsupported', `config management plugins do not run here: ${remedy}`);
    }
    default:
      return discover(context, directory);
  }
};

const discover = ({ trace }: SourceContext, directory: string): SourceType => {
  let type: SourceType = 'Directory';
  for (const { path, mode } of listDirectory(trace.tree, directory)) {
    if (mode === 'directory' || mode === 'submodule') continue;
    const name = path.slice(directory === '' ? 0 : directory.length + 1);
    if (name.endsWith('Chart.yaml')) type = 'Helm';
    if (KUSTOMIZATION_NAMES.includes(name)) type = 'Kustomize';
  }
  // A kustomization that is added later would win over the chart.
  if (type === 'Helm') for (const name of KUSTOMIZATION_NAMES) note(trace, ['file', inside(directory, name), null]);
  return type;
};
