import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApplicationSource } from '../../../src/domain/fleet/application.ts';
import { makeBundle } from '../../../src/domain/sources/bundle.ts';
import { inputsChanged, type SourceInput } from '../../../src/domain/sources/inputs.ts';
import { renderKeyOf } from '../../../src/domain/sources/render-key.ts';
import { inspect, inspected, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';

const CM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
const FILES: MemoryFiles = {
  'apps/d/x.yaml': CM,
  'apps/d/sub/y.yaml': CM,
  'apps/d/readme.md': 'r',
  'apps/k/kustomization.yaml': 'resources: [../../base]\nconfigMapGenerator: [{name: g, files: [f.txt]}]',
  'apps/k/f.txt': 'f',
  'apps/k/unused.yaml': CM,
  'base/kustomization.yaml': 'resources: [b.yaml]',
  'base/b.yaml': CM,
  'charts/c/Chart.yaml': 'name: c\nversion: 1.0.0',
  'charts/c/values.yaml': 'a: 1',
  'charts/c/values-a.yaml': 'a: 2',
  'charts/c/values-b.yaml': 'a: 3',
  'charts/c/templates/t.yaml': 'a: {{ .Values.a }}',
  'charts/f/Chart.yaml': 'name: f\nversion: 1.0.0',
  'charts/f/templates/t.yaml': 'a: {{ .Files.Get "x.txt" }}',
  'charts/f/x.txt': 'x',
  'values/one.yaml': 'b: 1',
};
const SOURCES: Record<string, Partial<ApplicationSource>> = {
  directory: { path: 'apps/d' },
  recursive: { path: 'apps/d', directory: { recurse: true, exclude: 'x*' } },
  kustomize: { path: 'apps/k', kustomize: { namePrefix: 'p-' } },
  helm: {
    path: 'charts/c',
    helm: { valueFiles: ['values-a.yaml', '../../values/*.yaml', 'no.yaml'], ignoreMissingValueFiles: true },
  },
  files: { path: 'charts/f' },
};

const TOOLS = { toolVersions: { helm: '4.1.4', kubectl: '1.35.2' } };

const look = async (files: MemoryFiles, source: Partial<ApplicationSource>) => {
  const memory = memorySource(files);
  const inspection = inspected(await inspect(memory, source));
  // As it comes back from a stored index.
  const inputs = JSON.parse(JSON.stringify(inspection.inputs)) as SourceInput[];
  return {
    tree: memory.tree,
    inputs,
    bundle: makeBundle(inspection, memory.contents),
    key: renderKeyOf(inspection, TOOLS),
  };
};

/** Text that keeps every file readable as what it is. */
const edited = (text: MemoryFiles[string] | undefined): string =>
  `${typeof text === 'string' ? text : 'kind: X'}\n# edited\n`;

const pathsToEdit = fc.oneof(
  fc.constantFrom(...Object.keys(FILES)),
  fc.constantFrom(
    'apps/d/new.yaml',
    'apps/d/sub/new.json',
    'apps/k/Kustomization',
    'charts/c/no.yaml',
    'values/two.yaml',
  ),
  fc.constantFrom(
    'charts/c/templates/new.tpl',
    'charts/c/crds/x.yaml',
    'charts/f/new',
    'apps/d/.argocd-source-web.yaml',
  ),
  fc.constantFrom(
    'charts/c/README.md',
    'other/x.yaml',
    'base/unused.yaml',
    'apps/d/.argocd-source-other.yaml',
    'apps/d/a.txt',
  ),
);

describe('recorded inputs', () => {
  it('are the same in the same tree', async () => {
    for (const source of Object.values(SOURCES)) {
      const { inputs, tree } = await look(FILES, source);
      expect(inputsChanged(inputs, tree)).toBeUndefined();
    }
  });

  it('change whenever the bundle does: nothing else can change a render', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(SOURCES)),
        pathsToEdit,
        fc.boolean(),
        async (name, path, remove) => {
          const source = SOURCES[name] ?? {};
          const before = await look(FILES, source);
          const files = { ...FILES, [path]: edited(FILES[path]) };
          if (remove) delete files[path];
          const memory = memorySource(files);
          const inspection = await inspect(memory, source);
          const reason = inputsChanged(before.inputs, memory.tree);
          const isSame =
            inspection.ok && JSON.stringify(makeBundle(inspection, memory.contents)) === JSON.stringify(before.bundle);
          if (reason === undefined) expect([path, isSame]).toEqual([path, true]);
          if (!isSame) expect(reason).toMatch(/ (changed|added|removed)$/);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each<[keyof typeof SOURCES, string, string | undefined]>([
    ['directory', 'apps/d/x.yaml', 'apps/d/x.yaml changed'],
    ['directory', 'apps/d/new.yaml', 'apps/d/new.yaml added'],
    ['directory', 'apps/d/sub/y.yaml', undefined],
    ['directory', 'apps/d/readme.md', undefined],
    ['directory', 'apps/d/.argocd-source-web.yaml', 'apps/d/.argocd-source-web.yaml added'],
    ['directory', 'apps/d/.argocd-source-other.yaml', undefined],
    ['directory', 'apps/d/Chart.yaml', 'apps/d/Chart.yaml added'],
    ['directory', 'apps/d/Kustomization', 'apps/d/Kustomization added'],
    ['recursive', 'apps/d/x.yaml', undefined],
    ['recursive', 'apps/d/sub/y.yaml', 'apps/d/sub/y.yaml changed'],
    ['kustomize', 'base/b.yaml', 'base/b.yaml changed'],
    ['kustomize', 'apps/k/unused.yaml', undefined],
    ['kustomize', 'apps/k/.argocd-source.yaml', 'apps/k/.argocd-source.yaml added'],
    ['helm', 'charts/c/values-a.yaml', 'charts/c/values-a.yaml changed'],
    ['helm', 'charts/c/values-b.yaml', undefined],
    ['helm', 'charts/c/no.yaml', 'charts/c/no.yaml added'],
    ['helm', 'values/two.yaml', 'values/two.yaml added'],
    ['helm', 'charts/c/templates/new.yaml', 'charts/c/templates changed'],
    ['helm', 'charts/c/crds/new.yaml', 'charts/c/crds added'],
    ['files', 'charts/f/x.txt', 'charts/f changed'],
  ])('of %s: a commit to %s means %s', async (name, path, reason) => {
    const { inputs } = await look(FILES, SOURCES[name] ?? {});
    const { tree } = memorySource({ ...FILES, [path]: edited(FILES[path]) });
    expect(inputsChanged(inputs, tree)).toBe(reason);
  });
});

describe('the render key', () => {
  const keyOf = async (files: MemoryFiles, source: Partial<ApplicationSource>, more = {}, tools = TOOLS) =>
    renderKeyOf(inspected(await inspect(memorySource(files, 'e'.repeat(40)), source, more)), tools);

  it('is the same for equal content at another commit', async () => {
    expect(await keyOf(FILES, SOURCES.helm ?? {})).toBe((await look(FILES, SOURCES.helm ?? {})).key);
  });

  it('is another one for other content, options, tool, and facts that are read', async () => {
    const chart = { ...FILES, 'charts/c/templates/t.yaml': '{{ .Capabilities.KubeVersion }}' };
    const facts = (kubeVersion: string) => ({ clusterFacts: { kubeVersion, apiVersions: ['v1'] } });
    const keys = [
      await keyOf(FILES, SOURCES.helm ?? {}),
      await keyOf({ ...FILES, 'charts/c/values-a.yaml': 'a: 9' }, SOURCES.helm ?? {}),
      await keyOf(FILES, { ...SOURCES.helm, helm: { ...SOURCES.helm?.helm, releaseName: 'r' } }),
      await keyOf(FILES, SOURCES.helm ?? {}, {}, { toolVersions: { helm: '4.2.0', kubectl: '1.35.2' } }),
      await keyOf(FILES, SOURCES.kustomize ?? {}),
      await keyOf(FILES, { path: 'apps/k' }),
      await keyOf(chart, SOURCES.helm ?? {}, facts('1.31.0')),
      await keyOf(chart, SOURCES.helm ?? {}, facts('1.32.0')),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not hold facts that the source cannot read, nor the version of a tool that it does not use', async () => {
    const facts = (kubeVersion: string) => ({ clusterFacts: { kubeVersion, apiVersions: [kubeVersion] } });
    expect(await keyOf(FILES, SOURCES.helm ?? {}, facts('1.31.0'))).toBe(
      await keyOf(FILES, SOURCES.helm ?? {}, facts('1.32.0')),
    );
    const newer = { toolVersions: { helm: '4.1.4', kubectl: '9' } };
    expect(await keyOf(FILES, SOURCES.helm ?? {}, {}, newer)).toBe(await keyOf(FILES, SOURCES.helm ?? {}));
  });
});
