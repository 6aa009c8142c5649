import { nearest } from '../nearest-name.ts';
import type { Problem } from '../problem.ts';
import { plainVersion } from '../sources/chart-scan.ts';
import { joinPath } from '../sources/trace.ts';
import { readYaml } from '../sources/yaml-documents.ts';
import type { Path } from '../yaml-document.ts';
import type { ApplicationSource } from './application.ts';
import type { ApplicationManifest } from './application-schema.ts';
import { explicitType } from './application-sources.ts';

/** One thing about an Application's document that its schema cannot say. */
export interface Finding {
  path: Path;
  severity: Problem['severity'];
  code: string;
  message: string;
}

/** What is wrong (error) or worth knowing (warning) within one Application's document. */
export const checkApplication = ({ spec, operation }: ApplicationManifest): Finding[] => [
  ...checkSources(spec),
  ...checkSyncOptions(spec.syncPolicy?.syncOptions ?? []),
  ...(spec.ignoreDifferences ?? []).flatMap((one, index) => checkPointers(one.jsonPointers ?? [], index)),
  ...(operation === undefined
    ? []
    : [
        warning(
          ['operation'],
          'operation-ignored',
          'an operation in Git is not carried out: Towline syncs what changes',
        ),
      ]),
];

const warning = (path: Path, code: string, message: string): Finding => ({ path, severity: 'warning', code, message });
const invalid = (path: Path, message: string): Finding => ({ path, severity: 'error', code: 'field-invalid', message });

const checkSources = ({ source, sources, sourceHydrator }: ApplicationManifest['spec']): Finding[] => {
  if (sourceHydrator) {
    const message = `Towline does not hydrate: it syncs branch ${sourceHydrator.syncSource.targetBranch} as it is`;
    return [warning(['spec', 'sourceHydrator'], 'hydrator-not-run', message)];
  }
  if (sources?.length) {
    const hidden = source ? [warning(['spec', 'source'], 'source-ignored', 'does nothing beside spec.sources')] : [];
    const found = sources.flatMap((one, index) => checkSource(one, ['spec', 'sources', index]));
    return [...hidden, ...found, ...checkRefs(sources)];
  }
  return source ? checkSource(source, ['spec', 'source']) : [invalid(['spec'], 'needs a source (or sources)')];
};

const checkSource = (source: ApplicationSource, path: Path): Finding[] => {
  const type = explicitType(source);
  return [
    ...checkPath(source.path ?? '', [...path, 'path']),
    ...checkOptions(source, path),
    ...(typeof type === 'object' ? [invalid(path, `${type.error}; give one of them`)] : []),
    ...(source.path || source.chart || source.ref ? [] : [invalid(path, 'needs a path (or a chart, or a ref)')]),
    ...(source.chart && !source.targetRevision
      ? [invalid([...path, 'chart'], `chart ${source.chart} needs a targetRevision: a version or a range`)]
      : []),
    ...(source.chart && source.ref
      ? [invalid([...path, 'ref'], `"${source.ref}" names a chart; a ref has to be a Git source`)]
      : []),
  ];
};

/** Names of sources, and value files of those that there are not: as Argo CD refuses them. */
const checkRefs = (sources: readonly ApplicationSource[]): Finding[] =>
  sources.flatMap(({ ref, helm }, index) => {
    const path = ['spec', 'sources', index];
    const named = sources.flatMap((one) => one.ref ?? []);
    return [
      ...(ref && !/^[\w-]+$/.test(ref)
        ? [invalid([...path, 'ref'], `"${ref}" must be letters, digits, "-" and "_", without the $ of its use`)]
        : []),
      ...(ref && named.indexOf(ref) !== named.lastIndexOf(ref)
        ? [invalid([...path, 'ref'], `"${ref}" names more than one source`)]
        : []),
      ...(helm?.valueFiles ?? []).flatMap((file, at) => {
        const wanted = /^\$([\w-]+)\//.exec(file)?.[1];
        if (wanted === undefined || named.includes(wanted) || /^(?:ARGOCD|KUBE)_/.test(wanted)) return [];
        const message = `"${file}" is of a source with ref: ${wanted}, which there is not`;
        return [invalid([...path, 'helm', 'valueFiles', at], message)];
      }),
    ];
  });

