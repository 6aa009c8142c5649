import type { HelmRequest, KustomizeRequest } from '../../domain/sources/bundle.ts';
import type { RenderFolder } from './bundle-folder.ts';

/** The files that a Helm render takes from elsewhere than the chart, by the names under which it gets them. */
export interface ValueCopies {
  values: { from: string; name: string }[];
  parameters: { from: string; name: string }[];
  inline?: string;
}

/** Gives each value and parameter file a name that no option parser can misread. */
export const valueCopies = (request: HelmRequest): ValueCopies => ({
  values: request.valueFiles.map((from, index) => ({ from, name: `values-${index}.yaml` })),
  parameters: request.fileParameters.map(({ path }, index) => ({ from: path, name: `parameter-${index}` })),
  ...(request.values === undefined ? {} : { inline: 'values-inline.yaml' }),
});

/** `helm template`, with Argo CD's flags (util/helm/cmd.go); inline values come last among the values. */
export const helmArguments = (request: HelmRequest, folder: RenderFolder, copies: ValueCopies): string[] => [
  'template',
  request.releaseName,
  `./${request.path}`,
  `--namespace=${request.namespace}`,
  ...(request.kubeVersion === undefined ? [] : [`--kube-version=${request.kubeVersion}`]),
  ...request.parameters.map(
    ({ name, value, forceString }) => `--set${forceString ? '-string' : ''}=${name}=${escapeCommas(value)}`,
  ),
  ...request.fileParameters.map(({ name }, index) => `--set-file=${name}=${folder.values}/parameter-${index}`),
  ...copies.values.map(({ name }) => `--values=${folder.values}/${name}`),
  ...(copies.inline === undefined ? [] : [`--values=${folder.values}/${copies.inline}`]),
  ...request.apiVersions.map((version) => `--api-versions=${version}`),
  ...(request.skipCrds ? [] : ['--include-crds']),
  ...(request.skipTests ? ['--skip-tests'] : []),
  ...(request.skipSchemaValidation ? ['--skip-schema-validation'] : []),
];

/** A comma separates values for Helm unless the value is a list (`{a,b}`) or the comma is quoted already. */
const escapeCommas = (value: string): string =>
  value.startsWith('{') && value.endsWith('}') ? value : value.replace(/(?<!\\),/g, '\\,');

/** `kubectl kustomize`, files outside a kustomization's root refused as in Argo CD; no helm, plugins, network, mounts. */
export const kustomizeArguments = (request: KustomizeRequest): string[] => [
  'kustomize',
  '--load-restrictor=LoadRestrictionsRootOnly',
  `./${request.path}`,
];

const NOWHERE = 'http://127.0.0.1:9';

/** The child's whole environment: an empty home, nothing to run, memory kept by the collector below the cap. */
export const toolEnvironment = (folder: RenderFolder): Record<string, string> => ({
  PATH: '/nonexistent',
  HOME: folder.home,
  TMPDIR: folder.home,
  HELM_CACHE_HOME: `${folder.home}/cache`,
  HELM_CONFIG_HOME: `${folder.home}/config`,
  HELM_DATA_HOME: `${folder.home}/data`,
  HELM_PLUGINS: '/nonexistent',
  KUBECONFIG: '/nonexistent',
  // No tool has anything to ask of the network; where there is one, it goes nowhere.
  HTTP_PROXY: NOWHERE,
  HTTPS_PROXY: NOWHERE,
  // Short runs never collect (8 ms less each); a long one does before it reaches the limit.
  GOGC: 'off',
  GOMEMLIMIT: '512MiB',
});
