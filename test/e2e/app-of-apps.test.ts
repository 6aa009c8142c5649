import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applicationsOf, startWorld, type World } from './harness/world.ts';

let world: World;

const parentYaml = (url: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: bootstrap, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io] }
spec:
  project: default
  source: { repoURL: ${url}, targetRevision: main, path: bootstrap }
  destination: { server: https://kubernetes.default.svc, namespace: argocd }
  syncPolicy: { automated: { prune: true, selfHeal: true } }
`;

/** As a GitOps Bridge hub has it: the parent delivers sets, which read the clusters' labels. */
const setYaml = (url: string): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: addons }
spec:
  goTemplate: true
  generators: [{ clusters: { selector: { matchExpressions: [{ key: environment, operator: In, values: [dev] }] } } }]
  template:
    metadata: { name: 'addon-{{ .nameNormalized }}' }
    spec:
      project: addons
      source: { repoURL: ${url}, targetRevision: main, path: addon }
      destination: { name: '{{ .name }}', namespace: addons }
      syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }
`;

const projectYaml = `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: addons }
spec: { sourceRepos: ['*'], destinations: [{ name: dev, namespace: addons }], clusterResourceWhitelist: [{ group: '*', kind: '*' }] }
`;

const childYaml = (url: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: child, finalizers: [resources-finalizer.argocd.argoproj.io] }
spec:
  project: default
  source: { repoURL: ${url}, targetRevision: main, path: addon }
  destination: { name: prod, namespace: child }
  syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }
`;

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: addon }\ndata: { a: b }\n';

const ours = async (): Promise<string[]> =>
  (await applicationsOf(world)).filter((line) => /\/(bootstrap|child|addon-)/.test(line));

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

describe('an application that delivers applications, on a running stack', () => {
  it('brings sets, a project and a child, on the commit that has them; a child that goes takes its objects along', async () => {
    const url = world.forge.repositoryURL;
    const { end, commit } = await world.push({
      'apps/bootstrap.yaml': parentYaml(url),
      'bootstrap/addons.yaml': setYaml(url),
      'bootstrap/project.yaml': projectYaml,
      'bootstrap/child.yaml': childYaml(url),
      'addon/config.yaml': configMap,
    });
    expect(end.state).toBe('success');
    expect(await ours()).toEqual([
      'argocd/addon-dev Synced Healthy',
      'argocd/bootstrap Synced Healthy',
      'argocd/child Synced Healthy',
    ]);
    expect(new Set(world.planned(commit))).toEqual(new Set(['argocd/bootstrap', 'argocd/addon-dev', 'argocd/child']));
    expect(await world.cluster('prod').get('/api/v1/namespaces/child/configmaps/addon')).toMatchObject({
      data: { a: 'b' },
    });

    await world.push({ 'bootstrap/child.yaml': null });
    await expect
      .poll(ours, { timeout: 60_000 })
      .toEqual(['argocd/addon-dev Synced Healthy', 'argocd/bootstrap Synced Healthy']);
    expect(await world.cluster('prod').get('/api/v1/namespaces/child/configmaps/addon')).toBeUndefined();
  });

  it('tells a child that is broken with its file, and keeps what there is', async () => {
    const { end, commit } = await world.push({
      'bootstrap/child.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: [Application\nmetadata: {}\n',
    });
    expect(end.state).toBe('failure');
    expect(world.statusOf(commit)['towline/dev']?.description).toContain('bootstrap/child.yaml');
    expect(await ours()).toHaveLength(2);
  });
});
