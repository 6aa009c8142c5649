import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApplicationSource } from '../../../src/domain/fleet/application.ts';
import { makeBundle } from '../../../src/domain/sources/bundle.ts';
import { inputsChanged, type SourceInput } from '../../../src/domain/sources/inputs.ts';
import { inspect, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';

const CM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

/** What a repository may hold at each path: several texts, so that edits also mend, break and rewire sources. */
const PLACES: Record<string, MemoryFiles[string][]> = {
  'd/x.yaml': [CM, `${CM}data: {a: "1"}\n`, { link: '../shared/cm.yaml' }, { script: CM }],
  'd/sub/y.yaml': [CM, { link: '../../shared/cm.yaml' }],
  'd/notes.md': ['n'],
  'd/main.jsonnet': ['{}'],
  'd/broken.yaml': ['a: [\n', { link: '../gone.yaml' }, { link: '../../../etc/passwd' }],
  'd/Chart.yaml': ['name: d\nversion: 1.0.0\n'],
  'd/.argocd-source.yaml': ['directory: {recurse: true}\n', 'helm: [a]\n'],
  'd/.argocd-source-web.yaml': ['directory: {exclude: "x*"}\n'],
  'k/kustomization.yaml': [
    'resources: [../base, cm.yaml]\n',
    'resources: [../other]\ncomponents: [../part]\n',
    'resources: [cm.yaml]\nconfigMapGenerator: [{name: g, files: [f.txt]}]\n',
    'resources: [../base]\npatches: [{path: p.yaml}]\n',
    { link: '../other/kustomization.yaml' },
  ],
  'k/Kustomization': ['resources: []\n'],
  'k/t.yaml': ['kind: PatchTransformer\napiVersion: builtin\nmetadata: {name: t}\npath: p.yaml\n', 'kind: [\n'],
  'k2/kustomization.yaml': [
    'resources: [../linked, cm.yaml]\ntransformers: [../k/t.yaml]\n',
    'resources: [sub/../../base/]\ncrds: [cm.yaml]\nreplacements: [{path: r.yaml}]\n',
    'secretGenerator: [{name: s, envs: [cm.yaml], files: [k=r.yaml]}]\nopenapi: {path: r.yaml}\n',
    'resources: [../linked/o.yaml]\npatches: [{path: ../linked/../k/p.yaml}]\n',
  ],
  'k2/cm.yaml': [CM, { link: '../linked/o.yaml' }],
  'k2/r.yaml': ['[]\n'],
  linked: [{ link: 'other' }, { link: 'base' }, { link: './k/../other' }, { link: 'nowhere' }, CM],
  'k/cm.yaml': [CM, { link: '../shared/cm.yaml' }],
  'k/f.txt': ['f', 'g'],
  'k/p.yaml': [CM],
  'base/kustomization.yaml': ['resources: [b.yaml]\n', 'resources: [../other, b.yaml]\n'],
  'base/b.yaml': [CM, `${CM}data: {b: "1"}\n`],
  'other/kustomization.yaml': ['resources: [o.yaml]\n', 'resources: []\n'],
  'other/o.yaml': [CM],
  'part/kustomization.yaml': ['kind: Component\n'],
  'shared/cm.yaml': [CM, `${CM}data: {s: "1"}\n`, { link: 'real.yaml' }],
  'shared/real.yaml': [CM],
  'c/Chart.yaml': [
    'name: c\nversion: 1.0.0\n',
    'name: c\nversion: 1.0.0\ndependencies: [{name: lib, version: 1.0.0, repository: "file://../lib"}]\n',
  ],
  'c/templates/t.yaml': ['a: {{ .Values.a }}', 'a: {{ .Files.Get "x.txt" }}', { script: 'a: b' }],
  'c/templates/_h.tpl': ['h'],
  'c/values.yaml': ['a: 1\n', 'a: 2\n'],
  'c/x.txt': ['x', 'y'],
  'c/README.md': ['r', 's'],
  'lib/Chart.yaml': ['name: lib\nversion: 1.0.0\n'],
  'lib/templates/l.yaml': ['l', 'm'],
  'lib/values.yaml': ['v: 1\n', { link: '../env/prod.yaml' }],
  'c/charts/sub/Chart.yaml': ['name: sub\nversion: 1.0.0\n', 'name: lib\nversion: 1.0.0\n'],
  'c/charts/sub/templates/s.yaml': ['s', 't'],
  'c/charts/lib': [{ link: '../../lib' }],
  'c/.helmignore': ['x.txt\n'],
  'c/Chart.lock': ['dependencies: [{name: lib, version: 1.0.0}]\n'],
  'c/requirements.yaml': ['dependencies: [{name: lib, version: 1.0.0, repository: "file://../lib"}]\n'],
  'c/param.tpl': ['plain', '{{ .Files.Get "x.txt" }}'],
  'env/prod.yaml': ['a: 3\n', 'a: 4\n', { link: '../shared/real.yaml' }],
  'env/late.yaml': ['a: 5\n'],
  'env/deep/more.yaml': ['a: 6\n', '{{ .Files }}: 7\n', { link: '../prod.yaml' }],
  'env/deep-er/most.yaml': ['a: 8\n'],
  'elsewhere/z.yaml': [CM, 'z: 1\n'],
};
const PATHS = Object.keys(PLACES);

const SOURCES: Record<string, Partial<ApplicationSource>> = {
  directory: { path: 'd' },
  recursive: { path: 'd', directory: { recurse: true, include: '*.yaml' } },
  kustomize: { path: 'k' },
  options: {
    path: 'k',
    kustomize: { namePrefix: 'p-', components: ['../part'], ignoreMissingComponents: true },
  },
  chart: { path: 'c', helm: { valueFiles: ['../env/prod.yaml', '../env/late.yaml'], ignoreMissingValueFiles: true } },
  globs: { path: 'c', helm: { valueFiles: ['../env/**/*.yaml'] } },
  patched: {
    path: 'k2',
    kustomize: { patches: [{ path: '../k/p.yaml', target: { kind: 'ConfigMap' } }], components: ['../part'] },
  },
  plain: { path: 'k2' },
  linked: { path: 'linked' },
  parameters: {
    path: 'c',
    helm: { fileParameters: [{ name: 'a', path: 'param.tpl' }], valueFiles: ['../env/**', '../env/deep/more.yaml'] },
  },
  strict: { path: 'c', helm: { valueFiles: ['/env/late.yaml'] } },
};

const fileAt = (path: string): fc.Arbitrary<[string, MemoryFiles[string]]> =>
  fc.constantFrom(...(PLACES[path] ?? [])).map((file) => [path, file]);

/** Most of the places, each with one of its texts. */
const repositories = fc
  .tuple(...PATHS.map((path) => fc.option(fileAt(path), { freq: 6, nil: undefined })))
  .map((entries) => withoutFilesAbove(Object.fromEntries(entries.filter((entry) => entry !== undefined))));

const DIRECTORIES = ['d', 'd/sub', 'k', 'base', 'other', 'c', 'c/templates', 'c/charts/sub', 'lib', 'env', 'env/deep'];

/** What is a file cannot be a directory: of both, the directory is there. */
const withoutFilesAbove = (files: MemoryFiles): MemoryFiles =>
  Object.fromEntries(
    Object.entries(files).filter(([path]) => !Object.keys(files).some((other) => other.startsWith(`${path}/`))),
  );

type Edit = (files: MemoryFiles) => MemoryFiles;

const without = (files: MemoryFiles, path: string): MemoryFiles =>
  Object.fromEntries(Object.entries(files).filter(([one]) => one !== path));

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc
    .constantFrom(...PATHS)
    .chain(fileAt)
    .map(
      ([path, file]): Edit =>
        (files) => ({ ...files, [path]: file }),
    ),
  fc.constantFrom(...PATHS).map(
    (path): Edit =>
      (files) =>
        without(files, path),
  ),
  // A rename, or a base that moves: its files are at another place, or change places with others.
  fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom(...PATHS)).map(
    ([from, to]): Edit =>
      (files) => {
        const moved = files[from];
        return moved === undefined ? files : { ...without(files, from), [to]: moved };
      },
  ),
  // A whole directory that moves, or goes, or becomes a link to another.
  fc.tuple(fc.constantFrom(...DIRECTORIES), fc.constantFrom(...DIRECTORIES, undefined), fc.boolean()).map(
    ([from, to, linked]): Edit =>
      (files) => {
        const kept = Object.entries(files).filter(([path]) => !path.startsWith(`${from}/`));
        if (to === undefined || to === from) return Object.fromEntries(kept);
        if (linked) return { ...Object.fromEntries(kept), [from]: { link: to } };
        const moved = Object.entries(files).flatMap(([path, file]): [string, MemoryFiles[string]][] =>
          path.startsWith(`${from}/`) ? [[to + path.slice(from.length), file]] : [],
        );
        return withoutFilesAbove({ ...Object.fromEntries(kept), ...Object.fromEntries(moved) });
      },
  ),
  // A mode alone.
  fc.constantFrom(...PATHS).map(
    (path): Edit =>
      (files) => {
        const file = files[path];
        return typeof file === 'string' ? { ...files, [path]: { script: file } } : files;
      },
  ),
);

