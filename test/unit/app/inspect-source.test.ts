import { describe, expect, it } from 'vitest';
import type { ApplicationSource } from '../../../src/domain/fleet/application.ts';
import { failure, inspect, inspected, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';

const CM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

describe('the type of a source', () => {
  it.each<[string, MemoryFiles, Partial<ApplicationSource>, string]>([
    ['plain files', { 'a/x.yaml': CM }, {}, 'Directory'],
    ['a chart', { 'a/Chart.yaml': 'name: a\nversion: 1.0.0' }, {}, 'Helm'],
    ['kustomization.yml', { 'a/kustomization.yml': 'resources: []' }, {}, 'Kustomize'],
    ['Kustomization', { 'a/Kustomization': 'resources: []' }, {}, 'Kustomize'],
    ['a chart and a kustomization', { 'a/Chart.yaml': 'name: a', 'a/kustomization.yaml': '' }, {}, 'Kustomize'],
    ['a kustomization further down', { 'a/b/kustomization.yaml': '', 'a/x.yaml': CM }, {}, 'Directory'],
    ['a block', { 'a/kustomization.yaml': '', 'a/x.yaml': CM }, { directory: {} }, 'Directory'],
    ['a block in overrides', { 'a/kustomization.yaml': '', 'a/.argocd-source.yaml': 'directory: {}' }, {}, 'Directory'],
  ])('is found by %s', async (_name, files, source, type) => {
    expect(inspected(await inspect(memorySource(files), { path: 'a', ...source })).type).toBe(type);
  });

  it('takes a chart out of a tree of its own, as Helm does', async () => {
    const files = { 'Chart.yaml': 'name: redis\nversion: 1.0.0', 'templates/x.yaml': CM, 'README.md': 'r' };
    const source = { repoURL: 'https://charts.example', chart: 'redis', targetRevision: '1.x' };
    const { type, render, files: taken } = inspected(await inspect(memorySource(files), source));
    expect({ type, path: 'path' in render && render.path }).toEqual({ type: 'Helm', path: '' });
    expect(taken.map(({ path }) => path).toSorted()).toEqual(['Chart.yaml', 'templates/x.yaml']);
  });

  it("merges overrides, the application's last, and leaves path and repository alone", async () => {
    const files = {
      'a/kustomization.yaml': 'resources: []',
      'a/.argocd-source.yaml': 'path: b\nkustomize: {namePrefix: one-, images: ["x:1"]}',
      'a/.argocd-source-web.yaml': 'kustomize: {namePrefix: two-}',
      'a/.argocd-source-other.yaml': 'kustomize: {namePrefix: never-}',
    };
    const { generated, render } = inspected(
      await inspect(memorySource(files), { path: 'a', kustomize: { nameSuffix: '-s' } }),
    );
    expect(render).toMatchObject({ path: 'a' });
    expect(JSON.parse(generated['a/kustomization.yaml'] ?? '')).toEqual({
      resources: [],
      namePrefix: 'two-',
      nameSuffix: '-s',
      images: [{ name: 'x', newTag: '1' }],
    });
  });

  it.each<[string, MemoryFiles, Partial<ApplicationSource>, string, RegExp]>([
    ['no path', {}, {}, 'path-missing', /neither path nor chart/],
    ['a missing path', { 'b/x': '' }, { path: 'a/c' }, 'path-missing', /path a\/c does not exist/],
    ['a path to a file', { a: '' }, { path: 'a' }, 'path-missing', /is a file/],
    ['a path out of the repository', { a: '' }, { path: 'x/../../etc' }, 'path-escapes', /leads out/],
    ['an absolute path', { a: '' }, { path: '/etc' }, 'path-escapes', /relative/],
    ['two blocks', { 'a/x.yaml': CM }, { path: 'a', helm: {}, directory: {} }, 'source-invalid', /helm, directory/],
    ['a plugin', { 'a/x.yaml': CM }, { path: 'a', plugin: {} }, 'plugin-unsupported', /commit the manifests/],
    ['an archive that is no chart', { 'x.yaml': CM }, { chart: 'redis', helm: {} }, 'chart-invalid', /no Helm chart/],
    [
      'broken overrides',
      { 'a/.argocd-source.yaml': 'aloi\nkustomize:\n' },
      { path: 'a' },
      'source-invalid',
      /source\.yaml:\d/,
    ],
    [
      'overrides of another type',
      { 'a/.argocd-source.yaml': 'kustomize: {images: x}' },
      { path: 'a' },
      'source-invalid',
      /images must be a list/,
    ],
  ])('is refused for %s', async (_name, files, source, code, message) => {
    const { error } = failure(await inspect(memorySource(files), source));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('a Directory source', () => {
  const files = {
    'a/x.yaml': CM,
    'a/y.yml': CM,
    'a/z.json': '{}',
    'a/readme.md': '',
    'a/sub/s.yaml': CM,
    'a/sub/deep/d.yaml': CM,
    'b/o.yaml': CM,
  };

  // Argo CD's globs have no separators: `*` crosses `/`.
  it.each<[object, string[]]>([
    [{}, ['x.yaml', 'y.yml', 'z.json']],
    [{ recurse: true }, ['sub/deep/d.yaml', 'sub/s.yaml', 'x.yaml', 'y.yml', 'z.json']],
    [{ recurse: true, include: '*.yaml' }, ['sub/deep/d.yaml', 'sub/s.yaml', 'x.yaml']],
    [{ recurse: true, exclude: 'sub/*' }, ['x.yaml', 'y.yml', 'z.json']],
    [{ recurse: true, include: '{x.yaml,sub/s*}' }, ['sub/s.yaml', 'x.yaml']],
    [{ include: '[xy].*', exclude: '{x,q}.yaml' }, ['y.yml']],
    [{ recurse: true, include: '*/d.yaml' }, ['sub/deep/d.yaml']],
  ])('with %j reads %j', async (directory, expected) => {
    const { render, files: taken } = inspected(await inspect(memorySource(files), { path: './a/', directory }));
    expect(render).toEqual({ tool: 'directory', path: 'a', manifests: expected.map((name) => `a/${name}`) });
    expect(taken.map(({ path }) => path)).toEqual(expected.map((name) => `a/${name}`));
  });

  it('reads nothing to find its files', async () => {
    const source = memorySource(files);
    await inspect(source, { path: 'a', directory: { recurse: true } });
    expect(source.reads).toEqual([]);
  });

  it('follows links within the repository, also to directories on the way', async () => {
    const source = memorySource({ 'a/l.yaml': { link: '../c/o.yaml' }, c: { link: 'b' }, 'b/o.yaml': CM });
    const { files: taken, inputs } = inspected(await inspect(source, { path: 'a' }));
    expect(taken).toEqual([{ path: 'a/l.yaml', digest: source.tree.entries.get('b/o.yaml')?.digest }]);
    expect(inputs.map(([kind, at]) => [kind, at])).toContainEqual(['file', 'b/o.yaml']);
  });

  it('leaves out a link that leads nowhere, with a warning', async () => {
    const source = memorySource({ 'a/l.yaml': { link: 'gone.yaml' }, 'a/x.yaml': CM });
    const { render, warnings } = inspected(await inspect(source, { path: 'a' }));
    expect(render).toMatchObject({ manifests: ['a/x.yaml'] });
    expect(warnings).toMatchObject([{ code: 'symlink-ignored', file: 'a/l.yaml' }]);
  });

  it.each<[string, MemoryFiles, string]>([
    ['jsonnet', { 'a/x.jsonnet': '{}' }, 'jsonnet-unsupported'],
    ['a link to a secret of the machine', { 'a/x.yaml': { link: '/etc/passwd' } }, 'symlink-refused'],
    ['a link out of the repository', { 'a/x.yaml': { link: '../../x.yaml' } }, 'symlink-refused'],
    ['links in a circle', { 'a/x.yaml': { link: 'y.yaml' }, 'a/y.yaml': { link: 'x.yaml' } }, 'symlink-refused'],
    ['a file of 10 MB', { 'a/x.yaml': 'x'.repeat(10_485_761) }, 'source-too-large'],
  ])('refuses %s', async (_name, hostile, code) => {
    expect(failure(await inspect(memorySource(hostile), { path: 'a' })).error).toMatchObject({ code });
  });

  it('lends its files without rendering anything where it is only a ref', async () => {
    const { files: taken, inputs, render } = inspected(await inspect(memorySource(files), { ref: 'values' }));
    expect([taken, inputs, render]).toEqual([[], [], { tool: 'directory', path: '', manifests: [] }]);
  });
});
