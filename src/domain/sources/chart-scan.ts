/** What the texts of a chart and its values can ask Helm for. */
export interface ChartUse {
  kubeVersion: boolean;
  apiVersions: boolean;
  /** `.Files`: any file of the chart may be read. */
  files: boolean;
}

/** Says what a template or a value (which `tpl` may render) refers to. Errs on the side of use. */
export const scanChart = (texts: Iterable<string>): ChartUse => {
  const use: ChartUse = { kubeVersion: false, apiVersions: false, files: false };
  for (const text of texts) {
    if (!use.files && /\bFiles\b/.test(text) && text.includes('{{')) use.files = true;
    if (!text.includes('Capabilities')) continue;
    const mentions = [...text.matchAll(/\bCapabilities\b(\.\w+)?/g)].map(([, field]) => field);
    if (mentions.some((field) => field !== '.KubeVersion' && field !== '.HelmVersion')) use.apiVersions = true;
    if (mentions.some((field) => field !== '.APIVersions' && field !== '.HelmVersion')) use.kubeVersion = true;
  }
  return use;
};

/** `v1.31.2-eks-abc` → `1.31.2`, as Argo CD hands a cluster's version to Helm; undefined where it is none. */
export const plainVersion = (version: string): string | undefined => {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version.trim());
  return found ? `${found[1]}.${found[2]}.${found[3] ?? '0'}` : undefined;
};
