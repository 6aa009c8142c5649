import { beforeEach, describe, expect, it } from 'vitest';
import { transient } from '../../../src/domain/errors.ts';
import type { PreviewMessage } from '../../../src/messages/preview.ts';
import {
  applicationYaml,
  configMapYaml,
  createMemoryStack,
  MAIN,
  NARROW_PROJECT,
  projectYaml,
  REPOSITORY,
} from '../../fakes/memory-stack.ts';

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;

const PULL = 'refs/pull/7/head';
let stack: Stack;
let opened: number;

beforeEach(async () => {
  stack = await createMemoryStack();
  await stack.push({
    'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev'),
    'apps/web-prod.yaml': applicationYaml('web-prod', 'web', 'prod'),
    'apps/api.yaml': applicationYaml('api', 'api', 'dev'),
    'web/config.yaml': configMapYaml('web', 'one'),
    'web/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: web }\nstringData: { password: canary-1 }\n',
    'api/config.yaml': configMapYaml('api', 'one'),
  });
  await stack.settle();
  opened = stack.statuses.length;
});

const request = async (files: Record<string, string | null>, more: Partial<PreviewMessage> = {}): Promise<string> => {
  if (!stack.repository.heads().has(PULL)) stack.repository.move(PULL, stack.repository.heads().get(MAIN));
  const commit = stack.repository.commit(PULL, files);
  const head = { ref: 'refs/heads/change', commit };
  const base = { ref: MAIN };
  const message: PreviewMessage = {
    version: 1,
    repository: REPOSITORY,
    number: 7,
    action: 'opened',
    base,
    head,
    fork: false,
    labels: [],
  };
  await stack.queues.changes([{ ...message, ...more }]);
  await stack.settle();
  return commit;
};
const said = () =>
  stack.statuses.slice(opened).map(({ commit, context, state, description }) => [commit, context, state, description]);
const comment = () => stack.comments.at(-1)?.body ?? '';