/** All that a render depends on: the bundle. What cannot be rendered has none, whatever the reason. */
const look = async (files: MemoryFiles, source: Partial<ApplicationSource>) => {
  const memory = memorySource(files);
  const inspection = await inspect(memory, source);
  const outcome = inspection.ok ? makeBundle(inspection, memory.contents) : 'none';
  // As they come back from a stored index.
  const inputs = JSON.parse(JSON.stringify(inspection.inputs)) as SourceInput[];
  return { tree: memory.tree, inputs, outcome: JSON.stringify(outcome) };
};

describe('the affected set', () => {
  it('misses nothing: where no recorded input changed, the render is the same', async () => {
    const seen = { affected: 0, unaffected: 0, needless: 0 };
    const property = fc.asyncProperty(
      repositories,
      fc.array(edits, { minLength: 1, maxLength: 3 }),
      async (before, steps) => {
        const after = withoutFilesAbove(steps.reduce((files, edit) => edit(files), before));
        for (const [name, source] of Object.entries(SOURCES)) {
          const was = await look(before, source);
          const is = await look(after, source);
          const reason = inputsChanged(was.inputs, is.tree);
          if (reason === undefined) expect([name, is.outcome]).toEqual([name, was.outcome]);
          seen[reason === undefined ? 'unaffected' : is.outcome === was.outcome ? 'needless' : 'affected'] += 1;
        }
      },
    );
    // Once missed: the only directory of a source is gone, in which it had read nothing.
    const gone: [MemoryFiles, Edit[]] = [{ 'd/sub/y.yaml': CM }, [(files) => without(files, 'd/sub/y.yaml')]];
    // Once missed: a link out of the repository beside what Helm reads of a chart.
    const astray = { link: '../../shared/cm.yaml' };
    const beside: [MemoryFiles, Edit[]] = [
      { 'c/Chart.yaml': 'name: c\nversion: 1.0.0\n' },
      [(files) => ({ ...files, 'c/x.txt': astray })],
    ];
    // Once missed: what a linked directory of a chart leads to.
    const behind: [MemoryFiles, Edit[]] = [
      {
        'c/Chart.yaml': 'name: c\nversion: 1.0.0\n',
        'lib/templates/l.yaml': 'l',
        'c/charts/lib': { link: '../../lib' },
      },
      [(files) => without(files, 'lib/templates/l.yaml')],
    ];
    await fc.assert(property, { numRuns: 150, examples: [gone, beside, behind] });
    // Exact: a plan that looks at everything would miss nothing either.
    expect(seen.affected).toBeGreaterThan(seen.needless);
    expect(seen.unaffected).toBeGreaterThan(seen.affected);
  }, 180_000);
});
