import { describe, expect, it } from 'vitest';
import { applicationYaml, configMapYaml, createMemoryStack, REPOSITORY } from '../../fakes/memory-stack.ts';

const FINALIZER = 'finalizers: [resources-finalizer.argocd.argoproj.io]';
const AUTOMATED = '{ automated: { prune: true }, syncOptions: [CreateNamespace=true] }';

/** A parent whose objects are the documents in `path`, delivered to the control plane. */
const parentYaml = (name = 'root', path = 'children', { metadata = FINALIZER, project = 'default' } = {}): string => `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd, ${metadata} }
spec:
  project: ${project}
  source: { repoURL: ${REPOSITORY}, targetRevision: main, path: ${path} }
  destination: { server: https://kubernetes.default.svc, namespace: argocd }
  syncPolicy: ${AUTOMATED}
`;

const child = (name: string, cluster = 'dev', metadata = FINALIZER): string =>
  applicationYaml(name, 'web', cluster, { metadata });
const waved = (name: string, path: string, wave: number): string =>
  applicationYaml(name, path, 'dev', { metadata: `annotations: { argocd.argoproj.io/sync-wave: "${wave}" }` });

const projectYaml = (name: string, spec: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: ${name}, namespace: argocd }
spec: ${spec}
`;
const OPEN = '{ sourceRepos: ["*"], destinations: [{ server: "*", namespace: "*" }] }';

const setYaml = (names: readonly string[]): string => `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: teams, namespace: argocd }
spec:
  generators: [{ list: { elements: [${names.map((name) => `{ team: ${name} }`).join(', ')}] } }]
  template:
    metadata: { name: 'team-{{team}}' }
    spec:
      project: default
      source: { repoURL: ${REPOSITORY}, targetRevision: main, path: web }
      destination: { name: dev, namespace: 'team-{{team}}' }
      syncPolicy: ${AUTOMATED}
`;
const web = { 'web/config.yaml': configMapYaml('web', 'one') };

const jobYaml = 'apiVersion: batch/v1\nkind: Job\nmetadata: { name: job }\nspec: { template: { spec: {} } }\n';

/** What becomes of every Job of the dev cluster. */
const endJobs = (stack: Stack, type: 'Complete' | 'Failed'): void => {
  for (const [key, live] of stack.clusters.dev.objects)
    if (key.includes('Job')) Object.assign(live, { status: { conditions: [{ type, status: 'True', message: type }] } });
};

/** The script of Argo CD's documentation (Resource Health, app of apps). */
const CUSTOMIZED = `apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-cm, namespace: argocd }
data:
  resource.customizations.health.argoproj.io_Application: |
    local hs = { status = "Progressing", message = "" }
    if obj.status ~= nil and obj.status.health ~= nil then
      hs.status = obj.status.health.status
      hs.message = obj.status.health.message or ""
    end
    return hs
