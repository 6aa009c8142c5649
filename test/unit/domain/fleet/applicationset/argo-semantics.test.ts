import { describe, expect, it } from 'vitest';
import { gitInput } from '../../../../../src/domain/fleet/applicationset/answer-needs.ts';
import { compile, idsOf, linesOf } from './compile-texts.ts';

interface SetParts {
  generators: string;
  name?: string;
  /** Further fields of the spec, each on a line of its own. */
  more?: string;
  /** The template's `spec`. */
  spec?: string;
}

const SPEC =
  '{ project: default, source: { repoURL: https://git.example.com/web, path: web }, destination: { name: hub } }';

const setOf = ({ generators, name = '{{name}}', more = '', spec = SPEC }: SetParts): Record<string, string> => ({
  'a.yaml': `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: web }
spec:
  generators: ${generators}
  template: { metadata: { name: '${name}' }, spec: ${spec} }
${more}`,
});

const namesOf = (parts: SetParts): string[] => compile(setOf(parts)).applications.map(({ name }) => name);
const errorsOf = (texts: Record<string, string>): string[] =>
  compile(texts).problems.flatMap(({ severity, message }) => (severity === 'error' ? [message] : []));

describe('selectors over what generators make', () => {
  it('count within matrix and merge within one another, whatever applyNestedSelectors says (Argo CD 3.0)', () => {
    const inner =
      '{ matrix: { generators: [{ list: { elements: [{ name: a }, { name: b }] }, selector: { matchLabels: { name: a } } }, { list: { elements: [{ x: "1" }] } }] } }';
    const generators = `[{ matrix: { generators: [${inner}, { list: { elements: [{ y: "1" }] } }] } }]`;
    expect(namesOf({ generators })).toEqual(['a']);
    expect(namesOf({ generators, more: '  applyNestedSelectors: false\n' })).toEqual(['a']);
  });

  it.each([
    ['nested params of fast templates', '{ a.b: "1" }', ['one']],
    ['numbers', '{ port: "8080" }', ['one', 'two']],
    ['lists', '{ tags.0: x }', ['one']],
  ])('see %s', (_what, labels, names) => {
    const elements = "'[{ name: one, a: { b: 1 }, port: 8080, tags: [x] }, { name: two, port: 8080 }]'";
    const generators = `[{ list: { elementsYaml: ${elements} }, selector: { matchLabels: ${labels} } }]`;
    expect(namesOf({ generators })).toEqual(names);
  });

  it.each([
    ['metadata.labels.app.kubernetes.io/part-of', 'shop'],
    ['metadata.annotations.example.com/owner.team', 'red'],
    ['nameNormalized', 'hub-1'],
    ['server', 'https://hub.example.com'],
    ['project', 'tools'],
  ])('see a cluster’s %s, in both template languages', (key, value) => {
    const labels = { 'app.kubernetes.io/part-of': 'shop' };
    const cluster = {
      name: 'Hub_1',
      server: 'https://hub.example.com',
      project: 'tools',
      labels,
      annotations: { 'example.com/owner.team': 'red' },
    };
    const implied = { name: 'in-cluster', server: 'x', labels: {}, annotations: {}, implied: true };
    for (const [more, name] of [
      ['', '{{nameNormalized}}'],
      ['  goTemplate: true\n', '{{ .nameNormalized }}'],
    ] as const) {
      const generators = `[{ clusters: {}, selector: { matchLabels: { "${key}": "${value}" } } }]`;
      const made = compile(setOf({ generators, name, more }), { inputs: { clusters: [cluster, implied] } });
      expect(made.applications.map((one) => one.name)).toEqual(['hub-1']);
    }
  });
});

