import type { HelmRequest } from './bundle.ts';
import { type Chart, takeChart } from './chart.ts';
import { plainVersion } from './chart-scan.ts';
import { expand, type SourceContext } from './source-context.ts';
import { fail, locate, readText, type Trace } from './trace.ts';
import { takeParameterFile, takeValueFiles } from './value-files.ts';

/** The request, and whether the chart reads the cluster's versions. */
export interface HelmPlan {
  render: HelmRequest;
  usesClusterFacts: boolean;
  clusterUse: { kubeVersion: boolean; apiVersions: boolean };
}

/**
 * Finds everything that a Helm source reads. Undefined while texts have to be read first. Errors: those of `takeChart`,
 * `takeValueFiles`; `source-invalid` for a Kubernetes version that is none.
 */
export const inspectHelm = (context: SourceContext, directory: string): HelmPlan | undefined => {
  const { trace, source, application } = context;
  const options = source.helm ?? {};
  const valueFiles = takeValueFiles(context, directory);
  const fileParameters = (options.fileParameters ?? []).map(({ name, path }) => ({
    name: String(name),
    path: takeParameterFile(context, directory, String(path)),
  }));
  const values = inlineValues(context);
  const files = [...valueFiles, ...fileParameters.map(({ path }) => path)];
  const set = parameters(context);
  const texts = [...valueTexts(context, files), values ?? '', ...set.map(({ value }) => value)];
  const chart = takeChart(trace, directory, texts);
  if (!chart) return undefined;
  warn(context);
  const render: HelmRequest = {
    tool: 'helm',
    path: directory,
    releaseName: options.releaseName || application.name,
    namespace: options.namespace || application.destinationNamespace,
    apiVersions: [],
    valueFiles,
    ...(values === undefined ? {} : { values }),
    parameters: set,
    fileParameters,
    skipCrds: options.skipCrds ?? false,
    skipTests: options.skipTests ?? false,
    skipSchemaValidation: options.skipSchemaValidation ?? false,
  };
  return withVersions(context, chart, render);
};

const warn = ({ source, warnings }: SourceContext): void => {
  if (!source.helm?.version || source.helm.version === 'v3') return;
  const message = `helm.version ${source.helm.version} is not looked at: there is one version of Helm`;
  warnings.push({ code: 'version-ignored', message });
};

/** `valuesObject` wins over `values`, be it empty. JSON is YAML. */
const inlineValues = ({ source }: SourceContext): string | undefined => {
  const { values, valuesObject } = source.helm ?? {};
  if (valuesObject) return JSON.stringify(valuesObject);
  return values ? String(values) : undefined;
};

/** The path in its tree of what stands at a path in the bundle. */
const inTree = ({ ref, prefix }: Trace, path: string): string => {
  if (prefix !== undefined) return path.slice(prefix.length);
  return ref === undefined ? path : path.slice(path.indexOf('/', path.indexOf('/') + 1) + 1);
};

/** The texts of the files at these paths in the bundle: templates may evaluate what they say. */
const valueTexts = (context: SourceContext, paths: readonly string[]): string[] => {
  const others = [...context.others.known.values()].flatMap((one) => ('trace' in one ? [one.trace] : []));
  const traces = [context.trace, ...context.refs.values(), ...others];
  return traces.flatMap((trace) =>
    paths.flatMap((path) => {
      const digest = trace.files.get(path)?.digest;
      const entry = digest === undefined ? 'absent' : locate(trace, inTree(trace, path));
      return typeof entry === 'string' ? [] : [readText(trace, entry) ?? ''];
    }),
  );
};

/** Later parameters of a name win; variables are replaced in values. */
const parameters = (context: SourceContext): HelmRequest['parameters'] => {
  const byName = new Map<string, HelmRequest['parameters'][number]>();
  for (const { name, value, forceString } of context.source.helm?.parameters ?? []) {
    const text = expand(context, String(value ?? ''));
    byName.set(`${forceString ?? false} ${name}`, {
      name: String(name),
      value: text,
      forceString: forceString ?? false,
    });
  }
  return [...byName.values()];
};

/** The Application's versions always, the cluster's as far as the chart can read them: equal clusters share renders. */
const withVersions = (context: SourceContext, chart: Chart, render: HelmRequest): HelmPlan => {
  const { clusterFacts, source } = context;
  const needsVersion = chart.use.kubeVersion || chart.constrainsKubeVersion;
  const fromCluster = needsVersion && !source.helm?.kubeVersion;
  const apisFromCluster = chart.use.apiVersions && !source.helm?.apiVersions?.length;
  const stated = source.helm?.kubeVersion || (fromCluster ? clusterFacts?.kubeVersion : undefined);
  const kubeVersion = stated === undefined ? undefined : plainVersion(String(stated));
  if (stated !== undefined && kubeVersion === undefined) {
    throw fail('source-invalid', `helm.kubeVersion: ${stated} is no Kubernetes version such as 1.31.2`);
  }
  const apiVersions = source.helm?.apiVersions?.length
    ? source.helm.apiVersions.map(String)
    : apisFromCluster
      ? [...(clusterFacts?.apiVersions ?? [])].toSorted()
      : [];
  return {
    render: { ...render, ...(kubeVersion === undefined ? {} : { kubeVersion }), apiVersions },
    usesClusterFacts: fromCluster || apisFromCluster,
    clusterUse: { kubeVersion: fromCluster, apiVersions: apisFromCluster },
  };
};
