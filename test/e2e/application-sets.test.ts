import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applicationsOf, startWorld, type World } from './harness/world.ts';

let world: World;

const setYaml = (url: string): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: teams, namespace: argocd }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - matrix:
        generators:
          - git: { repoURL: ${url}, revision: main, files: [{ path: 'teams/*/team.yaml' }] }
          - clusters: { selector: { matchLabels: { environment: dev } } }
  template:
    metadata: { name: '{{ .team | lower }}-{{ .nameNormalized }}' }
    spec:
      project: default
      source: { repoURL: ${url}, targetRevision: main, path: '{{ .path.path }}/objects' }
      destination: { server: '{{ .server }}', namespace: '{{ .team | lower }}' }
      syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }
`;

const team = (name: string): Record<string, string> => ({
  [`teams/${name}/team.yaml`]: `team: ${name.toUpperCase()}\n`,
  [`teams/${name}/objects/config.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`,
});

const made = async (): Promise<string[]> => (await applicationsOf(world)).filter((line) => /\/(red|blue)-/.test(line));

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

describe('an ApplicationSet on a running stack', () => {
  it('makes, changes and takes away applications with what its generators read; Go templates in the sandbox', async () => {
    const { end } = await world.push({ 'apps/teams.yaml': setYaml(world.forge.repositoryURL), ...team('red') });
    expect(end.state).toBe('success');
    expect(await made()).toEqual(['argocd/red-dev Synced Healthy']);

    const second = await world.push(team('blue'));
    expect(world.planned(second.commit)).toEqual(['argocd/blue-dev']);
    expect(await made()).toEqual(['argocd/blue-dev Synced Healthy', 'argocd/red-dev Synced Healthy']);

    // A change below what the set reads, of one application's objects, plans that one alone.
    const third = await world.push({
      'teams/red/objects/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: red }\ndata: { a: b }\n',
    });
    expect(world.planned(third.commit)).toEqual(['argocd/red-dev']);
  });

  it('whose policy deletes nothing leaves behind what it made, objects and all, when it goes', async () => {
    const text = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: kept, namespace: argocd }
spec:
  generators: [{ list: { elements: [{ name: kept }] } }]
  syncPolicy: { applicationsSync: create-update }
  template:
    metadata: { name: '{{name}}' }
    spec:
      project: default
      source: { repoURL: ${world.forge.repositoryURL}, targetRevision: main, path: teams/red/objects }
      destination: { name: dev, namespace: '{{name}}' }
      syncPolicy: { automated: {}, syncOptions: [CreateNamespace=true] }
`;
    const kept = 'argocd/kept Synced Healthy';
    await world.push({ 'apps/kept.yaml': text });
    expect(await applicationsOf(world)).toContain(kept);
    const { end } = await world.push({ 'apps/kept.yaml': null });
    expect(end.state).toBe('success');
    // It still follows its source: nobody took it over, nobody forgot it.
    const { commit } = await world.push({
      'teams/red/objects/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: red }\ndata: { a: c }\n',
    });
    expect(world.planned(commit).toSorted()).toEqual(['argocd/kept', 'argocd/red-dev']);
    expect(await applicationsOf(world)).toContain(kept);
    const found = await world.cluster('dev').get('/api/v1/namespaces/kept/configmaps/red');
    expect(found?.data).toEqual({ a: 'c' });
  });

  it('that fails is told with file and line, and keeps what it made', async () => {
    const wrong = setYaml(world.forge.repositoryURL).replace('.team | lower }}-', '.taem | lower }}-');
    const { commit, end } = await world.push({ 'apps/teams.yaml': wrong });
    expect(end.state).toBe('failure');
    expect(Object.values(world.statusOf(commit))[0]?.description).toContain('apps/teams.yaml:');
    expect(await made()).toHaveLength(2);
  });
});
