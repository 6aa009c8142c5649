import { describe, expect, it } from 'vitest';
import { compileFleet } from '../../../../src/domain/fleet/compile-fleet.ts';
import { compile, FLEET, filesOf } from './applicationset/compile-texts.ts';

const project = (name: string, spec: string, labels = '{}'): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: { name: ${name}, labels: ${labels} }\nspec: ${spec}\n`;

const argocdCm = (globals: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: argocd-cm }\ndata:\n  globalProjects: |-\n    ${globals}\n${more}`;

const application = (name: string, of: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name} }
spec: { project: ${of}, source: { repoURL: https://git.example.com/web, path: web }, destination: { name: hub, namespace: web } }
`;

const TEAM = project('team', '{ sourceRepos: [https://git.example.com/team] }', '{ kind: team }');
const SHARED = project(
  'shared',
  `{ sourceRepos: [https://git.example.com/web], destinations: [{ name: hub, namespace: '*' }], namespaceResourceBlacklist: [{ group: '', kind: Secret }], syncWindows: [{ kind: deny, schedule: '* * * * *', duration: 1h, applications: ['*'] }] }`,
);
const GLOBALS = argocdCm(
  '- { projectName: shared, labelSelector: { matchExpressions: [{ key: kind, operator: In, values: [team] }] } }',
);
const files = { 'a.yaml': TEAM, 'b.yaml': SHARED, 'c.yaml': application('web', 'team'), 'cm.yaml': GLOBALS };

describe('global projects', () => {
  const snapshot = compile(files);
  const team = (of: typeof snapshot) => of.projects.find(({ name }) => name === 'team');

  it('add their rules to the projects that the selector takes', () => {
    expect(snapshot.applications[0]?.problems).toEqual([]);
    expect(team(snapshot)).toMatchObject({
      sourceRepos: ['https://git.example.com/team', 'https://git.example.com/web'],
      namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }],
      syncWindows: [{ kind: 'deny' }],
    });
    expect(team(snapshot)).not.toHaveProperty('namespaceResourceWhitelist');
    expect(compile({ ...files, 'cm.yaml': argocdCm('[]') }).applications[0]?.problems).toHaveLength(2);
  });

  it('add them once, compile after compile, and take them back', () => {
    const again = compile(files, { previous: snapshot });
    expect(team(again)).toEqual(team(snapshot));
    const broken = compile(
      { ...files, 'a.yaml': TEAM.replace('sourceRepos', 'sourceRepos: 5, x') },
      { previous: again },
    );
    expect(team(broken)).toEqual(team(snapshot));
    const without = compile({ ...files, 'cm.yaml': argocdCm('[]') }, { previous: again });
    expect(team(without)?.sourceRepos).toEqual(['https://git.example.com/team']);
  });

  it.each([
    ['{ a: b }', 'must be a list of {projectName, labelSelector}'],
    ['[{ labelSelector: {} }]', 'must name a project in each entry'],
    ['[{ projectName: a, labelSelector: { matchExpressions: [{ key: a, operator: Is }] } }]', 'operator (In, NotIn'],
    ['[{ projectName: a, labelSelector: { matchExpressions: [{ key: a, operator: In }] } }]', 'In needs values'],
    ['[{ projectName: a, labelSelector: { matchLabels: { a: 1 } } }]', 'must be a text'],
  ])('that are %s are wrong', (globals, reason) => {
    const { problems } = compile({ 'cm.yaml': argocdCm(globals) });
    expect(problems).toMatchObject([{ severity: 'error', file: 'cm.yaml', line: 5, code: 'settings-invalid' }]);
    expect(problems[0]?.message).toContain(reason);
  });
});

describe('keys of argocd-cm that do nothing here', () => {
  it('are warned about where they say something, and the others hold', () => {
    const more = `  kustomize.buildOptions: --enable-helm\n  kustomize.path.v5.0.0: /x\n  helm.enable: "false"\n  jsonnet.enable: "true"\n  cluster.inClusterEnabled: "false"\n  installationID: acme\n`;
    const { problems, argoSettings } = compile({ 'cm.yaml': argocdCm('[]', more) });
    expect(problems.map(({ line, field, message }) => `${line} ${field} ${message}`)).toEqual([
      '7 data["kustomize.buildOptions"] does nothing: kustomize is run without options',
      '8 data["kustomize.path.v5.0.0"] does nothing: one version of kustomize renders everything',
      '11 data["cluster.inClusterEnabled"] does nothing: the fleet file says which cluster is the in-cluster one',
    ]);
    expect(argoSettings?.settings.installationID).toBe('acme');
  });
});

describe('a project that wants signed commits', () => {
  const open = "sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }]";
  it.each([
    ['signatureKeys: [{ keyID: ABCDEF }]', true],
    ['sourceIntegrity: { git: { policies: [{ repos: [{ url: "*" }], gpg: { mode: strict, keys: [A] } }] } }', true],
    ['sourceIntegrity: { git: { policies: [{ repos: [{ url: "*" }], gpg: { mode: none } }] } }', false],
    ['signatureKeys: []', false],
  ])('%s: nothing of it is synced: %s', (rule, isRefused) => {
    const texts = { 'p.yaml': project('signed', `{ ${open}, ${rule} }`), 'a.yaml': application('web', 'signed') };
    const { applications } = compileFleet({ files: filesOf(texts), fleet: FLEET });
    expect(applications[0]?.problems.map(({ code }) => code)).toEqual(isRefused ? ['project-signatures'] : []);
  });
});
