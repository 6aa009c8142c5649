import { describe, expect, it } from 'vitest';
import { transient } from '../../../../src/domain/errors.ts';
import { CONFIG_REPOSITORY, configMapYaml, createMemoryStack, MAIN, REPOSITORY } from '../../../fakes/memory-stack.ts';

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;

const setYaml = (name: string, generators: string, more: { template?: string; spec?: string } = {}): string => `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name}, namespace: argocd }
spec:
${more.spec ?? '  goTemplate: false'}
  generators: ${generators}
  template:
    metadata: { name: '${more.template ?? '{{path.basename}}'}' }
    spec:
      project: default
      source: { repoURL: ${REPOSITORY}, targetRevision: main, path: '{{path}}' }
      destination: { name: dev, namespace: default }
      syncPolicy: { automated: { prune: true } }
`;

const directories = (url = REPOSITORY, path = 'services/*'): string =>
  `[{ git: { repoURL: '${url}', revision: main, directories: [{ path: '${path}' }] } }]`;

const GO = '  goTemplate: true\n  goTemplateOptions: [missingkey=error]';
const goSet = (name: string, elements: string): string =>
  setYaml(name, `[{ list: { elements: ${elements} } }]`, { template: '{{.name}}', spec: GO }).replace(
    "'{{path}}'",
    "'services/{{.name}}'",
  );

const twoServices = {
  'apps/services.yaml': setYaml('services', directories()),
  'services/api/config.yaml': configMapYaml('api', 'one'),
  'services/web/config.yaml': configMapYaml('web', 'one'),
};

const ids = (stack: Stack): string[] =>
  [...stack.applications.rows.values()].flatMap(({ id, removed }) => (removed ? [] : [id])).toSorted();

const problems = (stack: Stack, commit: string): string[] =>
  [...stack.rollouts.rows.values()]
    .filter((one) => one.commit === commit)
    .flatMap((rollout) => rollout.problems.map(({ text }) => text));

describe('a push with an ApplicationSet', () => {
  it('plans what its generators make, and follows what they read', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push(twoServices);
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/api', 'argocd/web']);
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '2/2 synced']);

    const added = await stack.push({ 'services/shop/config.yaml': configMapYaml('shop', 'one') });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/api', 'argocd/shop', 'argocd/web']);
    expect(stack.statusOf(added)['towline/dev']).toEqual(['success', '1/1 synced']);
    expect(stack.applications.rows.get('argocd/shop')?.desired?.reason).toBe(
      'what the generators of ApplicationSet argocd/services read changed',
    );

    await stack.push({ 'services/api/config.yaml': null });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/shop', 'argocd/web']);
    expect(stack.clusters.dev.objects.get('/ConfigMap/default/api')).toBeUndefined();
    expect(stack.clusters.dev.objects.get('/ConfigMap/default/web')).toBeDefined();
  });

  it('runs Go templates in the sandbox, and those of unchanged sets not again', async () => {
    const stack = await createMemoryStack();
    await stack.push({
      'apps/a.yaml': goSet('a', '[{ name: api }, { name: web }]'),
      'apps/b.yaml': goSet('b', '[{ name: shop }]'),
      'services/api/config.yaml': configMapYaml('api', 'one'),
      'services/web/config.yaml': configMapYaml('web', 'one'),
      'services/shop/config.yaml': configMapYaml('shop', 'one'),
    });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/api', 'argocd/shop', 'argocd/web']);
    expect(stack.expanded.toSorted()).toEqual(['a', 'b']);
    await stack.push({ 'services/api/config.yaml': configMapYaml('api', 'two') });
    await stack.push({ 'apps/b.yaml': `# moved down a line\n${goSet('b', '[{ name: shop }]')}` });
    await stack.settle();
    expect(stack.expanded.toSorted()).toEqual(['a', 'b']);
    await stack.push({ 'apps/b.yaml': goSet('b', '[{ name: shop }, { name: api2 }]') });
    await stack.settle();
    expect(stack.expanded.toSorted()).toEqual(['a', 'b', 'b']);
  });

  it('reads the texts of changed documents only', async () => {
    const stack = await createMemoryStack();
    await stack.push(twoServices);
    await stack.settle();
    const read: string[] = [];
    const { readBlobs } = stack.repository;
    stack.repository.readBlobs = async (digests) => {
      const blobs = await readBlobs(digests);
      read.push(...[...blobs.values()].map((bytes) => Buffer.from(bytes).toString()));
      return blobs;
    };
    await stack.push({ 'apps/more.yaml': goSet('more', '[]') });
    await stack.settle();
    expect(read.filter((text) => text.includes('kind: ApplicationSet'))).toEqual([goSet('more', '[]')]);
  });
});

