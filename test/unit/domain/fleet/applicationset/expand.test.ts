import { describe, expect, it } from 'vitest';
import { gitInput, withAnswer } from '../../../../../src/domain/fleet/applicationset/answer-needs.ts';
import { expandApplicationSet } from '../../../../../src/domain/fleet/applicationset/expand.ts';
import { type GeneratorInputs, NO_INPUTS } from '../../../../../src/domain/fleet/applicationset/generator-inputs.ts';
import { gatherDocuments } from '../../../../../src/domain/fleet/gather-documents.ts';
import { cluster, compile, filesOf, fleetOf, idsOf, linesOf, render } from './compile-texts.ts';

const setText = (generators: string, more = '', name = '{{name}}-web') => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: web }
spec:
  generators: ${generators}
  template:
    metadata: { name: '${name}' }
    spec:
      project: default
      source: { repoURL: https://git.example.com/web, path: web }
      destination: { server: '{{server}}', namespace: web }
${more}`;

describe('a set of clusters', () => {
  const snapshot = compile({
    'a.yaml': setText('[{ clusters: { selector: { matchLabels: { environment: prod } } } }]'),
  });

  it('makes an application for each, which finds its cluster again', () => {
    expect(linesOf(snapshot)).toEqual([]);
    expect(snapshot.applications).toMatchObject([
      {
        id: 'argocd/eu-web',
        cluster: 'eu',
        environment: 'prod',
        applicationSet: 'argocd/web',
        origin: { file: 'a.yaml', line: 1 },
      },
      { id: 'argocd/us-web', cluster: 'us', finalizers: ['resources-finalizer.argocd.argoproj.io'] },
    ]);
  });

  it('has the in-cluster one among them', () => {
    expect(idsOf(compile({ 'a.yaml': setText('[{ clusters: {} }]') }))).toEqual([
      'argocd/eu-web',
      'argocd/hub-web',
      'argocd/us-web',
    ]);
  });

  it('loses those that a change of labels takes away, though its file is as it was', () => {
    const text = setText('[{ clusters: { selector: { matchLabels: { environment: prod } } } }]');
    const fleet = fleetOf([cluster('eu', 'prod'), cluster('us', 'dev')]);
    expect(idsOf(compile({ 'a.yaml': text }, { fleet, previous: snapshot }))).toEqual(['argocd/eu-web']);
  });
});

describe('what goes wrong in a set', () => {
  const before = compile({ 'a.yaml': setText('[{ clusters: {} }]') });

  it.each([
    ['is no set', setText('{}'), 'a.yaml:5: spec.generators: must be a list, not {}'],
    [
      'has an unknown generator',
      setText('[{ cluster: {} }]'),
      'a.yaml:5: spec.generators[0]: names no known generator',
    ],
    [
      'fails',
      setText(
        '[{ matrix: { generators: [{ list: { elements: [{ a: "1" }] } }, { list: { elements: [{ a: "2" }] } }] } }]',
      ),
      'a.yaml:1: spec.generators: ApplicationSet argocd/web: found duplicate key a with different value, a: 1 ,b: 2',
    ],
    [
      'makes two of one name',
      setText('[{ clusters: {} }]', '', 'web'),
      'a.yaml:1: spec.generators: ApplicationSet argocd/web: it contains applications with duplicate name: "web"',
    ],
    [
      'makes a wrong application',
      setText('[{ clusters: {} }]').replace('path: web', 'path: web, targetRevision: 5'),
      'a.yaml:1: spec.template.spec.source.targetRevision: must be a string, not 5: write it in quotes (Application eu-web)',
    ],
    [
      'reads what is not known',
      setText('[{ git: { repoURL: x, directories: [{ path: "*" }] } }]'),
      'a.yaml:1: spec.generators: ApplicationSet argocd/web was not expanded: what its generators read is not known',
    ],
  ])('leaves its applications as they were where it %s', (_what, text, expected) => {
    const after = compile({ 'a.yaml': text }, { previous: before });
    expect(linesOf(after).some((line) => line.startsWith(expected))).toBe(true);
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(after.applications.map(({ specDigest }) => specDigest)).toEqual(
      before.applications.map(({ specDigest }) => specDigest),
    );
    expect(compile({ 'a.yaml': text }).applications).toEqual([]);
  });

  it('is said once, compile after compile, and gone when it is', () => {
    const bad = setText('[{ clusters: {} }]').replace('path: web', 'path: web, targetRevison: x');
    const once = compile({ 'a.yaml': bad }, { previous: before });
    const twice = compile({ 'a.yaml': bad }, { previous: once });
    expect(linesOf(once)).toEqual([
      'a.yaml:1: spec.template.spec.source.targetRevison: this field is not known and does nothing; did you mean targetRevision?',
    ]);
    expect(twice.problems).toEqual(once.problems);
    expect(compile({ 'a.yaml': setText('[{ clusters: {} }]') }, { previous: twice }).problems).toEqual([]);
  });
});

describe('templates', () => {
  const made = (text: string, inputs: Partial<GeneratorInputs> = {}) =>
    compile({ 'a.yaml': text }, { inputs }).applications;

  it('are Go’s where the set says so, in keys too', () => {
    const text = setText(
      '[{ list: { elements: [{ name: Eu, server: "https://kubernetes.default.svc", isOn: yes }] } }]',
      '  goTemplate: true\n  goTemplateOptions: [missingkey=error]\n',
      '{{ .name | lower }}-web',
    )
      .replace("'{{server}}'", "'{{ .server }}'")
      .replace(
        "metadata: { name: '",
        'metadata: { labels: { "is-{{ .name | lower }}": "{{ ternary "yes" "no" .isOn }}" }, name: \'',
      )
      .replace('"{{ ternary "yes" "no" .isOn }}"', `'{{ ternary "yes" "no" .isOn }}'`);
    expect(made(text)).toMatchObject([{ name: 'eu-web', labels: { 'is-eu': 'yes' }, cluster: 'hub' }]);
  });

  it('are patched, but not into another project', () => {
    const patch = `  templatePatch: |
    metadata: { labels: { at: "{{name}}" }, finalizers: [mine] }
    spec:
      project: other
      destination: { namespace: null }
      source: { path: patched, helm: { valueFiles: ["{{name}}.yaml"] } }
`;
    expect(made(setText('[{ clusters: { selector: { matchLabels: { environment: tools } } } }]', patch))).toMatchObject(
      [
        {
          labels: { at: 'hub' },
          finalizers: ['resources-finalizer.argocd.argoproj.io', 'mine'],
          project: 'default',
          destination: { namespace: '' },
          sources: [{ path: 'patched', helm: { valueFiles: ['hub.yaml'] } }],
        },
      ],
    );
  });

  it('read YAML as kubectl does: in a list, in what a file says and in a patch', () => {
    const elements = '  goTemplate: true\n  templatePatch: "{ spec: { syncPolicy: { automated: { prune: yes } } } }"\n';
    const list = "[{ list: { elementsYaml: '[{ name: hub, mode: 0644, on: no, on: off }]' } }]";
    const text = setText(list, elements, '{{.name}}-{{.mode}}-{{index . "true"}}').replace(
      "'{{server}}'",
      'https://kubernetes.default.svc',
    );
    expect(made(text)).toMatchObject([{ name: 'hub-420-false', syncPolicy: { automated: { prune: true } } }]);
  });

  it('of a generator come before the set’s', () => {
    const list =
      '[{ list: { elements: [{ name: hub, server: "https://kubernetes.default.svc" }], template: { spec: { source: { path: own } } } } }]';
    expect(made(setText(list))).toMatchObject([{ sources: [{ repoURL: 'https://git.example.com/web', path: 'own' }] }]);
  });

  it('give no finalizer where resources are preserved', () => {
    const text = setText('[{ clusters: {} }]', '  syncPolicy: { preserveResourcesOnDeletion: true }\n');
    expect(made(text).every(({ finalizers }) => finalizers.length === 0)).toBe(true);
  });

  it.each([
    ['env', '{{ env "HOME" }}', 'function "env" not defined'],
    ['a loop without end', '{{ template "base" . }}', 'exceeded maximum template depth'],
    ['fail', '{{ fail "no" }}', 'error calling fail: no'],
  ])('fail on %s, and the renderer lives on', (_what, name, expected) => {
    const text = setText('[{ list: { elements: [{ name: x }] } }]', '  goTemplate: true\n', name);
    expect(linesOf(compile({ 'a.yaml': text }))[0]).toContain(expected);
    expect(made(setText('[{ clusters: {} }]'))).toHaveLength(3);
  });
});

describe('git generators', () => {
  const tree = {
    directories: ['apps', 'apps/api', 'apps/web', '.github', '.github/x'],
    files: ['envs/eu/config.json', 'envs/us/config.json'],
    contents: {
      'envs/eu/config.json': '{"cluster": {"name": "eu"}}',
      'envs/us/config.json': '{"cluster": {"name": "us"}}',
    },
  };
  const text = (generator: string, name: string) =>
    setText(`[{ git: { repoURL: 'https://git.example.com/web', revision: main, ${generator} } }]`, '', name).replace(
      "server: '{{server}}'",
      'name: eu',
    );

  it('say what they need, first the tree and then the files', () => {
    const [set] = gatherDocuments(
      filesOf({ 'a.yaml': text("files: [{ path: 'envs/*/config.json' }]", '{{cluster.name}}') }),
      undefined,
    ).applicationSets;
    if (!set) throw new Error('no set');
    const git = { repoURL: 'https://git.example.com/web', revision: 'main' };
    expect(expandApplicationSet(set, NO_INPUTS, render)).toEqual({ needs: [{ type: 'git', ...git }] });
    const known = { ...NO_INPUTS, git: { 'https://git.example.com/web#main': { ...tree, contents: {} } } };
    expect(expandApplicationSet(set, known, render)).toEqual({
      needs: [{ type: 'gitFiles', ...git, paths: tree.files }],
    });
  });

  it('are expanded once every need is answered', () => {
    const generator = text("files: [{ path: 'envs/*/config.json' }]", '{{cluster.name}}');
    const [set] = gatherDocuments(filesOf({ 'a.yaml': generator }), undefined).applicationSets;
    if (!set) throw new Error('no set');
    let inputs = NO_INPUTS;
    let expansion = expandApplicationSet(set, inputs, render);
    for (let round = 0; round < 2 && 'needs' in expansion; round++) {
      for (const need of expansion.needs) {
        if (need.type === 'git') inputs = withAnswer(inputs, { ...need, input: gitInput(tree.files) });
        if (need.type === 'gitFiles') inputs = withAnswer(inputs, { ...need, input: tree.contents });
      }
      expansion = expandApplicationSet(set, inputs, render);
    }
    expect(expansion).toMatchObject({ manifests: [{ metadata: { name: 'eu' } }, { metadata: { name: 'us' } }] });
  });

  it('see every directory above a file', () => {
    expect(gitInput(['a/b/c.yaml', 'a/d/e.yaml', 'top.yaml'])).toEqual({
      directories: ['a', 'a/b', 'a/d'],
      files: ['a/b/c.yaml', 'a/d/e.yaml', 'top.yaml'],
      contents: {},
    });
  });

  it.each([
    ["directories: [{ path: 'apps/*' }]", '{{path.basename}}', ['argocd/api', 'argocd/web']],
    ["directories: [{ path: 'apps/*' }, { path: 'apps/api', exclude: true }]", '{{path[1]}}', ['argocd/web']],
    ["directories: [{ path: '*' }, { path: '*/*' }]", '{{path.basename}}', ['argocd/api', 'argocd/apps', 'argocd/web']],
    ["files: [{ path: '**/config.json' }]", '{{cluster.name}}', ['argocd/eu', 'argocd/us']],
    ["files: [{ path: 'envs' }]", '{{path.basename}}', ['argocd/eu', 'argocd/us']],
  ])('%s', (generator, name, expected) => {
    const snapshot = compile(
      { 'a.yaml': text(generator, name) },
      { inputs: { git: { 'https://git.example.com/web#main': tree } } },
    );
    expect(idsOf(snapshot)).toEqual(expected);
  });

  it('keep the applications where the repository could not be read', () => {
    const generator = text("directories: [{ path: 'apps/*' }]", '{{path.basename}}');
    const before = compile({ 'a.yaml': generator }, { inputs: { git: { 'https://git.example.com/web#main': tree } } });
    const after = compile(
      { 'a.yaml': generator },
      { previous: before, inputs: { git: { 'https://git.example.com/web#main': { error: 'timed out' } } } },
    );
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(linesOf(after)).toEqual([
      'a.yaml:1: spec.generators: ApplicationSet argocd/web: error generating params from git: error getting directories from repo: timed out',
    ]);
  });
});

describe('sync policies of a set', () => {
  const policy = (name: string) => `  syncPolicy: { applicationsSync: ${name} }\n`;
  const first = '[{ list: { elements: [{ name: a, server: s }, { name: b, server: s }] } }]';
  const then = '[{ list: { elements: [{ name: b, server: t }, { name: c, server: t }] } }]';

  it.each([
    ['sync', ['b t', 'c t']],
    ['create-update', ['a s', 'b t', 'c t']],
    ['create-delete', ['b s', 'c t']],
    ['create-only', ['a s', 'b s', 'c t']],
  ])('%s', (name, expected) => {
    const previous = compile({ 'a.yaml': setText(first, policy(name)) });
    const after = compile({ 'a.yaml': setText(then, policy(name)) }, { previous });
    expect(after.applications.map((one) => `${one.name.slice(0, 1)} ${one.destination.server}`)).toEqual(expected);
  });

  it.each([
    ['sync', []],
    ['create-delete', []],
    ['create-update', ['argocd/a-web', 'argocd/b-web']],
    ['create-only', ['argocd/a-web', 'argocd/b-web']],
  ])('%s, where the set itself goes', (name, expected) => {
    const here = first.replaceAll('server: s', 'server: "https://kubernetes.default.svc"');
    const made = compile({ 'a.yaml': setText(here, policy(name)) });
    const gone = compile({}, { previous: made });
    expect(idsOf(gone)).toEqual(expected);
    const digests = (of: typeof gone) => of.applications.map(({ specDigest }) => specDigest);
    if (expected.length === 0) return;
    // What left them behind is told, and stays so, compile after compile.
    const later = compile({ 'b.yaml': setText('[]').replace('name: web', 'name: other') }, { previous: gone });
    expect(linesOf(later)).toEqual([
      expect.stringContaining('a.yaml:1: spec.syncPolicy.applicationsSync: ApplicationSet argocd/web is gone'),
    ]);
    expect([digests(gone), digests(later)]).toEqual([digests(made), digests(made)]);
    // It comes back with another policy, and takes them away; or somebody writes one of them down.
    expect(idsOf(compile({ 'a.yaml': setText('[]') }, { previous: later }))).toEqual([]);
    const written = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: a-web }
spec: { project: default, source: { repoURL: https://git.example.com/web, path: own }, destination: { name: hub } }
`;
    const taken = compile({ 'w.yaml': written }, { previous: later });
    expect(taken.applications.map(({ id, sources }) => `${id} ${sources[0]?.path}`)).toEqual([
      'argocd/a-web own',
      'argocd/b-web web',
    ]);
    expect(taken.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
