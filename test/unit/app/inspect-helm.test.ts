import { describe, expect, it } from 'vitest';
import type { RefSource } from '../../../src/app/inspect-source.ts';
import type { HelmOptions } from '../../../src/domain/fleet/application.ts';
import type { HelmRequest } from '../../../src/domain/sources/bundle.ts';
import { failure, inspect, inspected, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';

const CHART = {
  'c/Chart.yaml': 'name: c\nversion: 1.0.0\n',
  'c/values.yaml': 'a: 1\n',
  'c/templates/x.yaml': 'a: {{ .Values.a }}',
};
const FACTS = { kubeVersion: 'v1.31.2-eks-abc', apiVersions: ['apps/v1', 'v1'] };

const look = async (files: MemoryFiles, helm?: HelmOptions, more = {}) =>
  inspected(await inspect(memorySource({ ...CHART, ...files }), { path: 'c', ...(helm ? { helm } : {}) }, more));

const requestOf = async (...args: Parameters<typeof look>): Promise<HelmRequest> => {
  const { render } = await look(...args);
  if (render.tool !== 'helm') throw new Error(render.tool);
  return render;
};

const paths = async (...args: Parameters<typeof look>): Promise<string[]> =>
  (await look(...args)).files.map(({ path }) => path).toSorted();

describe('a Helm source', () => {
  it('asks for what Argo CD asks helm for', async () => {
    expect(await requestOf({})).toEqual({
      tool: 'helm',
      path: 'c',
      releaseName: 'web',
      namespace: 'shop',
      apiVersions: [],
      valueFiles: [],
      parameters: [],
      fileParameters: [],
      skipCrds: false,
      skipTests: false,
      skipSchemaValidation: false,
    });
  });

  it('takes an empty valuesObject for the values', async () => {
    expect(await requestOf({}, { values: 'a: 1', valuesObject: {} })).toMatchObject({ values: '{}' });
  });

  it('takes a local dependency as it stands, as helm does: what that depends on in turn is not built', async () => {
    const local = (name: string, on: string) => ({
      [`${name}/Chart.yaml`]: `name: ${name}\nversion: 1.0.0\ndependencies: [{ name: ${on}, version: 1.0.0, repository: "file://../${on}" }]`,
      [`${name}/templates/x.yaml`]: name,
    });
    expect(await paths({ ...local('c', 'd'), ...local('d', 'e'), ...local('e', 'c') })).toEqual([
      'c/Chart.yaml',
      'c/charts/d/Chart.yaml',
      'c/charts/d/templates/x.yaml',
      'c/templates/x.yaml',
      'c/values.yaml',
    ]);
  });

  it('hands every option on', async () => {
    const helm: HelmOptions = {
      releaseName: 'r',
      namespace: 'n',
      kubeVersion: 'v1.30',
      apiVersions: ['x/v1'],
      values: 'a: 1',
      valuesObject: { b: 2 },
      parameters: [
        { name: 'a', value: '1' },
        { name: 'b', value: 'x', forceString: true },
        { name: 'a', value: '$ARGOCD_APP_NAME-$$HOME-${ARGOCD_APP_NAMESPACE}-$NONE-' },
        { name: 'c' },
      ],
      fileParameters: [{ name: 'f', path: 'files/f.txt' }],
      skipCrds: true,
      skipTests: true,
      skipSchemaValidation: true,
    };
    expect(await requestOf({ 'c/files/f.txt': 'f' }, helm)).toMatchObject({
      releaseName: 'r',
      namespace: 'n',
      kubeVersion: '1.30.0',
      apiVersions: ['x/v1'],
      values: '{"b":2}',
      parameters: [
        { name: 'a', value: 'web-$HOME-shop--', forceString: false },
        { name: 'b', value: 'x', forceString: true },
        { name: 'c', value: '', forceString: false },
      ],
      fileParameters: [{ name: 'f', path: 'c/files/f.txt' }],
      skipCrds: true,
      skipTests: true,
      skipSchemaValidation: true,
    });
  });

  it('reads what Helm reads of a chart; the whole of it where a template or value says .Files', async () => {
    const more = { 'c/README.md': 'r', 'c/values-other.yaml': 'o', 'c/crds/x.yaml': 'k', 'c/.helmignore': 'x' };
    const read = ['c/.helmignore', 'c/Chart.yaml', 'c/crds/x.yaml', 'c/templates/x.yaml', 'c/values.yaml'];
    const whole = [...read, 'c/README.md', 'c/values-other.yaml'].toSorted();
    expect(await paths(more)).toEqual(read);
    expect(await paths({ ...more, 'c/templates/y.yaml': '{{ .Files.Get "README.md" }}' })).toEqual(
      [...whole, 'c/templates/y.yaml'].toSorted(),
    );
    expect(await paths(more, { values: "t: '{{ .Files.Get `x` }}'" })).toEqual(whole);
    expect(await paths(more, { parameters: [{ name: 't', value: 'x{{ .Files.Get `x` }}' }] })).toEqual(whole);
    const byFile = { ...more, 'c/t.tpl': '{{ .Files.Get "x" }}' };
    const fileParameters = [{ name: 't', path: 't.tpl' }];
    expect(await paths(byFile, { fileParameters })).toEqual([...whole, 'c/t.tpl'].toSorted());
    expect(await paths({ ...more, 'c/charts/sub-1.0.0.tgz': { bytes: Buffer.from([1, 0xff]) } })).toEqual(
      [...whole, 'c/charts/sub-1.0.0.tgz'].toSorted(),
    );
  });

  it.each<[string, string, Partial<HelmRequest>, boolean]>([
    ['nothing of the cluster', '{{ .Values.a }}', { apiVersions: [] }, false],
    ['the version', '{{ .Capabilities.KubeVersion.Minor }}', { kubeVersion: '1.31.2', apiVersions: [] }, true],
    ['the APIs', '{{ .Capabilities.APIVersions.Has "v1" }}', { apiVersions: ['apps/v1', 'v1'] }, true],
    ['everything', '{{ toYaml .Capabilities }}', { kubeVersion: '1.31.2', apiVersions: ['apps/v1', 'v1'] }, true],
  ])('takes over of the cluster what the chart reads: %s', async (_name, template, expected, uses) => {
    const inspection = await look({ 'c/templates/x.yaml': template }, undefined, { clusterFacts: FACTS });
    expect(inspection.render).toMatchObject(expected);
    expect(inspection.usesClusterFacts).toBe(uses);
    expect('kubeVersion' in inspection.render).toBe('kubeVersion' in expected);
  });

  it('needs the version for a chart that constrains it', async () => {
    const files = { 'c/Chart.yaml': 'name: c\nversion: 1.0.0\nkubeVersion: ">=1.20"' };
    expect(await requestOf(files, undefined, { clusterFacts: FACTS })).toMatchObject({ kubeVersion: '1.31.2' });
  });
});

describe('value files', () => {
  const files = { 'c/p.yaml': 'p', 'v/a.yaml': 'a', 'v/b.yaml': 'b', 'v/x/c.yaml': 'c', 'c/web.yaml': 'w' };

  it.each<[string[], string[]]>([
    [['p.yaml'], ['c/p.yaml']],
    [
      ['../v/b.yaml', 'p.yaml', '../v/a.yaml'],
      ['v/b.yaml', 'c/p.yaml', 'v/a.yaml'],
    ],
    [['/v/a.yaml'], ['v/a.yaml']],
    [['${ARGOCD_APP_NAME}.yaml'], ['c/web.yaml']],
    [['../v/*.yaml'], ['v/a.yaml', 'v/b.yaml']],
    [['../v/**/*.yaml'], ['v/a.yaml', 'v/b.yaml', 'v/x/c.yaml']],
    [
      ['../v/*.yaml', '../v/a.yaml'],
      ['v/b.yaml', 'v/a.yaml'],
    ],
  ])('%j are %j', async (valueFiles, expected) => {
    expect((await requestOf(files, { valueFiles })).valueFiles).toEqual(expected);
  });

  it.each<[string, string[]]>([
    // A directory's own files first, those below it later: they override.
    ['../n/**/*.yaml', ['n/.h.yaml', 'n/Z.yaml', 'n/b.yaml', 'n/a/z.yaml', 'n/a/deep/q.yaml', 'n/a-b/x.yaml']],
    ['../n/*/*.yaml', ['n/a/z.yaml', 'n/a-b/x.yaml']],
    ['../n/**', ['n/.h.yaml', 'n/Z.yaml', 'n/a/deep/q.yaml', 'n/a/z.yaml', 'n/a-b/x.yaml', 'n/b.yaml']],
    ['../n/{b,Z}*.yaml', ['n/Z.yaml', 'n/b.yaml']],
  ])('%s stands for its matches in the order of Argo CD', async (pattern, expected) => {
    const names = ['b.yaml', 'Z.yaml', '.h.yaml', 'a/z.yaml', 'a/deep/q.yaml', 'a-b/x.yaml'];
    const nested = Object.fromEntries(names.map((name) => [`n/${name}`, name]));
    expect((await requestOf(nested, { valueFiles: [pattern] })).valueFiles).toEqual(expected);
  });

  it('need a match of every pattern, as of every name', async () => {
    const valueFiles = ['../v/*.json'];
    expect((await requestOf(files, { valueFiles, ignoreMissingValueFiles: true })).valueFiles).toEqual([]);
    const listed = { valueFiles: ['../v/[a]*.yaml', '../v/a.yaml'] };
    expect((await requestOf(files, listed)).valueFiles).toEqual(['v/a.yaml']);
  });

  it('notes one that is absent, and goes on where it may be', async () => {
    const { inputs, render } = await look({}, { valueFiles: ['no.yaml'], ignoreMissingValueFiles: true });
    expect(render).toMatchObject({ valueFiles: [] });
    expect(inputs).toContainEqual(['none', 'c', expect.arrayContaining(['no.yaml'])]);
  });

  it('takes files of another repository by $ref, and notes them apart', async () => {
    const other = memorySource({ 'env/web.yaml': 'x: 1', 'env/no.txt': '' }, 'd'.repeat(40));
    const refSources = new Map<string, RefSource>([['vals', { tree: other.tree, files: other.files, revision: 'd' }]]);
    const valueFiles = ['$vals/env/$ARGOCD_APP_NAME.yaml', '$vals/gone.yaml', 'p.yaml'];
    const inspection = await look(files, { valueFiles, ignoreMissingValueFiles: true }, { refSources });
    expect(inspection.render).toMatchObject({ valueFiles: ['$ref/vals/env/web.yaml', 'c/p.yaml'] });
    expect(inspection.files).toContainEqual({
      path: '$ref/vals/env/web.yaml',
      digest: other.tree.entries.get('env/web.yaml')?.digest,
      ref: 'vals',
    });
    expect(inspection.refInputs).toEqual({
      vals: [
        ['file', 'env/web.yaml', other.tree.entries.get('env/web.yaml')?.digest],
        ['none', '', ['gone.yaml']],
      ],
    });
  });

  it.each<[string, HelmOptions, string, RegExp]>([
    ['a missing file', { valueFiles: ['no.yaml'] }, 'value-file-missing', /no\.yaml \(c\/no\.yaml\) does not exist/],
    ['a pattern without a match', { valueFiles: ['v/*.yaml'] }, 'value-file-missing', /v\/\*\.yaml.*matches no file/],
    ['a way out of the repository', { valueFiles: ['../../minio/values.yaml'] }, 'path-escapes', /leads out/],
    [
      'the root of the machine, which is the repository',
      { valueFiles: ['/etc/passwd'] },
      'value-file-missing',
      /\(etc\/passwd\)/,
    ],
    ['a NUL', { valueFiles: ['a\0.yaml'] }, 'path-escapes', /leads out/],
    ['file://', { valueFiles: ['file:///etc/passwd'] }, 'value-file-refused', /scheme file is not allowed/],
    [
      'a URL of another scheme',
      { valueFiles: ['s3://bucket/x.yaml'] },
      'value-file-refused',
      /s3 is not allowed.*https/,
    ],
    ['a URL that nobody can read', { valueFiles: ['https://evil.example/x.yaml'] }, 'remote-file-missing', /x\.yaml/],
    ['a link out of the repository', { valueFiles: ['link.yaml'] }, 'symlink-refused', /link\.yaml/],
    ['an unknown ref', { valueFiles: ['$nope/x.yaml'] }, 'ref-source-missing', /ref: nope/],
    [
      'a missing parameter file',
      { fileParameters: [{ name: 'a', path: 'no' }] },
      'value-file-missing',
      /fileParameters: no/,
    ],
    ['a version that is none', { kubeVersion: 'new' }, 'source-invalid', /kubeVersion: new/],
  ])('refuses %s', async (_name, helm, code, message) => {
    const link: MemoryFiles = helm.valueFiles?.includes('link.yaml')
      ? { 'c/link.yaml': { link: '/proc/self/environ' } }
      : {};
    const source = memorySource({ ...CHART, ...link });
    expect(failure(await inspect(source, { path: 'c', helm })).error).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('a chart', () => {
  it.each<[string, MemoryFiles, string, RegExp]>([
    ['no Chart.yaml', { 'c/Chart.yaml': { link: 'gone' } }, 'chart-invalid', /c\/Chart\.yaml does not exist/],
    ['an empty Chart.yaml', { 'c/Chart.yaml': '' }, 'chart-invalid', /needs name and version/],
    ['a broken Chart.yaml', { 'c/Chart.yaml': 'a: [' }, 'chart-invalid', /c\/Chart\.yaml:\d/],
    [
      'dependencies that are not there',
      {
        'c/Chart.yaml':
          'name: c\ndependencies:\n- {name: redis, version: 1.x, repository: "https://r.example"}\n- {name: pg}',
      },
      'chart-dependencies-missing',
      /redis 1\.x \(https:\/\/r\.example\): is not read here.*, pg \(no repository\): run `helm dependency build`/,
    ],
    [
      'templates that link out of the repository',
      { 'c/templates/y.yaml': { link: '/proc/self/environ' } },
      'symlink-refused',
      /y\.yaml/,
    ],
    [
      'a dependency on itself',
      { 'c/Chart.yaml': 'name: c\ndependencies: [{name: c, repository: "file://."}]' },
      'path-escapes',
      /no other directory/,
    ],
  ])('is refused for %s', async (_name, files, code, message) => {
    const { error } = failure(await inspect(memorySource({ ...CHART, ...files }), { path: 'c', helm: {} }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each<[string, MemoryFiles]>([
    ['a folder of its name', { 'c/charts/redis/Chart.yaml': 'name: redis' }],
    ['a folder of another name', { 'c/charts/r/Chart.yaml': 'version: 1.0.0\nname: redis' }],
    ['an archive', { 'c/charts/redis-1.2.3.tgz': 'x' }],
  ])('finds a dependency in charts/ as %s', async (_name, files) => {
    const Chart = 'name: c\ndependencies: [{name: redis, version: 1.x, repository: "https://r.example"}]';
    expect((await look({ ...files, 'c/Chart.yaml': Chart })).type).toBe('Helm');
  });

  it('takes a dependency of the same repository, which counts as an input', async () => {
    const files = {
      'c/Chart.yaml': 'name: c\ndependencies: [{name: lib, repository: "file://../lib"}]',
      'lib/Chart.yaml': 'name: lib\ntype: library',
      'lib/templates/_h.tpl': '{{ .Capabilities.KubeVersion }}',
    };
    const { files: taken, inputs, usesClusterFacts } = await look(files);
    expect(taken.map(({ path }) => path)).toContain('c/charts/lib/templates/_h.tpl');
    expect(inputs).toContainEqual(['tree', 'lib', expect.any(String)]);
    expect(usesClusterFacts).toBe(true);
  });
});