describe('a pull request', () => {
  it('shows what merging would change, once for all that change alike, and syncs nothing', async () => {
    const writes = [stack.clusters.dev, stack.clusters.prod].map((cluster) => cluster.writes().length);
    const rows = structuredClone(stack.applications.rows);
    const commit = await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    expect(said()).toEqual([
      [commit, 'towline/render', 'pending', 'rendering'],
      [commit, 'towline/policy', 'pending', 'rendering'],
      [commit, 'towline/render', 'success', '2 applications change: +0 ~2 −0 objects'],
      [commit, 'towline/policy', 'success', 'permitted by the projects'],
    ]);
    expect(stack.comments).toHaveLength(1);
    expect(comment()).toContain('`argocd/web-dev@dev`, `argocd/web-prod@prod` (same on 2 clusters)');
    expect(comment()).toContain('- data.value: one\n+ data.value: two');
    expect([stack.clusters.dev, stack.clusters.prod].map((cluster) => cluster.writes().length)).toEqual(writes);
    expect(stack.applications.rows).toEqual(rows);
    expect([...stack.previews.rows.values()].every(({ due }) => due === undefined)).toBe(true);
  });

  it('renders once what both share, and what merging it needs is rendered then', async () => {
    const renders = () => stack.events.seen.filter(({ event }) => event === 'render').length;
    const before = renders();
    await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    expect(renders() - before).toBe(1);
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    expect(renders() - before).toBe(1);
  });

  it('edits its comment in place as commits come, down to one line where nothing is left', async () => {
    await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    await request({ 'web/config.yaml': configMapYaml('web', 'three') }, { action: 'updated' });
    expect(stack.comments).toMatchObject([{ number: 7, edits: 1 }]);
    expect(comment()).toContain('+ data.value: three');
    const commit = await request({ 'web/config.yaml': configMapYaml('web', 'one') }, { action: 'updated' });
    expect(stack.comments).toMatchObject([{ edits: 2 }]);
    expect(comment().split('\n')).toHaveLength(2);
    expect(said().at(-2)).toEqual([commit, 'towline/render', 'success', 'no changes']);
  });

  it('without any effect gets two statuses and no comment', async () => {
    await request({ 'README.md': 'hello' });
    expect(said().map(([, context, state]) => `${context} ${state}`)).toEqual([
      'towline/render success',
      'towline/policy success',
    ]);
    expect(stack.comments).toEqual([]);
  });

  it('shows which keys of a Secret change, and no value anywhere', async () => {
    await request({
      'web/secret.yaml':
        'apiVersion: v1\nkind: Secret\nmetadata: { name: web }\nstringData: { password: canary-22, more: canary-3 }\n',
    });
    expect(comment()).toContain('+ data["more"]: (hidden)\n- data["password"]: (hidden)\n+ data["password"]: (hidden)');
    expect(comment()).toContain('a Secret is touched');
    const previews = [...stack.blobs.blobs]
      .filter(([key]) => key.startsWith('previews/'))
      .map(([, bytes]) => Buffer.from(bytes).toString());
    for (const text of [
      ...previews,
      JSON.stringify([...stack.previews.rows.values()]),
      comment(),
      JSON.stringify(said()),
    ]) {
      expect(text).not.toContain('canary');
      expect(text).not.toContain(Buffer.from('canary-22').toString('base64'));
    }
  });

  it.each([
    [
      'a manifest that does not parse',
      { 'web/config.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n' },
      /argocd\/web-dev@dev: web\/config\.yaml/,
    ],
    ['a path that is gone', { 'api/config.yaml': null }, /argocd\/api@dev: /],
    ['an Application that does not parse', { 'apps/api.yaml': 'a: [\n' }, /apps\/api\.yaml/],
  ])('with %s fails render, naming it', async (_, files, cause) => {
    await request(files);
    const [, , state, description] = said().findLast(([, context]) => context === 'towline/render') ?? [];
    expect([state, description]).toEqual(['failure', expect.stringMatching(cause)]);
    expect(comment()).toContain('**Would fail**');
  });

  it('that a project does not permit fails policy', async () => {
    await request({
      'apps/project.yaml': NARROW_PROJECT,
      'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev').replace('project: default', 'project: narrow'),
      'web/config.yaml': configMapYaml('web', 'one').replace('name: web', 'name: web, namespace: kube-system'),
    });
    const [, , state, description] = said().findLast(([, context]) => context === 'towline/policy') ?? [];
    expect([state, description]).toEqual(['failure', expect.stringMatching(/kube-system/)]);
    expect(comment()).toContain('**Not permitted**');
    expect(comment()).toContain('- project: default\n+ project: narrow');
  });

  it('that narrows a project fails policy for what it would refuse, though nothing renders otherwise', async () => {
    await request({ 'apps/project.yaml': projectYaml('default', '  description: all that there is') });
    const policy = () => said().findLast(([, context]) => context === 'towline/policy');
    expect(policy()?.slice(2)).toEqual(['success', 'permitted by the projects']);
    const refuse = "  namespaceResourceBlacklist: [{ group: '', kind: ConfigMap }]";
    await request({ 'apps/project.yaml': projectYaml('default', refuse) });
    expect(policy()?.slice(2)).toEqual(['failure', expect.stringContaining('namespaceResourceBlacklist')]);
    expect(comment()).toContain('**Not permitted**');
  });

  it('shows applications that come and go with all their objects', async () => {
    await request({ 'apps/api.yaml': null, 'apps/new.yaml': applicationYaml('new', 'api', 'prod') });
    expect(comment()).toContain('− `ConfigMap api`');
    expect(comment()).toContain('ConfigMap is deleted');
    expect(comment()).toContain('+ `ConfigMap api`');
  });

  it('is compared with where its branch left the base', async () => {
    const left = stack.repository.heads().get(MAIN) ?? '';
    stack.repository.mergeBase = () => Promise.resolve(left);
    stack.repository.move(PULL, left);
    await stack.push({ 'api/config.yaml': configMapYaml('api', 'two') });
    await stack.settle();
    opened = stack.statuses.length;
    await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    expect(comment()).toContain('data.value: two');
    expect(comment()).not.toContain('argocd/api');
  });

  it('is previewed at its newest commit, however late an older message comes', async () => {
    const first = await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    const newest = await request({ 'web/config.yaml': configMapYaml('web', 'three') }, { action: 'updated' });
    const count = stack.statuses.length;
    const head = { ref: 'refs/heads/change', commit: first };
    await stack.queues.changes([
      {
        version: 1,
        repository: REPOSITORY,
        number: 7,
        action: 'opened',
        base: { ref: MAIN },
        head,
        fork: false,
        labels: [],
      },
    ]);
    await stack.settle();
    expect(stack.statuses.length).toBe(count);
    expect([...stack.previews.rows.values()]).toMatchObject([{ commit: newest, state: 'done' }]);
  });

  it('that is closed is left alone', async () => {
    await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    const count = stack.statuses.length;
    await request({ 'web/config.yaml': configMapYaml('web', 'three') }, { action: 'closed' });
    expect(stack.statuses.length).toBe(count);
    expect([...stack.previews.rows.values()]).toMatchObject([{ state: 'closed' }]);
  });

  it('hears of it when the forge is back, each state once', async () => {
    stack.down.forge = () => transient('forge-unreachable', 'GitHub answered 503');
    const commit = await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    for (let minute = 0; minute < 30; minute++) {
      stack.time.now += 60_000;
      await stack.sweep();
      await stack.settle();
    }
    expect(said()).toEqual([]);
    stack.down.forge = undefined;
    for (let minute = 0; minute < 7; minute++) {
      stack.time.now += 60_000;
      await stack.sweep();
      await stack.settle();
    }
    expect(said().map(([sha, context, state]) => [sha, context, state])).toEqual([
      [commit, 'towline/render', 'success'],
      [commit, 'towline/policy', 'success'],
    ]);
    expect(stack.comments).toHaveLength(1);
    expect([...stack.previews.rows.values()].every(({ due }) => due === undefined)).toBe(true);
  });

  it('has each state once, also where the forge’s answers are lost', async () => {
    let answers = 0;
    stack.down.lost = () => (++answers % 2 === 1 ? transient('forge-unreachable', 'GitHub did not answer') : undefined);
    const commit = await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    for (let minute = 0; minute < 20; minute++) {
      stack.time.now += 60_000;
      await stack.sweep();
      await stack.settle();
    }
    const ends = said().flatMap(([sha, context, state]) => (sha === commit && state !== 'pending' ? [context] : []));
    expect(ends.toSorted()).toEqual(['towline/policy', 'towline/render']);
    expect(new Set(said().map(([, context, state]) => `${context} ${state}`)).size).toBe(said().length);
    expect(answers).toBeGreaterThan(1);
  });
});