describe('a set that fails', () => {
  it('is told on the commit with file and line, and keeps what it made', async () => {
    const stack = await createMemoryStack();
    await stack.push({ ...twoServices, 'apps/go.yaml': goSet('go', '[{ name: shop }]') });
    await stack.settle();
    const wrong = goSet('go', '[{ name: shop }]').replace("name: '{{.name}}'", "name: '{{.nmae}}'");
    const commit = await stack.push({ 'apps/go.yaml': wrong });
    await stack.settle();
    expect(ids(stack)).toContain('argocd/shop');
    expect(problems(stack, commit)).toEqual([
      expect.stringMatching(/^apps\/go\.yaml:2: spec\.generators: ApplicationSet argocd\/go: .*nmae/),
    ]);
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('failure');
    // It is not tried again by a push that has nothing to do with it, and stays told.
    const tries = stack.expanded.length;
    const next = await stack.push({ 'services/web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    expect(stack.expanded).toHaveLength(tries);
    expect(problems(stack, next)).toHaveLength(1);
  });

  it.each([
    [directories('https://git.example.com/acme/unknown'), 'https://git.example.com/acme/unknown is not registered'],
    [directories(REPOSITORY).replace('main', 'gone'), 'targetRevision gone does not exist'],
  ])('%s is refused with its place', async (generators, reason) => {
    const stack = await createMemoryStack();
    const commit = await stack.push({ 'apps/set.yaml': setYaml('set', generators) });
    await stack.settle();
    expect(problems(stack, commit)).toEqual([expect.stringContaining('apps/set.yaml:2: spec.generators: ')]);
    expect(problems(stack, commit)[0]).toContain(reason);
  });
});

describe('generators that read another repository', () => {
  const elsewhere = { ...twoServices, 'apps/services.yaml': setYaml('services', directories(CONFIG_REPOSITORY)) };

  it('are followed: a push there changes the fleet', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/heads/main', { 'services/api/x': '' });
    await stack.push(elsewhere);
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/api']);
    const commit = await stack.pushConfig({ 'services/web/x': '' });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/api', 'argocd/web']);
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
    // And polled, where no webhook came.
    stack.config.commit('refs/heads/main', { 'services/web/x': null });
    // The fleet's own ref is looked at, too, since the fleet has moved.
    expect(await stack.poll()).toEqual({ changes: 2 });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/api']);
  });

  it('keep their last good value while it cannot be read, and are read again in a minute', async () => {
    const stack = await createMemoryStack();
    stack.config.commit('refs/heads/main', { 'services/api/x': '' });
    await stack.push(elsewhere);
    await stack.settle();
    const { resolve } = stack.config;
    stack.config.resolve = () => Promise.reject(transient('repository-unreachable', 'git.example.com is down'));
    const commit = await stack.push({ 'apps/services.yaml': `#\n${elsewhere['apps/services.yaml']}` });
    await stack.push({ 'apps/more.yaml': goSet('more', '[{ name: web }]') });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/api', 'argocd/web']);
    stack.config.resolve = resolve;
    stack.config.commit('refs/heads/main', { 'services/shop/x': '' });
    stack.time.now += 61_000;
    await stack.sweep();
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/api', 'argocd/shop', 'argocd/web']);
    expect(commit).toBeDefined();
    expect([...stack.refs.rows.values()].every(({ due, unread }) => due === undefined && !unread)).toBe(true);
  });
});

describe('a set that leaves fields of its Applications alone', () => {
  const spec = (revision: string, more: string, jq = '.metadata.labels.kept'): string => `
  preservedFields: { annotations: [team.example.com/owner], labels: [tier] }
  ignoreApplicationDifferences:
    - { name: web, jsonPointers: [/spec/source/targetRevision] }
    - { jsonPointers: [/spec/syncPolicy] }
    - { jqPathExpressions: ['${jq}'] }
  generators: [{ list: { elements: [{ name: web }, { name: api }${more}] } }]
  template:
    metadata:
      name: '{{name}}'
      annotations: { team.example.com/owner: ${revision}, other: ${revision} }
      labels: { tier: ${revision}, kept: ${revision} }
    spec:
      project: default
      source: { repoURL: ${REPOSITORY}, targetRevision: ${revision}, path: services }
      destination: { name: dev, namespace: '{{name}}' }
      syncPolicy: { automated: { prune: ${revision === 'one'} }, syncOptions: [CreateNamespace=true] }`;
  const set = (revision: string, more = '', jq?: string): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: teams, namespace: argocd }\nspec:${spec(revision, more, jq)}\n`;

  it('keeps what they had, and gives new ones what it says', async () => {
    const stack = await createMemoryStack();
    stack.repository.commit('refs/heads/one', { 'services/config.yaml': configMapYaml('config', 'one') });
    stack.repository.commit('refs/heads/two', { 'services/config.yaml': configMapYaml('config', 'two') });
    await stack.push({ 'apps/teams.yaml': set('one') });
    await stack.settle();
    const commit = await stack.push({ 'apps/teams.yaml': set('two', ', { name: shop }') });
    await stack.settle();
    expect(problems(stack, commit)).toEqual([]);
    const specOf = (id: string) => {
      const { annotations, labels, sources, syncPolicy } = stack.applications.rows.get(id)?.spec ?? {};
      return [sources?.[0]?.targetRevision, annotations, labels, syncPolicy?.automated?.prune];
    };
    const kept = { 'team.example.com/owner': 'one', other: 'two' };
    expect(specOf('argocd/web')).toEqual(['one', kept, { tier: 'one', kept: 'one' }, true]);
    expect(specOf('argocd/api')).toEqual(['two', kept, { tier: 'one', kept: 'one' }, true]);
    const made = { 'team.example.com/owner': 'two', other: 'two' };
    expect(specOf('argocd/shop')).toEqual(['two', made, { tier: 'two', kept: 'two' }, false]);
  });

  it('stays as it was where a jq expression is none, and says which', async () => {
    const stack = await createMemoryStack();
    stack.repository.commit('refs/heads/one', { 'services/config.yaml': configMapYaml('config', 'one') });
    await stack.push({ 'apps/teams.yaml': set('one') });
    await stack.settle();
    const commit = await stack.push({ 'apps/teams.yaml': set('two', '', '.metadata[') });
    await stack.settle();
    expect(problems(stack, commit)).toEqual([
      expect.stringContaining(
        'ApplicationSet argocd/teams: spec.ignoreApplicationDifferences.2.jqPathExpressions.0: not a jq path expression: .metadata[',
      ),
    ]);
    expect(stack.applications.rows.get('argocd/api')?.spec?.labels).toEqual({ tier: 'one', kept: 'one' });
  });
});

describe('a repository that a Secret among the documents registers', () => {
  const other = 'https://git.example.com/acme/teams/web';
  const credentials = `apiVersion: v1
kind: Secret
metadata:
  name: teams
  namespace: argocd
  labels: { argocd.argoproj.io/secret-type: repo-creds }
  annotations: { towline.dev/credentials: teams, towline.dev/forge: github }
stringData: { type: git, url: https://git.example.com/acme/teams }
`;
  const files = {
    'apps/teams-secret.yaml': credentials,
    'apps/set.yaml': `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: teams, namespace: argocd }
spec:
  generators: [{ git: { repoURL: ${other}, revision: HEAD, directories: [{ path: services }] } }]
  template:
    metadata: { name: '{{path.basename}}' }
    spec:
      project: default
      source: { repoURL: ${other}, path: services }
      destination: { name: dev, namespace: web }
      syncPolicy: { automated: {}, syncOptions: [CreateNamespace=true] }
`,
    'services/config.yaml': configMapYaml('config', 'one'),
  };
  const openedWith = (stack: Stack) =>
    new Set(stack.opened.flatMap(({ url, credentials: by }) => (url === other ? [by] : [])));

  it('is read by generators and sources of the same push, and planned no further', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push(files);
    await stack.settle();
    expect(problems(stack, commit)).toEqual([]);
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    expect(openedWith(stack)).toEqual(new Set(['teams']));
    const fleet = await stack.fleets.get('fleet');
    expect(fleet?.file.repositories.at(-1)).toMatchObject({ url: other, credentials: 'teams', secret: 'teams' });
    const compiled = fleet?.snapshot;
    await stack.push({ 'unrelated.txt': 'x' });
    await stack.settle();
    expect((await stack.fleets.get('fleet'))?.snapshot).toBe(compiled);
    const gone = await stack.push({ 'apps/teams-secret.yaml': null });
    await stack.settle();
    expect((await stack.fleets.get('fleet'))?.file.repositories.some(({ url }) => url === other)).toBe(false);
    expect(problems(stack, gone)).toEqual([expect.stringContaining('is not registered')]);
  });

  it('is not read for a pull request that brings it', async () => {
    const stack = await createMemoryStack();
    await stack.push({ 'services/config.yaml': configMapYaml('config', 'one') });
    await stack.settle();
    const commit = stack.repository.commit('refs/pull/7/head', files);
    await stack.queues.changes([
      {
        version: 1,
        repository: REPOSITORY,
        number: 7,
        action: 'opened',
        base: { ref: MAIN },
        head: { ref: 'refs/heads/change', commit },
        fork: false,
        labels: [],
      },
    ]);
    await stack.settle();
    expect(stack.statuses.some((one) => one.commit === commit)).toBe(true);
    expect(openedWith(stack)).toEqual(new Set());
  });
});
