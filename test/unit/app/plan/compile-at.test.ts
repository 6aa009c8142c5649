import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSnapshots } from '../../../../src/app/load-fleet.ts';
import { compileAt } from '../../../../src/app/plan/compile-at.ts';
import { createTreeReader } from '../../../../src/app/plan/tree-reader.ts';
import { expandApplicationSet } from '../../../../src/domain/fleet/applicationset/expand.ts';
import { parseFleetFile } from '../../../../src/domain/fleet/parse-fleet-file.ts';
import type { CompiledApplication } from '../../../../src/domain/fleet/snapshot.ts';
import { FLEET_ID } from '../../../../src/domain/fleet-row.ts';
import type { SetExpander } from '../../../../src/ports/set-expander.ts';
import { createMemoryPorts } from '../../../fakes/memory-ports.ts';
import { createMemoryRepository } from '../../../fakes/memory-repository.ts';

const URL = 'https://git.example.com/acme/fleet';
const MAIN = 'refs/heads/main';
const FLEET = `
apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: ${URL}, targetRevision: main, path: apps }
  repositories: [{ url: ${URL}, forge: github }]
  clusters:
    - { name: dev, labels: { environment: dev, tier: low }, embedded: true }
    - { name: prod, labels: { environment: prod, tier: high }, embedded: true }
`;