/** A path that leads out of the repository finds nothing. */
const checkPath = (directory: string, path: Path): Finding[] => {
  if (directory.startsWith('/'))
    return [invalid(path, `"${directory}" must be relative to the repository: drop the /`)];
  return joinPath('', directory) === undefined ? [invalid(path, `"${directory}" leads out of the repository`)] : [];
};

const checkOptions = ({ helm, kustomize, plugin }: ApplicationSource, path: Path): Finding[] => [
  ...(helm?.parameters ?? []).flatMap(({ name }, index) =>
    name === '' ? [invalid([...path, 'helm', 'parameters', index, 'name'], 'must name a value of the chart')] : [],
  ),
  ...checkValues(helm?.values ?? '', [...path, 'helm', 'values']),
  ...(helm?.kubeVersion && plainVersion(helm.kubeVersion) === undefined
    ? [invalid([...path, 'helm', 'kubeVersion'], `"${helm.kubeVersion}" is no version such as 1.31.2`)]
    : []),
  ...(kustomize?.replicas ?? []).flatMap(({ name, count }, index) =>
    /^\d+$/.test(String(count))
      ? []
      : [invalid([...path, 'kustomize', 'replicas', index, 'count'], `of ${name} is "${count}", no whole number`)],
  ),
  ...(kustomize?.labelIncludeTemplates && !kustomize.labelWithoutSelector
    ? [invalid([...path, 'kustomize', 'labelIncludeTemplates'], 'needs labelWithoutSelector: true')]
    : []),
  ...(plugin ? [{ path: [...path, 'plugin'], severity: 'unsupported' as const, ...PLUGIN }] : []),
];

const checkValues = (values: string, path: Path): Finding[] => {
  if (values.trim() === '') return [];
  const { documents, problem } = readYaml(values, { duplicates: 'last' });
  if (problem) return [invalid(path, `is not YAML (its line ${problem.line}): ${problem.reason}`)];
  const odd = documents.find(({ value }) => typeof value !== 'object' || Array.isArray(value));
  return odd ? [invalid(path, 'must be YAML of a mapping: the names of values, each with its value')] : [];
};

const PLUGIN = {
  code: 'plugin-unsupported',
  message:
    'config management plugins do not run here: render in CI and commit the manifests, or deliver through an Argo CD',
};

/** Every option that Argo CD knows on an Application; names and values have to match exactly. */
const SYNC_OPTIONS = [
  'ApplyOutOfSyncOnly=true',
  'ApplyOutOfSyncOnly=false',
  'ClientSideApplyMigration=true',
  'ClientSideApplyMigration=false',
  'CreateNamespace=true',
  'CreateNamespace=false',
  'Delete=confirm',
  'Delete=false',
  'Delete=true',
  'FailOnSharedResource=true',
  'FailOnSharedResource=false',
  'Force=true',
  'Force=false',
  'Prune=confirm',
  'Prune=false',
  'Prune=true',
  'PruneLast=true',
  'PruneLast=false',
  'PrunePropagationPolicy=background',
  'PrunePropagationPolicy=foreground',
  'PrunePropagationPolicy=orphan',
  'Replace=true',
  'Replace=false',
  'RespectIgnoreDifferences=true',
  'RespectIgnoreDifferences=false',
  'ServerSideApply=true',
  'ServerSideApply=false',
  'SkipDryRunOnMissingResource=true',
  'SkipDryRunOnMissingResource=false',
  'Validate=true',
  'Validate=false',
];

const checkSyncOptions = (options: readonly string[]): Finding[] =>
  options.flatMap((option, index) => {
    if (SYNC_OPTIONS.includes(option)) return [];
    const meant = nearest(option, SYNC_OPTIONS);
    const message = `"${option}" is no sync option and does nothing${meant ? `; did you mean ${meant}?` : ''}`;
    return [warning(['spec', 'syncPolicy', 'syncOptions', index], 'sync-option-unknown', message)];
  });

const checkPointers = (pointers: readonly string[], item: number): Finding[] =>
  pointers.flatMap((pointer, index) =>
    pointer.startsWith('/')
      ? []
      : [
          warning(
            ['spec', 'ignoreDifferences', item, 'jsonPointers', index],
            'json-pointer-invalid',
            `"${pointer}" is no JSON pointer and matches nothing: it has to begin with "/"`,
          ),
        ],
  );
