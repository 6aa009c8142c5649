import { describe, expect, it } from 'vitest';
import { failure, inspect, inspected, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';

const CM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

const EVERYTHING: MemoryFiles = {
  'apps/web/kustomization.yaml': `
resources: [../../base, cm.yaml]
components: [../../components/tls]
patches: [{path: p1.yaml}, {patch: "- op: remove"}]
patchesStrategicMerge: [p2.yaml, "kind: Pod\\nmetadata: {name: x}"]
patchesJson6902: [{path: p3.yaml, target: {kind: Pod}}]
configMapGenerator: [{name: g, files: [f.txt, key=g.txt], envs: [e.env]}]
secretGenerator: [{name: s, env: s.env}]
transformers: [t.yaml, "kind: PrefixTransformer"]
generators: [gen]
replacements: [{path: r.yaml}, {source: {kind: Pod}}]
crds: [crd.json]
configurations: [conf.yaml]
openapi: {path: schema.json}
`,
  ...Object.fromEntries(['cm', 'p1', 'p2', 'p3', 'r', 'conf'].map((name) => [`apps/web/${name}.yaml`, CM])),
  ...Object.fromEntries(
    ['f.txt', 'g.txt', 'e.env', 's.env', 'crd.json', 'schema.json', 'tp.yaml'].map((name) => [
      `apps/web/${name}`,
      'A=1',
    ]),
  ),
  'apps/web/t.yaml': 'kind: PatchTransformer\npath: tp.yaml\n',
  'apps/web/gen/kustomization.yaml': 'resources: [g.yaml]',
  'apps/web/gen/g.yaml': CM,
  'base/kustomization.yml': 'bases: [../deep]\nresources: [d.yaml]',
  'base/d.yaml': CM,
  'deep/Kustomization': 'resources: [x.yaml]',
  'deep/x.yaml': CM,
  'components/tls/kustomization.yaml': 'kind: Component',
  'apps/web/unused.yaml': CM,
  'apps/other/kustomization.yaml': 'resources: []',
};

describe('a Kustomize source', () => {
  it('takes everything that its build reads, and nothing else', async () => {
    const { files } = inspected(await inspect(memorySource(EVERYTHING), { path: 'apps/web' }));
    const unused = ['apps/web/unused.yaml', 'apps/other/kustomization.yaml'];
    expect(files.map(({ path }) => path).toSorted()).toEqual(
      Object.keys(EVERYTHING)
        .filter((path) => !unused.includes(path))
        .toSorted(),
    );
  });

  it('reads level by level, each in one batch', async () => {
    const source = memorySource(EVERYTHING);
    await inspect(source, { path: 'apps/web' });
    expect(source.reads.map((paths) => paths.length)).toEqual([1, 4, 1]);
  });

  it('notes the names by which a kustomization or override could come to be', async () => {
    const { inputs } = inspected(await inspect(memorySource(EVERYTHING), { path: 'apps/web' }));
    expect(inputs).toContainEqual([
      'none',
      'apps/web',
      ['.argocd-source.yaml', '.argocd-source-web.yaml', 'kustomization.yml', 'Kustomization'],
    ]);
  });

  it('ends where bases name each other', async () => {
    const source = memorySource({
      'a/kustomization.yaml': 'resources: [../b]',
      'b/kustomization.yaml': 'resources: [../a]',
    });
    expect(inspected(await inspect(source, { path: 'a' })).files).toHaveLength(2);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'a missing resource',
      'resources: [../gone]',
      'kustomization-missing-file',
      /^a\/kustomization\.yaml:1: resources: \.\.\/gone does not exist/,
    ],
    ['a missing patch', '\npatches:\n- path: p.yaml', 'kustomization-missing-file', /:3: patches: p\.yaml/],
    [
      'a directory without kustomization',
      'resources: [../c]',
      'kustomization-missing-file',
      /no kustomization\.yaml in c/,
    ],
    ['a way out of the repository', 'resources: [../../../etc/passwd]', 'path-escapes', /:1: resources/],
    ['an absolute path', 'resources: [/etc/passwd]', 'path-escapes', /leads out/],
    [
      'a GitHub base',
      'resources:\n- github.com/acme/base//x?ref=v1',
      'remote-base-unsupported',
      /:2: resources: github\.com\/acme/,
    ],
    ['an https base', 'bases: ["https://evil.example/x/y"]', 'remote-base-unsupported', /copy it/],
    ['an ssh base', 'resources: ["git@evil.example:x/y"]', 'remote-base-unsupported', /copy it/],
    ['a remote patch', 'patches: [{path: "https://evil.example/p.yaml"}]', 'remote-file-missing', /:1: patches: https/],
    ['a patch by ssh', 'patches: [{path: "git@evil.example:x/p.yaml"}]', 'remote-base-unsupported', /copy it/],
    ['a file as a component', 'components: ["https://evil.example/p.yaml"]', 'remote-base-unsupported', /a directory/],
    ['a chart', 'helmCharts: [{name: x}]', 'source-unsupported', /helmCharts/],
    ['a chart generator', 'generators: ["kind: HelmChartInflationGenerator"]', 'source-unsupported', /chart/],
    ['broken YAML', 'resources: [\nx: y', 'kustomization-invalid', /a\/kustomization\.yaml:\d/],
    ['a list', '- x', 'kustomization-invalid', /not a mapping/],
    ['two documents', 'a: 1\n---\nb: 1', 'kustomization-invalid', /:3: a second document/],
    ['a link out of the repository', 'resources: [l.yaml]', 'symlink-refused', /a\/l\.yaml/],
    ['a submodule', 'resources: [../m/x]', 'submodule-unsupported', /m is a Git submodule/],
  ])('names file and line of %s', async (_name, kustomization, code, message) => {
    const files: MemoryFiles = {
      'a/kustomization.yaml': kustomization,
      'c/x': '',
      'a/l.yaml': { link: '/proc/self/environ' },
      m: { submodule: 'd'.repeat(40) },
    };
    const { error } = failure(await inspect(memorySource(files), { path: 'a' }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('says in its inputs what would mend a failure', async () => {
    const { inputs } = failure(
      await inspect(memorySource({ 'a/kustomization.yaml': 'resources: [../gone]' }), { path: 'a' }),
    );
    expect(inputs).toContainEqual(['tree', 'gone', null]);
    expect(inputs).toContainEqual(['none', '', ['gone']]);
  });

  it('leaves out missing components where they may be', async () => {
    const files = { 'a/kustomization.yaml': '', 'k/kustomization.yaml': 'kind: Component' };
    const components = ['../k', '../gone'];
    const kustomize = { components, ignoreMissingComponents: true };
    const { generated, inputs } = inspected(await inspect(memorySource(files), { path: 'a', kustomize }));
    expect(JSON.parse(generated['a/kustomization.yaml'] ?? '')).toEqual({ components: ['../k'] });
    expect(inputs).toContainEqual(['tree', 'gone', null]);
    expect(failure(await inspect(memorySource(files), { path: 'a', kustomize: { components } })).error.code).toBe(
      'kustomization-missing-file',
    );
  });
});