/** A fleet in a repository, compiled commit by commit; `expanded` are the sets that the sandbox was asked for. */
const createFleet = async () => {
  const ports = createMemoryPorts();
  const repository = createMemoryRepository();
  const parsed = parseFleetFile(FLEET, { file: 'fleet.yaml', local: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  await ports.fleets.save({ id: FLEET_ID, version: 0, file: parsed.fleet, projects: [] });
  const expanded: string[] = [];
  const expander: SetExpander = {
    expand: (set, inputs) => {
      expanded.push(set.name);
      // What a Go template comes to is another test's matter: here each is a name to fill in.
      const render = (text: string, params: Record<string, unknown>): string =>
        text.replaceAll(/\{\{\.(\w+)\}\}/g, (_, name: string) => String(params[name]));
      return Promise.resolve(
        expandApplicationSet(set, inputs, (requests) =>
          requests.map(({ templates, params }) => ({ results: templates.map((text) => render(text, params)) })),
        ),
      );
    },
  };
  const deps = { ...ports, snapshots: createSnapshots(ports.blobs), expander };
  const compile = async (files: Record<string, string | null>) => {
    const commit = repository.commit(MAIN, files);
    const fleet = await ports.fleets.get(FLEET_ID);
    if (!fleet) throw new Error('no fleet');
    const at = { repository: URL, ref: MAIN, commit };
    const tree = await repository.listTree(commit);
    const trees = createTreeReader({ openRepository: () => repository }, fleet, { ...at, tree });
    const compiled = await compileAt({ ...deps, ...unused }, { fleet, at, owner: 'main', trees, defaultBranch: MAIN });
    await compiled.commit();
    return compiled;
  };
  return { compile, expanded, repository, fleets: ports.fleets };
};

/** What compiling has no use for. */
const unused = {
  indexes: { load: () => Promise.reject(new Error('unused')), store: () => Promise.reject(new Error('unused')) },
  openRepository: () => {
    throw new Error('unused');
  },
  toolVersions: {},
};

const setYaml = (name: string, generators: string, go: boolean): string => `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name}, namespace: argocd }
spec:
  goTemplate: ${go}
  generators: ${generators}
  template:
    metadata: { name: '${name}-${go ? '{{.name}}' : '{{name}}'}' }
    spec:
      project: default
      source: { repoURL: ${URL}, targetRevision: main, path: services/x }
      destination: { name: dev, namespace: default }
`;

const listOf = (prefix: string, count: number): string => {
  const elements = Array.from({ length: count }, (_, index) => `{ name: ${prefix}-${index} }`);
  return `[{ list: { elements: [${elements.join(', ')}] } }]`;
};

describe('a fleet of 10,000 applications', () => {
  it('expands, of a hundred sets, only the one whose file changed; and none where nothing did', async () => {
    const { compile, expanded } = await createFleet();
    const sets = Object.fromEntries(
      Array.from({ length: 100 }, (_, set) => [`apps/${set}.yaml`, setYaml(`s${set}`, listOf('app', 100), true)]),
    );
    const first = await compile(sets);
    expect(first.snapshot.applications).toHaveLength(10_000);
    expect(expanded).toHaveLength(100);
    const second = await compile({ 'apps/7.yaml': setYaml('s7', listOf('app', 101), true) });
    expect(expanded.slice(100)).toEqual(['s7']);
    expect([...second.changed]).toEqual([['argocd/s7-app-100', 'apps/7.yaml changed']]);
    const third = await compile({ 'services/x/config.yaml': 'a: b' });
    expect(expanded).toHaveLength(101);
    expect(third.snapshot.digest).toBe(second.snapshot.digest);
  }, 60_000);
});

const git = (reads: string): string => `{ git: { repoURL: '${URL}', revision: main, ${reads} } }`;
const OF_PATH = '{{path[0]}}-{{path.basename}}';

/** Generators, and a name that tells apart what they make (mostly: where it does not, the set fails). */
const GENERATORS: [generators: string, name: string][] = [
  [`[${git("directories: [{ path: 'd/*' }]")}]`, OF_PATH],
  [`[${git("directories: [{ path: 'd/*' }, { path: d/a, exclude: true }]")}]`, OF_PATH],
  [`[${git("directories: [{ path: '*/b' }]")}]`, OF_PATH],
  [`[${git("files: [{ path: 'd/**/config.json' }]")}]`, '{{path.basename}}-{{where}}'],
  [`[${git("files: [{ path: 'd/*/config.json' }, { path: d/b/config.json, exclude: true }]")}]`, OF_PATH],
  [`[${git('files: [{ path: e/config.json }]')}]`, '{{where}}'],
  ['[{ list: { elements: [{ name: one }] } }, { clusters: {} }]', '{{name}}'],
  ['[{ clusters: { selector: { matchLabels: { tier: high } } } }]', '{{name}}'],
  [
    `[{ matrix: { generators: [${git('files: [{ path: e/config.json }], pathParamPrefix: from')}, ${git("directories: [{ path: '{{where}}/*' }]")}] } }]`,
    '{{where}}-{{path.basename}}',
  ],
];

const generated = (set: string, [generators, name]: [string, string]): string =>
  setYaml(set, generators, false).replace(`${set}-{{name}}`, `${set}-${name}`);

const paths = [
  'd/a/x',
  'd/b/x',
  'd/c/config.json',
  'd/b/config.json',
  'd/b/b/config.json',
  'e/config.json',
  'e/b/x',
  'f/b/x',
];
const edit = fc.oneof(
  fc.record({
    path: fc.constantFrom(...paths),
    text: fc.constantFrom(null, '{"where":"d"}', '{"where":"e"}', '[{"where":"f"},{"where":"d"}]', '{'),
  }),
  fc
    .record({ name: fc.constantFrom('s', 't'), generators: fc.constantFrom(null, ...GENERATORS) })
    .map(({ name, generators }) => ({
      path: `apps/${name}.yaml`,
      text: generators === null ? null : generated(name, generators),
    })),
);

const digests = (applications: readonly CompiledApplication[]): Map<string, string> =>
  new Map(applications.map(({ id, specDigest }) => [id, specDigest]));

describe('random repositories and edits', () => {
  it('compile step by step to what they compile to at once, and name exactly what changed', async () => {
    let [compared, most] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(edit, { minLength: 1, maxLength: 5 }), { maxLength: 8 }), async (commits) => {
        const fleet = await createFleet();
        let before = new Map<string, string>();
        const files: Record<string, string | null> = {};
        for (const edits of commits) {
          const changes = Object.fromEntries(edits.map(({ path, text }) => [path, text]));
          Object.assign(files, changes);
          const { snapshot, changed, removed } = await fleet.compile(changes);
          const now = digests(snapshot.applications);
          expect([...changed.keys()].toSorted()).toEqual(
            [...now].flatMap(([id, digest]) => (before.get(id) === digest ? [] : [id])).toSorted(),
          );
          expect(removed.map(({ id }) => id).toSorted()).toEqual(
            [...before.keys()].filter((id) => !now.has(id)).toSorted(),
          );
          // Where a set fails, what it made before stays, which only those know who have seen it.
          if (snapshot.problems.length === 0) {
            [compared, most] = [compared + 1, Math.max(most, now.size)];
            const fresh = await createFleet();
            expect(now).toEqual(digests((await fresh.compile(files)).snapshot.applications));
          }
          before = now;
        }
      }),
      { numRuns: 200 },
    );
    // The comparison is worth something only where there is something to compare.
    expect(compared).toBeGreaterThan(50);
    expect(most).toBeGreaterThan(4);
  }, 120_000);
});
