import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFleet } from '../../../../src/domain/fleet/compile-fleet.ts';
import type { FleetFile } from '../../../../src/domain/fleet/fleet-file.ts';
import { type FleetDocument, filesToRead } from '../../../../src/domain/fleet/read-fleet-files.ts';
import { diffSnapshots, type FleetSnapshot } from '../../../../src/domain/fleet/snapshot.ts';
import { formatProblem } from '../../../../src/domain/problem.ts';
import { stableDigest } from '../../../../src/domain/stable-digest.ts';

const FLEET: FleetFile = {
  name: 'acme',
  source: { repoURL: 'https://git.example.com/fleet', targetRevision: 'main', path: '' },
  repositories: [],
  clusters: [
    {
      name: 'prod',
      server: 'https://prod.example.com',
      labels: { environment: 'prod' },
      annotations: {},
      access: { type: 'embedded' },
    },
    { name: 'dev', inCluster: true, labels: { environment: 'dev' }, annotations: {}, access: { type: 'embedded' } },
  ],
  environments: { clusterLabel: 'environment' },
};

const application = (
  name: string,
  spec = '',
  destination = '{ name: prod, namespace: web }',
) => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name} }
spec:
  project: default
  source: { repoURL: https://git.example.com/web, path: ${name} }
  destination: ${destination}
${spec}`;

const project = (name: string, spec: string) => `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: ${name} }
spec: ${spec}
`;

const settings = (tracking: string) => `apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-cm, namespace: argocd }
data:
  application.resourceTrackingMethod: ${tracking}
