import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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

const render = await startGoTemplates(await loadGoTemplates());

const cluster = (name: string, environment: string, more: Partial<ClusterConfig> = {}): ClusterConfig => ({
  name,
  labels: { environment },
  annotations: {},
  access: { type: 'embedded' },
  ...more,
});

const fleetOf = (clusters: ClusterConfig[]): FleetFile => ({
  name: 'acme',
  source: { repoURL: 'https://git.example.com/fleet', targetRevision: 'main', path: '' },
  repositories: [],
  clusters,
  environments: { clusterLabel: 'environment' },
});

const FLEET = fleetOf([cluster('hub', 'tools', { inCluster: true }), cluster('eu', 'prod'), cluster('us', 'prod')]);

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

const filesOf = (texts: Record<string, string>): FleetDocument[] =>
  Object.entries(texts).map(([path, text]) => ({ path, text, digest: stableDigest(text) }));

/** Compiles texts with their sets expanded, as the plan does. */
const compile = (
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

const idsOf = (snapshot: FleetSnapshot): string[] => snapshot.applications.map(({ id }) => id);
const linesOf = (snapshot: FleetSnapshot): string[] =>
  [...snapshot.problems, ...snapshot.applications.flatMap(({ problems }) => problems)].map(formatProblem);

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
      '[{ list: { elements: [{ name: Eu, server: "https://kubernetes.default.svc", on: true }] } }]',
      '  goTemplate: true\n  goTemplateOptions: [missingkey=error]\n',
      '{{ .name | lower }}-web',
    )
      .replace("'{{server}}'", "'{{ .server }}'")
      .replace(
        "metadata: { name: '",
        'metadata: { labels: { "is-{{ .name | lower }}": "{{ ternary "yes" "no" .on }}" }, name: \'',
      )
      .replace('"{{ ternary "yes" "no" .on }}"', `'{{ ternary "yes" "no" .on }}'`);
    expect(made(text)).toMatchObject([{ name: 'eu-web', labels: { 'is-eu': 'yes' }, cluster: 'hub' }]);
  });

  it('are patched, but not into another project', () => {
    const patch = `  templatePatch: |
    metadata: { labels: { on: "{{name}}" }, finalizers: [mine] }
    spec:
      project: other
      destination: { namespace: null }
      source: { path: patched, helm: { valueFiles: ["{{name}}.yaml"] } }
`;
    expect(made(setText('[{ clusters: { selector: { matchLabels: { environment: tools } } } }]', patch))).toMatchObject(
      [
        {
          labels: { on: 'hub' },
          finalizers: ['resources-finalizer.argocd.argoproj.io', 'mine'],
          project: 'default',
          destination: { namespace: '' },
          sources: [{ path: 'patched', helm: { valueFiles: ['hub.yaml'] } }],
        },
      ],
    );
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
});

interface ClusterSelection {
  selector?: {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  values?: Record<string, string>;
}

interface BridgeCase {
  id: string;
  path: string;
  object: { spec: { generators: { merge: { generators: { clusters: ClusterSelection }[] } }[] } };
}

interface Secret {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

const BRIDGE = '../shared/corpus/gitops-bridge';
const present = existsSync(BRIDGE);
const bridge = present
  ? readFileSync(`${BRIDGE}/cases.jsonl`, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): BridgeCase => JSON.parse(line))
  : [];

describe.skipIf(!present)(
  `the gitops-bridge control plane (${present ? '' : 'skipped, there is no '}${BRIDGE})`,
  () => {
    const secrets: Secret[] = present ? JSON.parse(readFileSync(`${BRIDGE}/clusters.json`, 'utf8')) : [];
    const value = ({ data, stringData }: Secret, key: string): string =>
      stringData?.[key] ?? Buffer.from(data?.[key] ?? '', 'base64').toString();
    const clusters = secrets.map(
      (secret): ClusterConfig => ({
        name: value(secret, 'name'),
        server: value(secret, 'server'),
        labels: secret.metadata.labels,
        annotations: secret.metadata.annotations,
        access: { type: 'embedded' },
      }),
    );

    /** How many clusters the first child finds: as many applications there have to be. */
    const wanted = ({ object }: BridgeCase): number => {
      const { selector = {} } = object.spec.generators[0]?.merge.generators[0]?.clusters ?? {};
      const { matchLabels = {}, matchExpressions = [] } = selector;
      return clusters.filter(({ labels }) => {
        const isIn = ({ key, operator, values = [] }: (typeof matchExpressions)[number]): boolean => {
          if (operator === 'Exists') return key in labels;
          return values.includes(labels[key] ?? '') === (operator === 'In');
        };
        return (
          Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(isIn)
        );
      }).length;
    };

    it.each(bridge)('$id', (one) => {
      const snapshot = compile({ [one.path]: JSON.stringify(one.object) }, { fleet: fleetOf(clusters) });
      expect(linesOf(snapshot)).toEqual([]);
      expect(snapshot.applications).toHaveLength(wanted(one));
      const values = Object.keys(one.object.spec.generators[0]?.merge.generators[0]?.clusters.values ?? {});
      const text = JSON.stringify(snapshot.applications);
      expect(text).not.toContain('<no value>');
      // A placeholder without a param stays, as in Argo CD: one that only children without a cluster would fill in.
      const left = [...text.matchAll(/\{\{\s*(.+?)\s*\}\}/g)].map(([, name = '']) => name);
      expect(
        left.filter((name) => !name.startsWith('values.') || values.includes(name.slice('values.'.length))),
      ).toEqual([]);
    });
  },
);

interface ExampleCase {
  id: string;
  fn: string;
  object: Record<string, unknown>;
  files: Record<string, string>;
}

const EXAMPLES = '../shared/corpus/applicationset/cases.jsonl';
const hasExamples = existsSync(EXAMPLES);
const examples = hasExamples
  ? readFileSync(EXAMPLES, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): ExampleCase => JSON.parse(line))
  : [];

describe.skipIf(!hasExamples)(`Argo CD’s examples (${hasExamples ? '' : 'skipped, there is no '}${EXAMPLES})`, () => {
  const contents = Object.assign({}, ...examples.filter(({ fn }) => fn === 'exampleFiles').map(({ files }) => files));
  const files = Object.keys(contents);
  const parents = (path: string): string[] =>
    path.split('/').flatMap((_part, index, parts) => (index === 0 ? [] : [parts.slice(0, index).join('/')]));
  const tree = { directories: [...new Set(files.flatMap(parents))].sort(), files, contents };
  /** Answers whatever repository is asked for with the examples' own files. */
  const git = new Proxy<GeneratorInputs['git']>({}, { get: () => tree });
  const clusters = [
    { name: 'dev', server: 'https://1.2.3.4', labels: { environment: 'dev', env: 'dev' }, annotations: {} },
  ];
  /** What the generator asks of someone else, or of another kind, is not answered here. */
  const NOT_SERVED = /clusterDecisionResource|pull-request-generator|scm-provider-generator/;

  it.each(examples.filter(({ fn, id }) => fn === 'example' && !NOT_SERVED.test(id)))('$id', ({ object }) => {
    const { applicationSets, problems } = gatherDocuments(filesOf({ 'a.yaml': JSON.stringify(object) }), undefined);
    expect(problems.filter(({ severity }) => severity !== 'warning')).toEqual([]);
    const [set] = applicationSets;
    if (!set) throw new Error('no set');
    expect(expandApplicationSet(set, { ...NO_INPUTS, clusters, git }, render)).toHaveProperty('manifests');
  });
});
