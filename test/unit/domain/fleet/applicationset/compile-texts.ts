import { startGoTemplates } from '../../../../../src/adapters/gotemplate/go-templates.ts';
import { loadGoTemplates } from '../../../../../src/adapters/gotemplate/load-program.ts';
import { type Expansion, expandApplicationSet } from '../../../../../src/domain/fleet/applicationset/expand.ts';
import { generatorClusters } from '../../../../../src/domain/fleet/applicationset/fleet-clusters.ts';
import { type GeneratorInputs, NO_INPUTS } from '../../../../../src/domain/fleet/applicationset/generator-inputs.ts';
import { compileFleet } from '../../../../../src/domain/fleet/compile-fleet.ts';
import type { ClusterConfig, FleetFile } from '../../../../../src/domain/fleet/fleet-file.ts';
import { gatherDocuments } from '../../../../../src/domain/fleet/gather-documents.ts';
import type { FleetDocument } from '../../../../../src/domain/fleet/read-fleet-files.ts';
import type { FleetSnapshot } from '../../../../../src/domain/fleet/snapshot.ts';
import { formatProblem } from '../../../../../src/domain/problem.ts';
import { stableDigest } from '../../../../../src/domain/stable-digest.ts';

export const render = await startGoTemplates(await loadGoTemplates());

export const cluster = (name: string, environment: string, more: Partial<ClusterConfig> = {}): ClusterConfig => ({
  name,
  labels: { environment },
  annotations: {},
  access: { type: 'embedded' },
  ...more,
});

export const fleetOf = (clusters: ClusterConfig[]): FleetFile => ({
  name: 'acme',
  source: { repoURL: 'https://git.example.com/fleet', targetRevision: 'main', path: '' },
  repositories: [],
  clusters,
  environments: { clusterLabel: 'environment' },
});

export const FLEET = fleetOf([
  cluster('hub', 'tools', { inCluster: true }),
  cluster('eu', 'prod'),
  cluster('us', 'prod'),
]);

export const filesOf = (texts: Record<string, string>): FleetDocument[] =>
  Object.entries(texts).map(([path, text]) => ({ path, text, digest: stableDigest(text) }));

/** Compiles texts with their sets expanded, as the plan does. */
export const compile = (
  texts: Record<string, string>,
  {
    fleet = FLEET,
    previous,
    inputs = {},
  }: { fleet?: FleetFile; previous?: FleetSnapshot; inputs?: Partial<GeneratorInputs> } = {},
): FleetSnapshot => {
  const files = filesOf(texts);
  const documents = gatherDocuments(files, previous);
  const all = { ...NO_INPUTS, clusters: generatorClusters(fleet.clusters), ...inputs };
  const expansions = new Map(
    documents.applicationSets.map((set): [string, Expansion] => [
      `${set.namespace}/${set.name}`,
      expandApplicationSet(set, all, render),
    ]),
  );
  return compileFleet({ files, fleet, documents, expansions, ...(previous ? { previous } : {}) });
};

export const idsOf = (snapshot: FleetSnapshot): string[] => snapshot.applications.map(({ id }) => id);
export const linesOf = (snapshot: FleetSnapshot): string[] =>
  [...snapshot.problems, ...snapshot.applications.flatMap(({ problems }) => problems)].map(formatProblem);
