import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterFromSecret, isClusterSecret } from '../../../../src/domain/fleet/cluster-secret.ts';
import { compileFleet } from '../../../../src/domain/fleet/compile-fleet.ts';
import type { FleetFile } from '../../../../src/domain/fleet/fleet-file.ts';
import { isObserved } from '../../../../src/domain/fleet/observe-mode.ts';
import type { FleetDocument } from '../../../../src/domain/fleet/read-fleet-files.ts';
import { removedApplications } from '../../../../src/domain/fleet/removed-applications.ts';
import { formatProblem } from '../../../../src/domain/problem.ts';

const FLEET: FleetFile = {
  name: 'acme',
  source: { repoURL: 'https://git.example.com/fleet', targetRevision: 'main', path: '' },
  repositories: [],
  clusters: ['prod', 'dev'].map((name) => ({ name, labels: {}, annotations: {}, access: { type: 'embedded' } })),
  environments: { clusterLabel: 'environment' },
};

const application = (
  name: string,
  { cluster = 'prod', finalizer = true } = {},
): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, finalizers: [${finalizer ? 'resources-finalizer.argocd.argoproj.io/background' : ''}] }
spec:
  source: { repoURL: https://git.example.com/web, path: ${name} }
  destination: { name: ${cluster}, namespace: web }
`;

const file = (path: string, text: string, registeredBy?: string): FleetDocument => ({
  path,
  text,
  digest: `${path}${text.length}`,
  ...(registeredBy ? { registeredBy } : {}),
});
const fleetOf = (names: readonly string[], options?: { cluster?: string; finalizer?: boolean }) =>
  compileFleet({ files: names.map((name) => file(`${name}.yaml`, application(name, options))), fleet: FLEET });
const names = (count: number): string[] => Array.from({ length: count }, (_one, index) => `app-${index}`);

describe('applications that are gone', () => {
  it.each([
    ['with the finalizer', { finalizer: true }, FLEET, 'delete'],
    ['without it', { finalizer: false }, FLEET, 'forget'],
    ['with their cluster', { finalizer: true }, { ...FLEET, clusters: [] }, 'forget'],
  ])('%s', (_what, options, fleet, fate) => {
    expect(removedApplications(fleetOf(['web'], options), fleetOf([]), fleet)).toMatchObject([
      { id: 'argocd/web', fate },
    ]);
  });

  it('wait for approval where they are many of the fleet', () => {
    const removed = removedApplications(fleetOf(names(20)), fleetOf(names(16)), FLEET);
    expect(removed).toHaveLength(4);
    expect(removed[0]?.waits).toBe('4 of 20 applications of the fleet would go at once: approve it, or put them back');
  });

  it('wait where they are few of the fleet but many of a cluster', () => {
    const files = names(100).map((name) => file(`${name}.yaml`, application(name)));
    const lost = names(5).map((name) => file(`dev-${name}.yaml`, application(`dev-${name}`, { cluster: 'dev' })));
    const before = compileFleet({ files: [...files, ...lost], fleet: FLEET });
    const removed = removedApplications(before, compileFleet({ files, fleet: FLEET }), FLEET);
    expect(new Set(removed.map(({ waits }) => waits))).toEqual(
      new Set(['5 of 5 applications of cluster dev would go at once: approve it, or put them back']),
    );
  });

  it('never wait up to three, or a tenth of the fleet', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(60), (count, gone) => {
        const lost = Math.min(count, gone);
        const removed = removedApplications(fleetOf(names(count)), fleetOf(names(count).slice(lost)), FLEET);
        expect(removed).toHaveLength(lost);
        expect(removed.some(({ waits }) => waits !== undefined)).toBe(lost > Math.max(3, count / 10));
      }),
      { numRuns: 15 },
    );
  });
});

describe('documents that an application delivers', () => {
  it('come before the same in a file, with a warning', () => {
    const files = [
      file('a.yaml', application('web', { cluster: 'dev' })),
      file('parent.yaml', application('parent')),
      file('registry/web', application('web'), 'argocd/parent'),
    ];
    const snapshot = compileFleet({ files, fleet: FLEET });
    expect(snapshot.applications).toMatchObject([
      { id: 'argocd/parent' },
      { cluster: 'prod', origin: { file: 'registry/web', registeredBy: 'argocd/parent' } },
    ]);
    expect(snapshot.problems.map((problem) => [problem.severity, formatProblem(problem)])).toEqual([
      [
        'warning',
        'a.yaml:1: metadata.name: Application argocd/web is also delivered by Application argocd/parent, and that one counts: remove one of them',
      ],
    ]);
  });
});

describe('applications that deliver applications', () => {
  const delivered = (name: string, by: string) => file(`registry/${name}`, application(name), `argocd/${by}`);
  const faults = (files: FleetDocument[]) =>
    Object.fromEntries(
      compileFleet({ files, fleet: FLEET }).applications.map(({ name, problems }) => [
        name,
        problems.map(({ code, message }) => `${code}: ${message}`),
      ]),
    );

  it('may deliver themselves, and each other as long as one of them stands in a file', () => {
    expect(faults([file('a.yaml', application('a')), delivered('a', 'a')])).toEqual({ a: [] });
    expect(faults([delivered('a', 'a')])).toEqual({ a: [] });
    expect(faults([file('a.yaml', application('a')), delivered('a', 'b'), delivered('b', 'a')])).toEqual({
      a: [],
      b: [],
    });
  });

  it('are not synced where nothing but each other delivers them, and stay in the fleet', () => {
    const cycle = (names: string) =>
      `delivery-cycle: applications deliver each other (${names}): write one of them into the fleet's own source`;
    expect(faults([delivered('a', 'b'), delivered('b', 'a')])).toEqual({
      a: [cycle('argocd/a ← argocd/b')],
      b: [cycle('argocd/b ← argocd/a')],
    });
  });

  it('are at most ten in a row', () => {
    const row = Array.from({ length: 11 }, (_, n) => delivered(`a${n + 1}`, `a${n}`));
    const found = faults([file('a0.yaml', application('a0')), ...row]);
    expect(found['a9']).toEqual([]);
    expect(found['a10']).toEqual([
      "delivery-depth: 11 applications deliver one another (argocd/a10 ← argocd/a9 ← … ← argocd/a0); at most 10 may: write one of them into the fleet's own source",
    ]);
  });

  it('read a file that was shadowed again once nothing shadows it', () => {
    const own = file('a.yaml', application('web', { cluster: 'dev' }));
    const files = [own, file('parent.yaml', application('parent')), delivered('web', 'parent')];
    const before = compileFleet({ files, fleet: FLEET });
    const after = compileFleet({ files: files.slice(0, 2), fleet: FLEET, previous: before });
    expect(after.applications.map(({ name, cluster }) => [name, cluster])).toEqual([
      ['parent', 'prod'],
      ['web', 'dev'],
    ]);
    const self = [file('parent.yaml', application('parent')), delivered('parent', 'parent')];
    const withSelf = compileFleet({ files: self, fleet: FLEET });
    const alone = compileFleet({ files: self.slice(1), fleet: FLEET, previous: withSelf });
    expect(alone.applications.map(({ name }) => name)).toEqual(['parent']);
  });

  it('need a project that says so where they deliver into another namespace than Argo CD’s', () => {
    const text = application('web').replace('name: web', 'name: web, namespace: team-a');
    const files = [file('parent.yaml', application('parent')), file('registry/web', text, 'argocd/parent')];
    const [, web] = compileFleet({ files, fleet: FLEET }).applications.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(web?.problems.map(({ message }) => message)).toEqual([
      'project default does not permit applications of namespace team-a (sourceNamespaces: none)',
    ]);
  });
});