describe('an item of spec.generators', () => {
  it('may name several generators, but not within matrix', () => {
    const two = '{ list: { elements: [{ name: a }] }, clusters: {} }';
    expect(namesOf({ generators: `[${two}]` })).toEqual(['a', 'eu', 'hub', 'us']);
    expect(errorsOf(setOf({ generators: `[{ matrix: { generators: [${two}, ${two}] } }]` }))).toEqual([
      'names several generators (list, clusters): one an item of matrix and merge',
      'names several generators (list, clusters): one an item of matrix and merge',
    ]);
  });

  it('may bring the name and the spec that the set’s template lacks', () => {
    const generators = `[{ list: { elements: [{ x: a }], template: { metadata: { name: '{{x}}' }, spec: ${SPEC} } } }]`;
    expect(namesOf({ generators, name: '', spec: '{ destination: {} }' })).toEqual(['a']);
  });

  it('brings Helm values of its own instead of the set’s, never both', () => {
    const values = (text: string) => `source: { repoURL: r, path: web, helm: { valuesObject: ${text} } }`;
    const generators = `[{ list: { elements: [{ name: a }], template: { metadata: {}, spec: { ${values('{ own: 1 }')} } } } }]`;
    const spec = `{ project: default, destination: { name: hub }, ${values('{ shared: 1 }')} }`;
    const [made] = compile(setOf({ generators, spec })).applications;
    expect(made?.sources[0]?.helm?.valuesObject).toEqual({ own: 1 });
  });
});

describe('templatePatch', () => {
  const generators = '[{ list: { elements: [{ name: a }] } }]';

  it('gives no project to a template without one', () => {
    const spec = '{ source: { repoURL: r, path: web }, destination: { name: hub } }';
    const more = '  templatePatch: "{ spec: { project: admin } }"\n';
    expect(compile(setOf({ generators, spec, more })).applications).toMatchObject([{ project: 'default' }]);
  });

  it('takes finalizers away', () => {
    const gone = '{ metadata: { $deleteFromPrimitiveList/finalizers: [resources-finalizer.argocd.argoproj.io] } }';
    const more = `  templatePatch: "${gone}"\n`;
    expect(compile(setOf({ generators, more })).applications).toMatchObject([{ finalizers: [] }]);
  });
});

describe('a name that two applications of a set have', () => {
  const first = setOf({ generators: '[{ list: { elements: [{ name: a }, { name: b }, { name: c }] } }]' });
  const then = setOf({ generators: '[{ list: { elements: [{ name: a }, { name: b }, { name: b }, { name: d }] } }]' });

  it('holds those, lets others come, and deletes nothing', () => {
    const after = compile(then, { previous: compile(first) });
    expect(idsOf(after)).toEqual(['argocd/a', 'argocd/b', 'argocd/c', 'argocd/d']);
    expect(linesOf(after)).toEqual([
      'a.yaml:1: spec.generators: ApplicationSet argocd/web: it contains applications with duplicate name: "b"',
    ]);
    expect(idsOf(compile(then))).toEqual(['argocd/a', 'argocd/d']);
  });
});

describe('a strategy', () => {
  const generators = '[{ list: { elements: [{ name: a }] } }]';
  it.each([
    ['{ type: AllAtOnce }', []],
    ['{ type: RollingSync, rollingSync: { steps: [] }, deletionOrder: Reverse }', ['field-without-effect']],
    ['{ type: Canary }', ['field-invalid']],
  ])('%s', (strategy, codes) => {
    const { problems } = compile(setOf({ generators, more: `  strategy: ${strategy}\n` }));
    expect(problems.map(({ code }) => code)).toEqual(codes);
  });
});

describe('files and directories of a git generator', () => {
  const git = (generator: string, name: string, files: Record<string, string>) => {
    const generators = `[{ git: { repoURL: r, revision: main, ${generator} } }]`;
    const tree = { ...gitInput(Object.keys(files)), contents: files };
    return compile(setOf({ generators, name }), { inputs: { git: { 'r#main': tree } } });
  };

  it.each([
    ['an empty list', '[]', ['x']],
    ['an empty item', '[null, { a: b }]', ['x']],
    ['a second document, which does not count', 'a: b\n---\na: [', ['x']],
    ['a key twice', 'a: b\na: c', ['x']],
  ])('reads %s', (_what, text, names) => {
    const found = git("files: [{ path: 'x/c.yaml' }]", '{{path.basename}}', { 'x/c.yaml': text });
    const made = found.applications.map(({ name }) => name);
    expect([...new Set([...made, ...linesOf(found).flatMap((line) => (line.includes('"x"') ? ['x'] : []))])]).toEqual(
      names,
    );
  });

  it('come in the order in which a tree is walked', () => {
    expect(gitInput(['b/b/x', 'b-a/a/x', 'b/a/x']).directories).toEqual(['b', 'b/a', 'b/b', 'b-a', 'b-a/a']);
  });
});
