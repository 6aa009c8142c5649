import { describe, expect, it } from 'vitest';
import { permanent, transient } from '../../../../src/domain/errors.ts';
import type { PullRequest } from '../../../../src/domain/fleet/applicationset/generator-inputs.ts';
import { FLEET_ID } from '../../../../src/domain/fleet-row.ts';
import { configMapYaml, createMemoryStack, MAIN, REPOSITORY } from '../../../fakes/memory-stack.ts';

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;

const API = 'https://api.example.com';
const MINUTE = 60_000;

const setYaml = (name: string, generator: string, application: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name}, namespace: argocd }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  syncPolicy: { preserveResourcesOnDeletion: true }
  generators: [${generator}]
  template:
    metadata: { name: '${application}' }
    spec:
      project: default
      source: { repoURL: ${REPOSITORY}, targetRevision: main, path: preview }
      destination: { name: dev, namespace: default }
`;

const pullsOf = (repo = 'fleet', more = ''): string =>
  `{ pullRequest: { github: { owner: acme, repo: ${repo}, api: '${API}' }${more} } }`;

const pull = (number: number, more: Partial<PullRequest> = {}): PullRequest => ({
  number,
  title: `change ${number}`,
  branch: `feature/${number}`,
  targetBranch: 'main',
  headSHA: '0123456789abcdef0123456789abcdef01234567',
  author: 'ada',
  labels: [],
  ...more,
});

const ids = (stack: Stack): string[] =>
  [...stack.applications.rows.values()].flatMap(({ id, removed }) => (removed ? [] : [id])).toSorted();

const problems = (stack: Stack, commit: string): string[] =>
  [...stack.rollouts.rows.values()]
    .filter((one) => one.commit === commit)
    .flatMap((rollout) => rollout.problems.map(({ text }) => text));

const FILES = { 'preview/config.yaml': configMapYaml('preview', 'one') };

const withPulls = async (generator = pullsOf(), pulls = [pull(1), pull(2)]) => {
  const stack = await createMemoryStack();
  stack.providers.pulls.set('acme/fleet', pulls);
  const commit = await stack.push({ ...FILES, 'apps/set.yaml': setYaml('pulls', generator, 'pr-{{.number}}') });
  await stack.settle();
  stack.providers.asked.splice(0);
  return { stack, commit };
};

describe('the pull request generator', () => {
  it('makes an application for each request, by the credentials that the repository is registered with', async () => {
    const stack = await createMemoryStack();
    stack.providers.pulls.set('acme/fleet', [pull(1), pull(2)]);
    await stack.push({
      ...FILES,
      'apps/set.yaml': setYaml('pulls', pullsOf(), '{{.branch_slug}}-{{.head_short_sha_7}}'),
    });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/feature-1-0123456', 'argocd/feature-2-0123456']);
    expect(stack.providers.asked).toEqual(['pulls acme/fleet as token']);
  });

  it('is not asked by a plan while an answer is there, however old', async () => {
    const { stack } = await withPulls();
    stack.time.now += 7 * 24 * 60 * MINUTE;
    await stack.push({ 'apps/more.yaml': configMapYaml('unrelated', 'two') });
    await stack.settle();
    expect(stack.providers.asked).toEqual([]);
    expect(ids(stack)).toEqual(['argocd/pr-1', 'argocd/pr-2']);
  });

  it('is asked again at its interval, and only what changed is evaluated and planned', async () => {
    const { stack } = await withPulls(pullsOf('fleet', ', requeueAfterSeconds: 120'));
    await stack.push({
      'apps/other.yaml': setYaml('other', '{ list: { elements: [{ name: a }] } }', 'other-{{.name}}'),
    });
    await stack.settle();
    await stack.refreshAnswers();
    stack.providers.asked.splice(0);
    stack.expanded.splice(0);
    stack.time.now += MINUTE;
    expect(await stack.refreshAnswers()).toEqual({ asked: 0, moved: false });
    stack.time.now += MINUTE;
    expect(await stack.refreshAnswers()).toEqual({ asked: 1, moved: false });
    stack.providers.pulls.set('acme/fleet', [pull(1), pull(3)]);
    stack.time.now += 2 * MINUTE;
    expect(await stack.refreshAnswers()).toEqual({ asked: 1, moved: true });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/other-a', 'argocd/pr-1', 'argocd/pr-3']);
    expect(new Set(stack.expanded)).toEqual(new Set(['pulls']));
    expect(await stack.refreshAnswers()).toEqual({ asked: 0, moved: false });
  });

  it('is asked at once when a webhook tells of a request of that repository, and no other generator is', async () => {
    const { stack } = await withPulls();
    stack.providers.pulls.set('acme/config', [pull(7)]);
    await stack.push({ 'apps/config.yaml': setYaml('config', pullsOf('config'), 'config-{{.number}}') });
    await stack.settle();
    await stack.refreshAnswers();
    stack.providers.asked.splice(0);
    stack.providers.pulls.set('acme/fleet', [pull(1)]);
    await stack.refreshAnswers({ url: REPOSITORY });
    await stack.settle();
    expect(stack.providers.asked).toEqual(['pulls acme/fleet as token']);
    expect(ids(stack)).toEqual(['argocd/config-7', 'argocd/pr-1']);
    expect(await stack.refreshAnswers({ url: 'https://git.example.com/acme/unknown' })).toMatchObject({ asked: 0 });
  });

  it.each([
    ['is down', transient('repository-unreachable', 'GitHub did not answer for acme/fleet')],
    ['limits requests', transient('repository-rate-limited', 'GitHub limits requests for acme/fleet')],
    ['refuses', permanent('repository-denied', 'GitHub answered 401 for acme/fleet')],
    ['does not know the repository', permanent('repository-not-found', 'GitHub knows no repository acme/fleet')],
  ])('keeps what it made while its forge %s, says so, and asks less and less often', async (_name, failure) => {
    const { stack } = await withPulls();
    await stack.refreshAnswers();
    stack.providers.failure = failure;
    stack.time.now += 30 * MINUTE;
    expect(await stack.refreshAnswers()).toMatchObject({ asked: 1 });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/pr-1', 'argocd/pr-2']);
    expect(stack.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ reason: failure.message }) }),
    );
    const commit = await stack.push({ 'apps/more.yaml': configMapYaml('unrelated', 'three') });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/pr-1', 'argocd/pr-2']);
    expect(problems(stack, commit).join('\n')).toContain(failure.message);
    const asked: number[] = [];
    for (let minute = 1; minute <= 20; minute += 1) {
      stack.time.now += MINUTE;
      if ((await stack.refreshAnswers()).asked > 0) asked.push(minute);
    }
    expect(asked.length).toBeLessThan(6);
    stack.providers.failure = undefined;
    stack.providers.pulls.set('acme/fleet', [pull(2)]);
    stack.time.now += 30 * MINUTE;
    await stack.refreshAnswers();
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/pr-2']);
  });

  it('is empty without its repository where continueOnRepoNotFoundError says so', async () => {
    const stack = await createMemoryStack();
    stack.providers.failure = permanent('repository-not-found', 'GitHub knows no repository acme/fleet');
    const generator = pullsOf('fleet', ', continueOnRepoNotFoundError: true');
    const commit = await stack.push({ ...FILES, 'apps/set.yaml': setYaml('pulls', generator, 'pr-{{.number}}') });
    await stack.settle();
    expect(problems(stack, commit)).toEqual([]);
    expect(ids(stack)).toEqual([]);
  });

  it('comes to life by itself where its forge was down at the first push', async () => {
    const stack = await createMemoryStack();
    stack.providers.pulls.set('acme/fleet', [pull(1)]);
    stack.providers.failure = transient('repository-unreachable', 'GitHub did not answer for acme/fleet');
    const commit = await stack.push({ ...FILES, 'apps/set.yaml': setYaml('pulls', pullsOf(), 'pr-{{.number}}') });
    await stack.settle();
    expect(problems(stack, commit).join('\n')).toContain('GitHub did not answer');
    stack.providers.failure = undefined;
    stack.time.now += MINUTE;
    await stack.refreshAnswers();
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/pr-1']);
  });

  it('repeats the plan where the message that asked for it was lost', async () => {
    const { stack } = await withPulls();
    await stack.refreshAnswers();
    stack.sent.changes.splice(0);
    stack.providers.pulls.set('acme/fleet', [pull(1), pull(2), pull(3)]);
    stack.time.now += 30 * MINUTE;
    const { changes } = stack.queues;
    stack.queues.changes = () => Promise.reject(transient('queue-unreachable', 'down'));
    await expect(stack.refreshAnswers()).rejects.toThrow();
    stack.queues.changes = changes;
    await stack.refreshAnswers();
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/pr-1', 'argocd/pr-2', 'argocd/pr-3']);
  });

  it('asks again where the cache has lost the answer', async () => {
    const { stack } = await withPulls();
    for (const key of stack.blobs.blobs.keys()) if (key.startsWith('answers/')) stack.blobs.blobs.delete(key);
    await stack.push({ 'apps/more.yaml': configMapYaml('unrelated', 'two') });
    await stack.settle();
    expect(stack.providers.asked).toEqual(['pulls acme/fleet as token']);
    expect(ids(stack)).toEqual(['argocd/pr-1', 'argocd/pr-2']);
  });

  it.each([
    [
      'of a forge that is not registered',
      `{ pullRequest: { github: { owner: acme, repo: fleet } } }`,
      'no credentials for GitHub at api.github.com',
    ],
    [
      'at an address of its own',
      `{ pullRequest: { github: { owner: a, repo: b, api: 'http://169.254.169.254/' } } }`,
      'no credentials for GitHub at 169.254.169.254',
    ],
    [
      'of GitLab where only GitHub is',
      `{ pullRequest: { gitlab: { project: '1', api: '${API}' } } }`,
      'no credentials for GitLab',
    ],
    ['without certificates', `{ pullRequest: { gitlab: { project: '1', insecure: true } } }`, 'insecure is not served'],
    [
      'of a plugin that the fleet file does not list',
      '{ plugin: { configMapRef: { name: mine } } }',
      'add { name: mine, baseUrl: https://… } to spec.plugins',
    ],
  ])('asks nobody %s', async (_name, generator, reason) => {
    const stack = await createMemoryStack();
    const commit = await stack.push({ ...FILES, 'apps/set.yaml': setYaml('pulls', generator, 'pr-{{.number}}') });
    await stack.settle();
    expect(problems(stack, commit).join('\n')).toContain(reason);
    expect(problems(stack, commit).join('\n')).toContain('apps/set.yaml:2');
    expect(stack.providers.asked).toEqual([]);
  });
});

describe('the SCM provider generator', () => {
  const filters = `[
      { repositoryMatch: ^svc-, pathsExist: [deploy/] },
      { repositoryMatch: ^svc-, branchMatch: ^release, pathsDoNotExist: [off.txt] },
    ]`;
  const generator = `{ scmProvider: { cloneProtocol: https, filters: ${filters},
      github: { organization: acme, api: '${API}', allBranches: true } } }`;
  const repository = (name: string) => ({
    organization: 'acme',
    repository: name,
    repositoryId: 1,
    labels: ['a', 'b'],
    ssh: `git@example.com:acme/${name}.git`,
    https: `https://git.example.com/acme/${name}.git`,
    defaultBranch: 'main',
  });

  it('asks for branches and paths of the repositories that are taken by name, and of no other', async () => {
    const stack = await createMemoryStack();
    stack.providers.repositories.set('acme', [repository('svc-a'), repository('svc-b'), repository('docs')]);
    stack.providers.branches.set('acme/svc-a', { main: 'a'.repeat(40), 'release/1': 'b'.repeat(40) });
    stack.providers.branches.set('acme/svc-b', { main: 'c'.repeat(40), 'release/2': 'd'.repeat(40) });
    stack.providers.paths.add('acme/svc-a/main/deploy').add('acme/svc-b/release/2/off.txt');
    await stack.push({
      ...FILES,
      'apps/set.yaml': setYaml('scm', generator, '{{.repository}}-{{.branchNormalized}}-{{.short_sha}}'),
    });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/svc-a-main-aaaaaaaa', 'argocd/svc-a-release-1-bbbbbbbb']);
    expect(stack.providers.asked.filter((what) => what.includes('docs'))).toEqual([]);
  });
});