`;

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;
const idsOf = (stack: Stack): string[] => [...stack.applications.rows.keys()].sort();
const hasWeb = (stack: Stack, name: string): boolean => stack.clusters.dev.objects.has(`/ConfigMap/${name}/web`);
const rolloutsOf = (stack: Stack) =>
  [...stack.rollouts.rows.values()].map(({ state, applications }) => [
    state,
    ...applications.map(({ application }) => application),
  ]);

const started = async (files: Record<string, string>) => {
  const stack = await createMemoryStack();
  const commit = await stack.push({ 'apps/root.yaml': parentYaml(), ...web, ...files });
  await stack.settle(60);
  return { ...stack, commit };
};

describe('an application that delivers applications', () => {
  it('makes them part of the fleet, told on the commit that brought them', async () => {
    const stack = await started({ 'children/a.yaml': child('a'), 'children/b.yaml': child('b', 'prod') });
    expect(idsOf(stack)).toEqual(['argocd/a', 'argocd/b', 'argocd/root']);
    expect(hasWeb(stack, 'a')).toBe(true);
    expect(stack.applications.rows.get('argocd/a')?.spec.origin.registeredBy).toBe('argocd/root');
    expect(rolloutsOf(stack)).toEqual([['success', 'argocd/root', 'argocd/a', 'argocd/b']]);
    expect(stack.statusOf(stack.commit)).toMatchObject({
      'towline/dev': ['success', '2/2 synced'],
      'towline/prod': ['success', '2/2 synced'],
    });
  });

  it('is no more to do once it is at rest: nothing is due, and the next push plans what it changes alone', async () => {
    const stack = await started({ 'children/a.yaml': child('a'), 'children/b.yaml': child('b') });
    expect([...stack.registrations.rows.values()].filter(({ due }) => due !== undefined)).toEqual([]);
    expect([...stack.applications.rows.values()].filter(({ due }) => due !== undefined)).toEqual([]);
    await stack.push({ 'children/b.yaml': child('b', 'prod') });
    await stack.settle(60);
    expect(rolloutsOf(stack).at(-1)).toEqual(['success', 'argocd/root', 'argocd/b']);
    expect(stack.applications.rows.get('argocd/b')?.spec.cluster).toBe('prod');
  });

  it('takes a child that it no longer has out of the fleet: with its objects where it has the finalizer', async () => {
    const stack = await started({ 'children/a.yaml': child('a'), 'children/b.yaml': child('b', 'dev', '') });
    await stack.push({ 'children/a.yaml': null, 'children/c.yaml': child('c') });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/b', 'argocd/c', 'argocd/root']);
    expect([hasWeb(stack, 'a'), hasWeb(stack, 'b'), hasWeb(stack, 'c')]).toEqual([false, true, true]);
    await stack.push({ 'children/b.yaml': null });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/c', 'argocd/root']);
    expect(hasWeb(stack, 'b')).toBe(true);
    expect([...stack.registrations.rows.keys()].sort()).toEqual(['Application argocd/c', 'registry']);
  });

  it('takes everything with it when it goes, and leaves everything where it has no finalizer', async () => {
    const stack = await started({ 'children/a.yaml': child('a') });
    await stack.push({ 'apps/root.yaml': null });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual([]);
    expect(hasWeb(stack, 'a')).toBe(false);

    const kept = await createMemoryStack();
    await kept.push({ 'apps/root.yaml': parentYaml('root', 'children', { metadata: 'labels: {}' }), ...web });
    await kept.push({ 'children/a.yaml': child('a') });
    await kept.settle(60);
    await kept.push({ 'apps/root.yaml': null });
    await kept.settle(60);
    expect(idsOf(kept)).toEqual(['argocd/a']);
    expect(hasWeb(kept, 'a')).toBe(true);
    // Whom nobody delivers any more may be written into the fleet's own source, and goes with that.
    await kept.push({ 'apps/a.yaml': child('a') });
    await kept.settle(60);
    expect([...kept.registrations.rows.keys()]).toEqual(['registry']);
    await kept.push({ 'apps/a.yaml': null });
    await kept.settle(60);
    expect(idsOf(kept)).toEqual([]);
  });
});

describe('what an application may deliver besides', () => {
  it('ApplicationSets and their projects, by however many applications in between', async () => {
    const stack = await started({
      'children/middle.yaml': parentYaml('middle', 'grandchildren'),
      'grandchildren/teams.yaml': setYaml(['red', 'blue']),
      'grandchildren/project.yaml': projectYaml('team', OPEN),
      'grandchildren/web.yaml': child('web').replace('project: default', 'project: team'),
    });
    expect(idsOf(stack)).toEqual(['argocd/middle', 'argocd/root', 'argocd/team-blue', 'argocd/team-red', 'argocd/web']);
    expect(rolloutsOf(stack)).toEqual([
      ['success', 'argocd/root', 'argocd/middle', 'argocd/team-blue', 'argocd/team-red', 'argocd/web'],
    ]);
    await stack.push({ 'grandchildren/teams.yaml': setYaml(['red']) });
    await stack.settle(60);
    expect(idsOf(stack)).not.toContain('argocd/team-blue');
    expect([hasWeb(stack, 'team-red'), hasWeb(stack, 'team-blue')]).toEqual([true, false]);
  });

  it('by wave: those of the next are made once those of the one before are healthy', async () => {
    const stack = await started({
      'children/first.yaml': waved('first', 'first', 0),
      'children/second.yaml': waved('second', 'web', 1),
      'first/job.yaml': jobYaml,
    });
    expect(idsOf(stack)).toEqual(['argocd/first', 'argocd/root']);
    expect(stack.applications.rows.get('argocd/root')?.operation?.message).toMatch(/waits for .*first/);
    endJobs(stack, 'Complete');
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/first', 'argocd/root', 'argocd/second']);
    expect(rolloutsOf(stack)).toEqual([['success', 'argocd/root', 'argocd/first', 'argocd/second']]);
  });

  it.each([
    ['has no health of its own', {}, 'Healthy', ''],
    ['has the health that argocd-cm gives it', { 'apps/argocd-cm.yaml': CUSTOMIZED }, 'Degraded', 'Application/a: '],
  ])('a child that breaks: it %s for its parent, as in Argo CD', async (_, files, status, message) => {
    const stack = await started({
      'children/a.yaml': child('a'),
      'web/job.yaml': jobYaml,
      ...files,
    });
    endJobs(stack, 'Failed');
    await stack.settle(60);
    expect(stack.applications.rows.get('argocd/a')?.health.status).toBe('Degraded');
    await stack.control.refresh('argocd/root');
    await stack.settle(60);
    const health = stack.applications.rows.get('argocd/root')?.health;
    expect(health).toEqual({ status, message: expect.stringContaining(message) });
  });

  it('nothing that is wrong: the failure names it', async () => {
    const stack = await started({ 'children/a.yaml': child('a').replace('project: default', 'project: { }') });
    expect(idsOf(stack)).toEqual(['argocd/root']);
    const failure = 'children/a.yaml:6: spec.project';
    expect(stack.statusOf(stack.commit)['towline/dev']).toEqual(['failure', expect.stringContaining(failure)]);
    const commit = await stack.push({ 'children/a.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n' });
    await stack.settle(60);
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['failure', expect.stringContaining('children/a.yaml')]);
    const mended = await stack.push({ 'children/a.yaml': child('a') });
    await stack.settle(60);
    expect(stack.statusOf(mended)['towline/dev']?.[0]).toBe('success');
    expect(hasWeb(stack, 'a')).toBe(true);
  });

  it('a child of a project that there is not is its own failure', async () => {
    const stack = await started({ 'children/a.yaml': child('a').replace('project: default', 'project: none') });
    const failure = /Application argocd\/a.*there is no AppProject "none"/;
    expect(stack.statusOf(stack.commit)['towline/dev']).toEqual(['failure', expect.stringMatching(failure)]);
  });

  it('nothing into the control plane where its project does not let it', async () => {
    const destinations = '[{ name: dev, namespace: "*" }, { name: in-cluster, namespace: team-a }]';
    const stack = await started({
      'apps/team.yaml': projectYaml('team', `{ sourceRepos: ["*"], destinations: ${destinations} }`),
      'apps/other.yaml': parentYaml('other', 'others', { project: 'team' }).replace(
        'namespace: argocd }\n  sync',
        'namespace: team-a }\n  sync',
      ),
      'others/a.yaml': child('a'),
      'children/b.yaml': child('b'),
    });
    expect(idsOf(stack)).toEqual(['argocd/b', 'argocd/other', 'argocd/root']);
    const [, description] = stack.statusOf(stack.commit)['towline/dev'] ?? [];
    expect(description).toContain('project team does not permit namespace "argocd"');
    // Nor a project of its own making elsewhere, which would be one for all.
    await stack.push({
      'others/a.yaml': projectYaml('default', OPEN).replace('namespace: argocd', 'namespace: team-a'),
    });
    await stack.settle(60);
    expect(stack.applications.rows.get('argocd/other')?.operation?.message).toContain(
      'an AppProject counts in namespace argocd alone',
    );
  });

  it('nothing that runs in a cluster, where no cluster of the fleet is the in-cluster one', async () => {
    const stack = await started({ 'children/config.yaml': configMapYaml('config', 'x') });
    expect(stack.applications.rows.get('argocd/root')?.health.status).toBe('Missing');
    expect(stack.statusOf(stack.commit)['towline/dev']).toEqual([
      'failure',
      expect.stringContaining('no cluster of the fleet is the in-cluster one'),
    ]);
  });

  it('many at once, which do not go at once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const stack = await started(Object.fromEntries(names.map((name) => [`children/${name}.yaml`, child(name)])));
    expect(idsOf(stack)).toHaveLength(7);
    await stack.push(Object.fromEntries(names.slice(1).map((name) => [`children/${name}.yaml`, null])));
    await stack.settle(60);
    expect(names.filter((name) => hasWeb(stack, name))).toEqual(names);
    expect(stack.applications.rows.get('argocd/b')?.removalWaits).toContain(
      '5 of 7 applications of the fleet would go at once',
    );
    await stack.control.approveRemoval('argocd/b', { all: true });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/a', 'argocd/root']);
  });
});

describe('a fleet in observe mode', () => {
  it('has what an application delivers, and writes to no cluster', async () => {
    const stack = await createMemoryStack();
    const fleet = await stack.fleets.get('fleet');
    if (fleet) await stack.fleets.save({ ...fleet, file: { ...fleet.file, mode: 'observe' } });
    await stack.push({ 'apps/root.yaml': parentYaml(), 'children/a.yaml': child('a'), ...web });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/a', 'argocd/root']);
    expect(stack.applications.rows.get('argocd/a')?.waiting).toBe('observe mode: nothing is applied');
    expect(stack.clusters.dev.objects.size).toBe(0);
  });
});

describe('an ApplicationSet that an application delivered', () => {
  const broken = (path: string): string =>
    setYaml([]).replace(
      /\[\{ list: .*\}\]/,
      `[{ git: { repoURL: ${REPOSITORY}, revision: main, files: [{ path: ${path} }] } }]`,
    );

  it('is as wrong as its generators are, whatever mends them', async () => {
    const stack = await started({ 'children/teams.yaml': broken('teams.json'), 'teams.json': '{ "team": ' });
    expect(rolloutsOf(stack)).toEqual([['failure', 'argocd/root']]);
    expect(stack.applications.rows.get('argocd/root')?.health).toMatchObject({ status: 'Degraded' });
    expect(stack.statusOf(stack.commit)['towline/dev']?.[1]).toContain('ApplicationSet argocd/teams');
    await stack.push({ 'teams.json': '{ "team": "red" }' });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/root', 'argocd/team-red']);
    expect(stack.applications.rows.get('argocd/root')?.health).toMatchObject({ status: 'Healthy' });
  });
});

describe('an application that delivers the folder it stands in', () => {
  it('comes to rest, with itself and the others in it', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push({
      'apps/root.yaml': parentYaml('root', 'apps'),
      'apps/a.yaml': child('a'),
      ...web,
    });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/a', 'argocd/root']);
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    const due = [...stack.applications.rows.values(), ...stack.registrations.rows.values()].filter((row) => row.due);
    expect(due).toEqual([]);
    await stack.push({
      'apps/a.yaml': null,
      'apps/root.yaml': parentYaml('root', 'apps', { metadata: 'labels: { a: b }' }),
    });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/root']);
    expect(hasWeb(stack, 'a')).toBe(false);
    expect(stack.applications.rows.get('argocd/root')?.spec.labels).toEqual({ a: 'b' });
  });
});

describe('the in-cluster cluster of a fleet', () => {
  it('gets what is no kind of Argo CD, beside the registry', async () => {
    const stack = await createMemoryStack();
    const fleet = await stack.fleets.get('fleet');
    const clusters = fleet?.file.clusters.map((one) => (one.name === 'dev' ? { ...one, inCluster: true } : one)) ?? [];
    if (fleet) await stack.fleets.save({ ...fleet, file: { ...fleet.file, clusters } });
    const files = { 'children/a.yaml': child('a', 'prod'), 'children/config.yaml': configMapYaml('config', 'x') };
    const commit = await stack.push({ 'apps/root.yaml': parentYaml(), ...files, ...web });
    await stack.settle(60);
    expect(idsOf(stack)).toEqual(['argocd/a', 'argocd/root']);
    expect(stack.clusters.dev.objects.has('/ConfigMap/argocd/config')).toBe(true);
    expect([...stack.clusters.dev.objects.keys()].filter((key) => key.startsWith('argoproj.io'))).toEqual([]);
    expect(stack.applications.rows.get('argocd/root')?.spec.environment).toBe('dev');
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
    // What is compared with the cluster later is as it was delivered.
    await stack.control.refresh('argocd/root');
    await stack.settle(60);
    expect(stack.applications.rows.get('argocd/root')).toMatchObject({ sync: 'Synced', health: { status: 'Healthy' } });
  });
});