describe('clusters from Argo CD’s Secrets', () => {
  const secret = (stringData: Record<string, string>) => ({
    metadata: { name: 'eu', labels: { 'argocd.argoproj.io/secret-type': 'cluster', env: 'prod' } },
    stringData,
  });
  const SERVER = 'https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com';

  it('become EKS clusters with their labels', () => {
    const config = JSON.stringify({
      awsAuthConfig: { clusterName: 'prod-eu', roleARN: 'arn:aws:iam::123456789012:role/x' },
    });
    const found = secret({ name: 'prod/eu', server: SERVER, config, project: 'team' });
    expect(isClusterSecret(found)).toBe(true);
    expect(clusterFromSecret(found)).toEqual({
      cluster: {
        name: 'prod/eu',
        server: SERVER,
        project: 'team',
        labels: found.metadata.labels,
        annotations: {},
        access: { type: 'eks', name: 'prod-eu', region: 'eu-west-1', roleARN: 'arn:aws:iam::123456789012:role/x' },
      },
    });
  });

  it.each([
    [{ server: SERVER, config: '{"bearerToken":"s3cret"}' }, 'no awsAuthConfig.clusterName'],
    [{ server: 'https://10.0.0.1', config: '{"awsAuthConfig":{"clusterName":"x"}}' }, 'no EKS endpoint'],
    [{ server: SERVER, config: '{"awsAuthConfig":{"clusterName":"x","profile":"/p"}}' }, 'profile'],
    [{ server: SERVER, config: 's3cret' }, 'no JSON'],
    [{ config: '{}' }, 'no server'],
  ])('are refused with a reason that holds no secret: %o', (data, expected) => {
    const found = clusterFromSecret(secret(data));
    expect('reason' in found && found.reason).toContain(expected);
    expect(JSON.stringify(found)).not.toContain('s3cret');
  });
});

describe('observe mode', () => {
  it.each([
    [{}, {}, {}, false],
    [{ mode: 'observe' as const }, {}, {}, true],
    [{}, { mode: 'observe' as const }, {}, true],
    [{}, {}, { 'towline.dev/mode': 'observe' }, true],
    [{}, {}, { 'towline.dev/mode': 'sync' }, false],
  ])('%o %o %o', (fleet, cluster, annotations, expected) => {
    expect(isObserved(fleet, cluster, { annotations })).toBe(expected);
  });
});
