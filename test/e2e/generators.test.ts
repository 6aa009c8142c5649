import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  githubPullRequest,
  githubWebhook,
  gitlabMergeRequest,
  gitlabWebhook,
  type SentWebhook,
} from '../fakes/webhook-deliveries.ts';
import { GITHUB_NAMES, GITLAB_NAMES, SECRETS } from './harness/forges.ts';
import { applicationsOf, startWorld, type World } from './harness/world.ts';

const EMBEDDED = `
    - { name: dev, labels: { environment: dev }, embedded: true }
    - { name: prod, labels: { environment: prod }, embedded: true }`;

const template = (name: string, url: string, { revision = 'main', path = 'previews' } = {}): string => `
  template:
    metadata: { name: '${name}' }
    spec:
      project: default
      source: { repoURL: ${url}, targetRevision: ${revision}, path: ${path} }
      destination: { name: dev, namespace: '${name}' }
      syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true] }
`;

const setYaml = (name: string, generator: string, rest: string): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name}, namespace: argocd }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - ${generator}${rest}`;

const previewSet = (url: string, generator: string): string =>
  setYaml('previews', generator, template('preview-{{.number}}', url, { revision: "'{{.head_sha}}'" }));

const config = (text: string): Record<string, string> => ({
  'previews/config.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shown }\ndata: { text: ${text} }\n`,
});

/** Lines of the applications whose name begins so. */
const made = async (world: World, prefix: string): Promise<string[]> =>
  (await applicationsOf(world)).filter((line) => line.startsWith(`argocd/${prefix}`));

const deliver = async (world: World, { headers, body }: SentWebhook): Promise<void> => {
  const { webhooks } = await world.towline().ready();
  const answer = await fetch(webhooks[world.forge.kind], { method: 'POST', headers, body: Buffer.from(body) });
  expect([answer.status, await answer.text()]).toEqual([202, expect.stringContaining('accepted')]);
};

/** Pushes to main, and sees the rollout succeed. */
const push = async (world: World, files: Record<string, string>): Promise<void> => {
  const { commit, end } = await world.push(files);
  const wrong = Object.values(world.statusOf(commit)).filter(({ state }) => !['success', 'pending'].includes(state));
  expect({ state: end.state, wrong }).toEqual({ state: 'success', wrong: [] });
};

/** A commit of a request's branch, which the forge knows. */
const commitOf = async (world: World, text: string): Promise<string> => {
  const { bare, commits } = world.forge;
  const files = { ...world.files, ...config(text) };
  const sha = await bare.commit({ ref: 'refs/heads/change', from: 'refs/heads/main', files });
  commits.push(sha);
  return sha;
};

const shown = async (world: World, number: number): Promise<unknown> => {
  const found = await world.cluster('dev').get(`/api/v1/namespaces/preview-${number}/configmaps/shown`);
  return found?.data;
};