describe('the plugin generator', () => {
  it('sends its input and the set to a plugin of the fleet file, and sees its output', async () => {
    const stack = await createMemoryStack();
    const row = await stack.fleets.get(FLEET_ID);
    if (!row) throw new Error('no fleet');
    await stack.fleets.save({
      ...row,
      file: { ...row.file, plugins: [{ name: 'mine', baseUrl: 'https://p.example.com' }] },
    });
    const requests: unknown[] = [];
    stack.providers.plugins.set('mine', (request) => {
      requests.push(request);
      return [{ digest: 'one' }, { digest: 'two' }];
    });
    const generator = '{ plugin: { configMapRef: { name: mine }, input: { parameters: { env: dev } } } }';
    await stack.push({
      ...FILES,
      'apps/set.yaml': setYaml('images', generator, '{{.digest}}-{{.generator.input.parameters.env}}'),
    });
    await stack.settle();
    expect(ids(stack)).toEqual(['argocd/one-dev', 'argocd/two-dev']);
    expect(requests).toEqual([{ applicationSetName: 'images', input: { parameters: { env: 'dev' } } }]);
  });
});

describe('a preview', () => {
  it('sees what is known and asks nobody', async () => {
    const { stack, commit } = await withPulls();
    const head = stack.repository.commit('refs/heads/feature', {
      'apps/another.yaml': setYaml('another', pullsOf('config'), 'config-{{.number}}'),
    });
    await stack.handlers.changes({
      version: 1,
      repository: REPOSITORY,
      number: 5,
      action: 'opened',
      base: { ref: MAIN, commit },
      head: { ref: 'refs/heads/feature', commit: head },
      fork: false,
      labels: [],
    });
    expect(stack.providers.asked).toEqual([]);
  });
});
