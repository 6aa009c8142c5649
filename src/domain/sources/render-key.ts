import { createHash } from 'node:crypto';
import type { Renderable } from './bundle.ts';

/** What `schedule` knows of a cluster: Kubernetes version and the API versions it serves. */
export interface ClusterFacts {
  kubeVersion: string;
  apiVersions: readonly string[];
}

/**
 * The digest (SHA-256, hex) of everything that a render depends on: files by path and digest, options, and the tool's
 * version. Cluster facts are in it only where the source reads them, as they then stand in the render request. Equal
 * keys mean equal manifests, whatever commit, application or cluster they are for.
 */
export const renderKeyOf = (
  inspection: Renderable,
  { toolVersions }: { toolVersions: Readonly<Record<string, string>> },
): string => {
  const { files, generated, render } = inspection;
  const tool = TOOL_BINARY[render.tool];
  const content = {
    format: 1,
    tool: [render.tool, tool === undefined ? '' : (toolVersions[tool] ?? '')],
    files: files.map(({ path, digest }) => [path, digest]).toSorted(byPath),
    generated: Object.entries(generated).toSorted(byPath),
    render: sorted(render),
  };
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
};

const TOOL_BINARY: Readonly<Record<string, string>> = { helm: 'helm', kustomize: 'kubectl' };

const byPath = (a: readonly string[], b: readonly string[]): number => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1);

const sorted = (fields: object): [string, unknown][] =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