/** A plugin of Argo CD's protocol, on loopback. */
const startPlugin = async () => {
  const asked: { authorization: string | undefined; body: unknown }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      asked.push({ authorization: request.headers.authorization, body });
      const known = request.method === 'POST' && request.url === '/api/v1/getparams.execute';
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
      const tags: string[] = body.input.parameters.tags;
      response.end(JSON.stringify({ output: { parameters: tags.map((tag) => ({ tag, nested: { of: tag } })) } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    asked,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};

describe('generators that ask GitHub and a plugin, on a running stack', () => {
  let world: World;
  let plugin: Awaited<ReturnType<typeof startPlugin>>;

  beforeAll(async () => {
    plugin = await startPlugin();
    const plugins = `\n  plugins:\n    - { name: images, baseUrl: '${plugin.url}', credentials: plugin }`;
    world = await startWorld({
      clusters: `${EMBEDDED}${plugins}`,
      environment: { TOWLINE_POLL_SECONDS: '86400', TOWLINE_SECRET_PLUGIN: 'plugin-token' },
      files: config('main'),
    });
  });
  afterAll(async () => {
    await world?.close();
    await plugin?.close();
  });

  const tell = async (action: string, sha: string, delivery: string): Promise<void> => {
    const repo = { id: GITHUB_NAMES.id };
    const pull = { base: { ref: 'main', sha: world.forge.commits[0], repo }, head: { ref: 'change', sha, repo } };
    const payload = githubPullRequest('acme/app', { action, repository: GITHUB_NAMES }, pull);
    await deliver(
      world,
      githubWebhook(payload, { secret: SECRETS.TOWLINE_SECRET_HOOK, delivery, event: 'pull_request' }),
    );
  };

  it('a pull request gets its application with the label, follows its commits, and loses it when it is closed', async () => {
    const generator = `{ pullRequest: { github: { api: '${world.forge.apiURL}', owner: acme, repo: app, labels: [preview] }, filters: [{ branchMatch: ^cha }] } }`;
    const first = await commitOf(world, 'first');
    world.forge.listing.pulls = [{ number: 7, branch: 'change', sha: first, labels: [] }];
    await push(world, { 'apps/previews.yaml': previewSet(world.forge.repositoryURL, generator) });
    expect(await made(world, 'preview-')).toEqual([]);

    world.forge.listing.pulls = [{ number: 7, branch: 'change', sha: first, labels: ['preview'] }];
    await tell('labeled', first, 'label-1');
    await expect.poll(() => made(world, 'preview-')).toEqual(['argocd/preview-7 Synced Healthy']);
    expect(await shown(world, 7)).toEqual({ text: 'first' });

    const second = await commitOf(world, 'second');
    world.forge.listing.pulls = [{ number: 7, branch: 'change', sha: second, labels: ['preview'] }];
    await tell('synchronize', second, 'commit-1');
    await expect.poll(() => shown(world, 7)).toEqual({ text: 'second' });

    world.forge.listing.pulls = [];
    await tell('closed', second, 'close-1');
    await expect.poll(() => made(world, 'preview-')).toEqual([]);
    await expect.poll(() => shown(world, 7)).toBeUndefined();
  });

  it('an organization’s repositories become applications, those with the path and the topic', async () => {
    world.forge.listing.repositories = [
      { name: 'svc-a', topics: ['service'], paths: ['deploy'] },
      { name: 'svc-b', topics: ['service'], paths: [] },
      { name: 'site', topics: [], paths: ['deploy'] },
    ];
    const generator = `{ scmProvider: { github: { api: '${world.forge.apiURL}', organization: acme }, cloneProtocol: https, filters: [{ labelMatch: ^service$, pathsExist: [deploy] }] } }`;
    const text = setYaml(
      'services',
      generator,
      template('{{.repository}}-{{.short_sha_7}}', world.forge.repositoryURL),
    );
    await push(world, { 'apps/services.yaml': text });
    expect(await made(world, 'svc-')).toEqual(['argocd/svc-a-aaaaaaa Synced Healthy']);
  });

  it('a plugin is asked with its token and what the set says, and again when that changes', async () => {
    const text = (tags: string): string =>
      setYaml(
        'images',
        `{ plugin: { configMapRef: { name: images }, input: { parameters: { tags: ${tags} } } } }`,
        template('image-{{.tag}}-{{.nested.of}}', world.forge.repositoryURL),
      );
    await push(world, { 'apps/images.yaml': text('[one, two]') });
    expect(await made(world, 'image-')).toEqual([
      'argocd/image-one-one Synced Healthy',
      'argocd/image-two-two Synced Healthy',
    ]);
    expect(plugin.asked[0]).toEqual({
      authorization: 'Bearer plugin-token',
      body: { applicationSetName: 'images', input: { parameters: { tags: ['one', 'two'] } } },
    });
    await push(world, { 'apps/images.yaml': text('[two]') });
    await expect.poll(() => made(world, 'image-')).toEqual(['argocd/image-two-two Synced Healthy']);
  });
});

describe('generators that ask GitLab, on a running stack', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ kind: 'gitlab', files: config('main') });
  });
  afterAll(() => world?.close());

  it('a merge request gets its application with the label, and loses it when it is closed', async () => {
    const generator = `{ pullRequest: { gitlab: { api: '${new URL(world.forge.apiURL).origin}', project: acme/team/app, labels: [preview], pullRequestState: opened } } }`;
    const sha = await commitOf(world, 'offered');
    world.forge.listing.pulls = [{ number: 7, branch: 'change', sha, labels: [] }];
    await push(world, { 'apps/previews.yaml': previewSet(world.forge.repositoryURL, generator) });
    expect(await made(world, 'preview-')).toEqual([]);

    const tell = async (action: string, key: string, changes?: object): Promise<void> => {
      const payload = gitlabMergeRequest(
        'acme/team/app',
        { action, last_commit: { id: sha }, source_branch: 'change' },
        { project: GITLAB_NAMES, ...(changes ? { changes } : {}) },
      );
      await deliver(
        world,
        gitlabWebhook(payload, { token: SECRETS.TOWLINE_SECRET_HOOK, event: 'Merge Request Hook', key }),
      );
    };
    world.forge.listing.pulls = [{ number: 7, branch: 'change', sha, labels: ['preview'] }];
    await tell('update', 'label-1', { labels: { previous: [], current: [{ title: 'preview' }] } });
    await expect.poll(() => made(world, 'preview-')).toEqual(['argocd/preview-7 Synced Healthy']);
    expect(await shown(world, 7)).toEqual({ text: 'offered' });

    world.forge.listing.pulls = [];
    await tell('close', 'close-1');
    await expect.poll(() => made(world, 'preview-')).toEqual([]);
    await expect.poll(() => shown(world, 7)).toBeUndefined();
  });
});