describe('a fork', () => {
  it('is read without any credentials', async () => {
    const before = stack.opened.length;
    await request({ 'web/config.yaml': configMapYaml('web', 'two') }, { fork: true });
    const during = stack.opened.slice(before);
    expect(during.length).toBeGreaterThan(0);
    expect(during.filter(({ credentials }) => credentials !== undefined)).toEqual([]);
    expect(comment()).toContain('+ data.value: two');
  });

  it('of the repository itself is read with them', async () => {
    const before = stack.opened.length;
    await request({ 'web/config.yaml': configMapYaml('web', 'two') });
    expect(stack.opened.slice(before).every(({ credentials }) => credentials === 'token')).toBe(true);
  });
});

describe('a preview whose process is killed', () => {
  it('is taken up by schedule', async () => {
    stack.repository.move(PULL, stack.repository.heads().get(MAIN));
    const store = stack.blobs.put;
    stack.blobs.put = (key, bytes) =>
      key.startsWith('previews/') ? Promise.reject(new Error('killed')) : store(key, bytes);
    await request({ 'web/config.yaml': configMapYaml('web', 'two') }).catch(() => undefined);
    stack.blobs.put = store;
    for (const queue of Object.values(stack.sent)) queue.splice(0);
    for (let minute = 0; minute < 3; minute++) {
      stack.time.now += 60_000;
      await stack.sweep();
      await stack.settle();
    }
    expect(
      said()
        .map(([, context, state]) => `${context} ${state}`)
        .slice(-2),
    ).toEqual(['towline/render success', 'towline/policy success']);
    expect(comment()).toContain('+ data.value: two');
  });
});