`;

const filesOf = (texts: Record<string, string>): FleetDocument[] =>
  Object.entries(texts).map(([path, text]) => ({ path, text, digest: stableDigest(text) }));
const compile = (texts: Record<string, string>, previous?: FleetSnapshot): FleetSnapshot =>
  compileFleet({ files: filesOf(texts), fleet: FLEET, ...(previous ? { previous } : {}) });
const linesOf = (snapshot: FleetSnapshot): string[] =>
  [...snapshot.problems, ...snapshot.applications.flatMap(({ problems }) => problems)].map(formatProblem);
const idsOf = (snapshot: FleetSnapshot): string[] => snapshot.applications.map(({ id }) => id);

describe('compileFleet', () => {
  it('resolves applications to clusters and environments', () => {
    const snapshot = compile({
      'a.yaml': `${application('web')}---\n${application('hub', '', '{ server: https://kubernetes.default.svc, namespace: x }')}`,
      'b.yaml': application('api', '', '{ server: "https://prod.example.com:443/", namespace: api }'),
    });
    expect(snapshot.applications.map(({ id, cluster, environment }) => [id, cluster, environment])).toEqual([
      ['argocd/api', 'prod', 'prod'],
      ['argocd/hub', 'dev', 'dev'],
      ['argocd/web', 'prod', 'prod'],
    ]);
    expect(snapshot.projects.map(({ name }) => name)).toEqual(['default']);
    expect(linesOf(snapshot)).toEqual([]);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  it.each([
    [
      'an unknown cluster',
      application('web', '', '{ name: pord, namespace: web }'),
      'a.yaml:1: spec.destination: the fleet has no cluster "pord"; it has: prod (https://prod.example.com), dev',
    ],
    [
      'two ways to name it',
      application('web', '', '{ name: prod, server: https://prod.example.com }'),
      'a.yaml:1: spec.destination: names cluster "prod" and server https://prod.example.com: give one of them',
    ],
    [
      'an unknown project',
      application('web').replace('project: default', 'project: team'),
      'a.yaml:1: spec.project: there is no AppProject "team"; there are: default',
    ],
    [
      'a refused source',
      `${application('web')}---\n${project('default', '{ sourceRepos: ["https://git.example.com/api"], destinations: [{ server: "*", namespace: "*" }] }')}`,
      'a.yaml:1: spec.source.repoURL: project default does not permit source https://git.example.com/web (sourceRepos: https://git.example.com/api)',
    ],
    [
      'a refused destination',
      `${application('web')}---\n${project('default', '{ sourceRepos: ["*"], destinations: [{ name: dev, namespace: "*" }] }')}`,
      'a.yaml:1: spec.destination: project default does not permit namespace "web" of cluster prod (destinations)',
    ],
    [
      'a refused namespace',
      `${application('web').replace('name: web', 'name: web, namespace: team')}---\n${project('default', '{ sourceRepos: ["*"], destinations: [{ name: prod, namespace: "*" }] }')}`,
      'a.yaml:1: metadata.namespace: project default does not permit applications of namespace team (sourceNamespaces: none)',
    ],
  ])('keeps an application with %s, and says so', (_what, text, expected) => {
    const snapshot = compile({ 'a.yaml': text });
    expect(snapshot.applications).toHaveLength(1);
    expect(linesOf(snapshot)).toEqual([expected]);
    expect(snapshot.applications[0]?.problems).toHaveLength(1);
  });

  it.each([
    [
      'a wrong type',
      application('web', '  revisionHistoryLimit: ten'),
      'a.yaml:8: spec.revisionHistoryLimit: must be a number, not "ten"',
    ],
    ['no source', application('web').replace(/ {2}source:.*\n/, ''), 'a.yaml:4: spec: needs a source (or sources)'],
    [
      'no path',
      application('web').replace(', path: web', ''),
      'a.yaml:6: spec.source: needs a path (or a chart, or a ref)',
    ],
    [
      'two tools',
      application('web').replace('path: web', 'path: web, helm: {}, kustomize: {}'),
      'a.yaml:6: spec.source: multiple application sources defined: helm, kustomize; give one of them',
    ],
    [
      'a chart without a version',
      application('web').replace('path: web', 'chart: web'),
      'a.yaml:6: spec.source.chart: chart web needs a targetRevision: a version or a range',
    ],
    [
      'an unquoted number',
      application('web').replace('path: web', 'path: web, targetRevision: 1.10'),
      'a.yaml:6: spec.source.targetRevision: must be a string, not 1.1: write it in quotes',
    ],
    [
      'a bad duration',
      application('web', '  syncPolicy: { retry: { backoff: { duration: 1 day } } }'),
      'a.yaml:8: spec.syncPolicy.retry.backoff.duration: must be a duration such as 5s, 3m or 1h30m (it is "1 day")',
    ],
    [
      'a bad name',
      application('Web').replace('path: Web', 'path: web'),
      'a.yaml:3: metadata.name: must be lower-case letters, digits, "-" and "." (it is "Web")',
    ],
    [
      'a bad window',
      project('team', '{ syncWindows: [{ kind: allow, schedule: "* * * * 7", duration: 1h, applications: ["*"] }] }'),
      `a.yaml:4: spec.syncWindows[0]: window 'allow':'* * * * 7':'1h': cannot parse schedule '* * * * 7': "7" is no day of week (0 to 6)`,
    ],
    [
      'another version',
      application('web').replace('v1alpha1', 'v1beta1'),
      'a.yaml:1: apiVersion: must be "argoproj.io/v1alpha1", not "argoproj.io/v1beta1"',
    ],
  ])('refuses a document with %s', (_what, text, expected) => {
    const snapshot = compile({ 'a.yaml': text });
    expect(linesOf(snapshot)).toEqual([expected]);
    expect(snapshot.problems[0]?.severity).toBe('error');
    expect(snapshot.applications).toEqual([]);
  });

  it.each([
    [
      'an unknown field',
      application('web', '  syncPolcy: {}'),
      'a.yaml:8: spec.syncPolcy: this field is not known and does nothing; did you mean syncPolicy?',
    ],
    [
      'an unknown sync option',
      application('web', '  syncPolicy: { syncOptions: [CreateNamespaces=true] }'),
      'a.yaml:8: spec.syncPolicy.syncOptions[0]: "CreateNamespaces=true" is no sync option and does nothing; did you mean CreateNamespace=true?',
    ],
    [
      'a pointer that is none',
      application('web', '  ignoreDifferences: [{ kind: Pod, jsonPointers: [spec] }]'),
      'a.yaml:8: spec.ignoreDifferences[0].jsonPointers[0]: "spec" is no JSON pointer and matches nothing: it has to begin with "/"',
    ],
    [
      'a plain manifest beside it',
      `${application('web')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n`,
      'a.yaml:10: ConfigMap x is ignored: it is no Argo CD kind; plain manifests belong in a source that an Application names',
    ],
  ])('warns about %s', (_what, text, expected) => {
    const snapshot = compile({ 'a.yaml': text });
    expect(linesOf(snapshot)).toEqual([expected]);
    expect(snapshot.problems[0]?.severity).toBe('warning');
    expect(idsOf(snapshot)).toEqual(['argocd/web']);
  });

  it('reads nulls as absent fields, metadata of an exported object without a word, and the items of a List', () => {
    const text = `apiVersion: v1
kind: List
items:
- apiVersion: argoproj.io/v1alpha1
  kind: Application
  metadata: { name: web, uid: 1, creationTimestamp: null, managedFields: [{}] }
  spec:
    source: { repoURL: https://git.example.com/web, path: web, helm: null }
    destination: { name: prod, namespace: 5 }
    syncPolicy: { automated: null, syncOptions: null }
`;
    expect(linesOf(compile({ 'a.yaml': text }))).toEqual([
      'a.yaml:9: items[0].spec.destination.namespace: must be a string, not 5: write it in quotes',
    ]);
    expect(linesOf(compile({ 'a.yaml': text.replace('namespace: 5', 'namespace: web') }))).toEqual([]);
  });

  it('says that a kind is not served', () => {
    const snapshot = compile({ 'a.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: { name: x }\n' });
    expect(snapshot.problems).toMatchObject([{ severity: 'unsupported', line: 2 }]);
  });

  it('lets the first of two documents of one name stand, and names both places', () => {
    const snapshot = compile({
      'b.yaml': application('web'),
      'a.yaml': `${application('api')}---\n${application('web')}`,
    });
    expect(idsOf(snapshot)).toEqual(['argocd/api', 'argocd/web']);
    expect(linesOf(snapshot)).toEqual([
      'b.yaml:1: metadata.name: Application argocd/web is also defined at a.yaml:9, and that one counts: remove one of them',
    ]);
  });
});

describe('the last good version', () => {
  const before = compile({ 'a.yaml': application('web'), 'b.yaml': project('team', '{ sourceRepos: [] }') });

  it.each([
    ['a document that is wrong', application('web', '  revisionHistoryLimit: ten')],
    ['a file that is no YAML', 'a: [1\nb'],
  ])('stays for %s', (_what, text) => {
    const after = compile({ 'a.yaml': text, 'b.yaml': project('team', '{ sourceRepos: [] }') }, before);
    expect(after.problems).toHaveLength(1);
    expect(after.applications).toEqual(before.applications);
    expect(after.projects).toEqual(before.projects);
  });

  it('stays for a project, wherever the wrong one is written', () => {
    const after = compile({ 'a.yaml': application('web'), 'c.yaml': project('team', '{ sourceRepos: 5 }') }, before);
    expect(after.projects).toEqual(before.projects);
  });

  it('does not stay where the document is gone', () => {
    const after = compile({ 'b.yaml': project('team', '{ sourceRepos: [] }') }, before);
    expect(diffSnapshots(before, after)).toEqual({ added: [], changed: [], removed: ['argocd/web'] });
  });

  it('gives way once the document is right again', () => {
    const broken = compile({ 'a.yaml': 'a: [1\nb' }, before);
    const after = compile({ 'a.yaml': application('web', '  revisionHistoryLimit: 3') }, broken);
    expect(after.applications.map(({ revisionHistoryLimit }) => revisionHistoryLimit)).toEqual([3]);
    expect(after.problems).toEqual([]);
  });
});

describe('argocd-cm', () => {
  const before = compile({ 'a.yaml': application('web'), 'cm.yaml': settings('label') });

  it('is in the snapshot, and changes its digest', () => {
    expect(before.argoSettings).toMatchObject({ name: 'argocd-cm', settings: { trackingMethod: 'label' } });
    expect(before.problems).toEqual([]);
    expect(compile({ 'a.yaml': application('web') })).not.toHaveProperty('argoSettings');
    expect(compile({ 'a.yaml': application('web') }).digest).not.toBe(before.digest);
  });

  it('keeps its last good version while it is wrong, and says where it is', () => {
    const after = compile({ 'a.yaml': application('web'), 'cm.yaml': settings('labels') }, before);
    expect(after.argoSettings).toEqual(before.argoSettings);
    expect(linesOf(after)).toEqual([expect.stringMatching(/^cm\.yaml:5: .*resourceTrackingMethod.*labels/)]);
  });

  it('is what the first of two files says', () => {
    const two = compile({ 'cm.yaml': settings('label'), 'other.yaml': settings('annotation') });
    expect(two.argoSettings?.settings.trackingMethod).toBe('label');
    expect(linesOf(two)).toEqual([expect.stringMatching(/^other\.yaml:1: .*also defined at cm\.yaml:1/)]);
  });
});

describe('compiling again', () => {
  const texts = {
    'a.yaml': `${application('web')}---\napiVersion: v1\nkind: Secret\n`,
    'b.yaml': application('api'),
    'c.yaml': application('api'),
    'd.yaml': 'kind: [',
    'e.yaml': project('team', '{ sourceRepos: [] }'),
    'f.yaml': settings('label'),
  };
  const before = compile(texts);

  it('reads only what is new, changed or was wrong, and comes to the same', () => {
    const files = filesOf(texts);
    expect(filesToRead(files, before)).toEqual(['c.yaml', 'd.yaml']);
    const needed = new Set(filesToRead(files, before));
    const bare = files.map(({ text, ...file }) => (needed.has(file.path) ? { ...file, text: text ?? '' } : file));
    expect(compileFleet({ files: bare, fleet: FLEET, previous: before })).toEqual(before);
  });

  it('gives the same snapshot whatever the order of files', () => {
    const files = filesOf(texts);
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
        expect(compileFleet({ files: shuffled, fleet: FLEET })).toEqual(before);
      }),
    );
  });

  it('changes an application’s digest with its document, cluster and problems, and not with its place', () => {
    const base = compile({ 'a.yaml': application('web') });
    const changedIn = (after: FleetSnapshot): string[] => diffSnapshots(base, after).changed;
    expect(changedIn(compile({ 'z.yaml': `\n\n${application('web')}` }))).toEqual([]);
    expect(changedIn(compile({ 'a.yaml': application('web', '  revisionHistoryLimit: 3') }))).toEqual(['argocd/web']);
    expect(changedIn(compile({ 'a.yaml': application('web', '', '{ name: dev, namespace: web }') }))).toEqual([
      'argocd/web',
    ]);
    expect(changedIn(compile({ 'a.yaml': application('web'), 'p.yaml': project('default', '{}') }))).toEqual([
      'argocd/web',
    ]);
  });
});
