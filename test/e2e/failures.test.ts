import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileChanges } from '../../src/local/git-host/hosted-repository.ts';
import { versionsOf } from './harness/clusters.ts';
import { applicationFile, greeting } from './harness/demo-changes.ts';
import { applicationsOf, startWorld, type World } from './harness/world.ts';

const PROJECT = `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: team, namespace: argocd }
spec:
  sourceRepos: ['*']
  destinations: [{ name: '*', namespace: web }]
  clusterResourceWhitelist: [{ group: '*', kind: '*' }]
`;

let world: World;
beforeAll(async () => {
  world = await startWorld({ files: { 'apps/project.yaml': PROJECT } });
});
afterAll(() => world?.close());

interface Failure {
  what: string;
  breaks: (world: World) => FileChanges;
  /** An application that the same push changes and that has to succeed: its ConfigMap is looked at. */
  other: 'web' | 'api';
  /** Contexts that have to fail, and what each has to name. */
  names: Record<string, RegExp>;
}

const repo = (): string => world.forge.repositoryURL;
const appended = (path: string, text: string): FileChanges => ({ [path]: `${world.files[path]}${text}` });
const replaced = (path: string, from: string, to: string): FileChanges => ({
  [path]: String(world.files[path]).replace(from, to),
});

const FAILURES: Failure[] = [
  {
    what: 'a broken YAML file',
    breaks: () => ({ 'workloads/web/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: [\n' }),
    other: 'api',
    names: { 'towline/dev': /workloads\/web\/config\.yaml/, 'towline/prod': /workloads\/web\/config\.yaml/ },
  },
  {
    what: 'a failing Helm template',
    breaks: () => replaced('workloads/worker/templates/config.yaml', '| quote', '| nosuchfunction'),
    other: 'web',
    names: {
      'towline/dev': /templates\/config\.yaml.*nosuchfunction/,
      'towline/prod': /templates\/config\.yaml.*nosuchfunction/,
    },
  },
  {
    what: 'a broken kustomization',
    breaks: () => appended('workloads/api/overlays/prod/kustomization.yaml', 'patches: [{ path: nowhere.yaml }]\n'),
    other: 'web',
    names: { 'towline/prod': /nowhere\.yaml/ },
  },
  {
    what: 'a missing path',
    breaks: () => applicationFile(repo(), { name: 'web', cluster: 'dev', path: 'workloads/nowhere' }),
    other: 'api',
    names: { 'towline/dev': /workloads\/nowhere/ },
  },
  {
    what: 'an unknown cluster',
    breaks: () => applicationFile(repo(), { name: 'web', cluster: 'prod', destination: 'atlantis' }),
    other: 'api',
    // Which environment it would be in is not known, so every one says it.
    names: {
      'towline/dev': /apps\/web-prod\.yaml:\d+: .*"atlantis".*dev, prod/,
      'towline/prod': /apps\/web-prod\.yaml:\d+: .*"atlantis".*dev, prod/,
    },
  },
  {
    what: 'a destination that the AppProject forbids',
    breaks: () => applicationFile(repo(), { name: 'web', cluster: 'dev', project: 'team', namespace: 'kube-system' }),
    other: 'api',
    names: { 'towline/dev': /kube-system/ },
  },
  {
    what: 'an object in a namespace that the AppProject forbids',
    breaks: () => ({
      ...applicationFile(repo(), { name: 'web', cluster: 'dev', project: 'team' }),
      ...replaced('workloads/web/service.yaml', 'name: web\n', 'name: web\n  namespace: kube-system\n'),
    }),
    other: 'api',
    names: { 'towline/dev': /kube-system/ },
  },
];

describe('what breaks a commit', () => {
  it.each(FAILURES)('$what fails that commit, names the cause, and spoils nothing else', async (failure) => {
    const changes = failure.breaks(world);
    const repair = Object.fromEntries(Object.keys(changes).map((path) => [path, world.files[path] ?? null]));
    const broken = await world.push({ ...changes, ...greeting(failure.other, `beside ${failure.what}`) });
    const statuses = world.statusOf(broken.commit);
    for (const context of ['towline/dev', 'towline/prod']) {
      const cause = failure.names[context];
      expect(statuses[context]).toEqual({
        state: cause ? 'failure' : 'success',
        description: expect.stringMatching(cause ?? /^(1\/1|2\/2) synced$/),
      });
    }
    for (const name of ['dev', 'prod'] as const) {
      const config = await world.cluster(name).get(`/api/v1/namespaces/${failure.other}/configmaps/${failure.other}`);
      expect(config?.data).toEqual({ GREETING: `beside ${failure.what}` });
    }
    const fixed = await world.push(repair);
    const states = Object.values(world.statusOf(fixed.commit)).map(({ state }) => state);
    expect(states, JSON.stringify(world.statusOf(fixed.commit))).toEqual(['success', 'success', 'success']);
    const applications = await applicationsOf(world);
    expect(applications.filter((line) => !line.endsWith(' Synced Healthy'))).toEqual([]);
  });
});

describe('one changed file', () => {
  const api = ['api-dev', 'api-prod'];
  it.each<[string, (world: World) => FileChanges, string[]]>([
    ['a manifest of a directory', () => greeting('web', 'only web'), ['web-dev', 'web-prod']],
    ['a kustomize base', () => greeting('api', 'only api'), api],
    [
      'a kustomize overlay',
      () => replaced('workloads/api/overlays/dev/kustomization.yaml', 'count: 1', 'count: 2'),
      ['api-dev'],
    ],
    [
      'a chart template',
      () => appended('workloads/worker/templates/service.yaml', '  type: ClusterIP\n'),
      ['worker-dev', 'worker-prod'],
    ],
    [
      'a value file of one environment',
      () => ({ 'workloads/worker/values-prod.yaml': 'greeting: moin\nreplicas: 2\n' }),
      ['worker-prod'],
    ],
    ['a file that nothing reads', () => ({ 'README.md': 'changed\n' }), []],
  ])('%s: exactly its dependants are rendered, nothing else is written', async (_what, change, dependants) => {
    const before = { dev: await world.cluster('dev').objects(), prod: await world.cluster('prod').objects() };
    const seen = world.towline().all('render').length;
    const { commit } = await world.push(change(world));
    const renders = world.towline().all('render').slice(seen);
    expect(world.planned(commit).sort()).toEqual(dependants.map((name) => `argocd/${name}`));
    expect(renders.length).toBeLessThanOrEqual(dependants.length);
    expect(renders.length > 0).toBe(dependants.length > 0);
    for (const cluster of ['dev', 'prod'] as const) {
      const isDependant = ([key]: [string, unknown]): boolean =>
        dependants.some((name) => name.endsWith(`-${cluster}`) && key.includes(` ${name.split('-')[0]}/`));
      const untouched = new Map([...before[cluster]].filter((entry) => !isDependant(entry)));
      const after = await world.cluster(cluster).objects();
      expect(versionsOf(after)).toMatchObject(versionsOf(untouched));
      expect([...after.keys()]).toEqual([...before[cluster].keys()]);
    }
  });
});
