import { describe, expect, it } from 'vitest';
import { voidLeases } from '../../../src/local/void-leases.ts';
import { applicationYaml, configMapYaml, createMemoryStack, NARROW_PROJECT } from '../../fakes/memory-stack.ts';

const twoApplications = {
  'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev'),
  'apps/web-prod.yaml': applicationYaml('web-prod', 'web', 'prod'),
  'apps/api-dev.yaml': applicationYaml('api-dev', 'api', 'dev'),
  'web/config.yaml': configMapYaml('web', 'one'),
  'api/config.yaml': configMapYaml('api', 'one'),
};

const live = (
  stack: Awaited<ReturnType<typeof createMemoryStack>>,
  cluster: 'dev' | 'prod',
  namespace: string,
  name: string,
) => stack.clusters[cluster].objects.get(`/ConfigMap/${namespace}/${name}`);

describe('a push, end to end over memory', () => {
  it('applies every application of a new fleet and ends with one success per environment', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push(twoApplications);
    await stack.settle();
    expect(live(stack, 'dev', 'web-dev', 'web')).toMatchObject({ data: { value: 'one' } });
    expect(live(stack, 'prod', 'web-prod', 'web')).toMatchObject({ data: { value: 'one' } });
    expect(stack.statusOf(commit)).toEqual({
      'towline/render': ['success', '3 applications rendered'],
      'towline/dev': ['success', '2/2 synced'],
      'towline/prod': ['success', '1/1 synced'],
    });
    expect(stack.statuses[0]).toMatchObject({ commit, state: 'pending' });
    expect(stack.chat).toHaveLength(1);
    expect(
      [...stack.applications.rows.values()].every(({ due, lease }) => due === undefined && lease === undefined),
    ).toBe(true);
    expect([...stack.rollouts.rows.values()].every(({ due }) => due === undefined)).toBe(true);
  });

  it('sends nothing of a new fleet before its projects are live, which sync reads', async () => {
    const stack = await createMemoryStack();
    const { renders } = stack.queues;
    const projects: string[][] = [];
    stack.queues.renders = (messages, options) => {
      projects.push([...stack.fleets.rows.values()].flatMap((fleet) => fleet.projects.map(({ name }) => name)));
      return renders(messages, options);
    };
    await stack.push(twoApplications);
    await stack.settle();
    expect(projects.length).toBeGreaterThan(0);
    for (const names of projects) expect(names).toContain('default');
  });

  it('renders and applies exactly what a changed file bears on, and touches nothing else', async () => {
    const stack = await createMemoryStack();
    await stack.push(twoApplications);
    await stack.settle();
    const before = live(stack, 'dev', 'api-dev', 'api')?.metadata.resourceVersion;
    const renders = stack.events.seen.filter(({ event }) => event === 'render').length;
    const commit = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    expect(live(stack, 'dev', 'web-dev', 'web')).toMatchObject({ data: { value: 'two' } });
    expect(live(stack, 'dev', 'api-dev', 'api')?.metadata.resourceVersion).toBe(before);
    // Both web applications share one render.
    expect(stack.events.seen.filter(({ event }) => event === 'render').length - renders).toBe(1);
    expect(stack.statusOf(commit)).toEqual({
      'towline/render': ['success', '2 applications rendered'],
      'towline/dev': ['success', '1/1 synced'],
      'towline/prod': ['success', '1/1 synced'],
    });
  });

  it('says so where a commit affects nothing', async () => {
    const stack = await createMemoryStack();
    await stack.push(twoApplications);
    await stack.settle();
    const commit = await stack.push({ 'README.md': 'hello' });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', 'no applications affected']);
  });

  it('prunes what is gone from Git, and only that', async () => {
    const stack = await createMemoryStack();
    await stack.push({ ...twoApplications, 'web/extra.yaml': configMapYaml('extra', 'x') });
    await stack.settle();
    expect(live(stack, 'dev', 'web-dev', 'extra')).toBeDefined();
    await stack.push({ 'web/extra.yaml': null });
    await stack.settle();
    expect(live(stack, 'dev', 'web-dev', 'extra')).toBeUndefined();
    expect(live(stack, 'dev', 'web-dev', 'web')).toBeDefined();
  });

  it.each([
    ['a broken manifest', { 'web/config.yaml': 'apiVersion: v1\nkind: [\nmetadata: {}\n' }, /web\/config\.yaml/],
    ['a missing path', { 'web/config.yaml': null }, /web/],
    ['an unknown cluster', { 'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'nowhere') }, /nowhere/],
    ['broken Application YAML', { 'apps/web-dev.yaml': 'a: [\n' }, /apps\/web-dev\.yaml/],
    [
      'a wrong field type',
      { 'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev').replace('project: default', 'project: [1]') },
      /spec\.project/,
    ],
  ])(
    'fails the commit for %s, naming it, lets the others go on, and the fix goes green',
    async (_name, broken, cause) => {
      const stack = await createMemoryStack();
      await stack.push(twoApplications);
      await stack.settle();
      const bad = await stack.push({ ...broken, 'api/config.yaml': configMapYaml('api', 'two') });
      await stack.settle();
      const [state, description] = stack.statusOf(bad)['towline/dev'] ?? [];
      expect(state).toBe('failure');
      expect(description).toMatch(cause);
      const rendering = stack.statusOf(bad)['towline/render'] ?? [];
      expect(rendering).toEqual(['failure', expect.stringMatching(cause)]);
      expect(live(stack, 'dev', 'api-dev', 'api')).toMatchObject({ data: { value: 'two' } });
      expect(live(stack, 'dev', 'web-dev', 'web')).toMatchObject({ data: { value: 'one' } });
      const good = await stack.push({
        'apps/web-dev.yaml': twoApplications['apps/web-dev.yaml'],
        'web/config.yaml': configMapYaml('web', 'three'),
      });
      await stack.settle();
      expect(stack.statusOf(good)['towline/dev']?.[0]).toBe('success');
      expect(live(stack, 'dev', 'web-dev', 'web')).toMatchObject({ data: { value: 'three' } });
    },
  );

  it('refuses a namespace that the project does not permit, by the rendered object', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push({
      'apps/project.yaml': NARROW_PROJECT,
      'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev').replace('project: default', 'project: narrow'),
      'web/config.yaml': configMapYaml('web', 'one').replace('name: web', 'name: web, namespace: kube-system'),
    });
    await stack.settle();
    const [state, description] = stack.statusOf(commit)['towline/dev'] ?? [];
    expect(state).toBe('failure');
    expect(description).toMatch(/kube-system.*narrow|narrow.*kube-system/);
    expect(stack.statusOf(commit)['towline/render']).toEqual(['success', '1 application rendered']);
    expect(stack.clusters.dev.writes()).toEqual([]);
  });

  it('has a commit’s project rules live before anything of it can be synced', async () => {
    const stack = await createMemoryStack();
    const live = async (): Promise<string[]> =>
      ((await stack.fleets.get('fleet'))?.projects ?? []).map(({ name }) => name);
    const seen: string[][] = [];
    const { save } = stack.applications;
    stack.applications.save = async (row) => {
      seen.push(await live());
      return save(row);
    };
    await stack.push(twoApplications);
    await stack.settle();
    expect(new Set(seen.map((names) => names.join()))).toEqual(new Set(['default']));
  });

  it('keeps what a Secret holds in its bundle and its manifests, and nowhere else', async () => {
    const stack = await createMemoryStack();
    const messages: unknown[] = [];
    for (const name of ['changes', 'renders', 'syncs', 'reports'] as const) {
      const send = stack.queues[name] as (...sent: unknown[]) => Promise<void>;
      stack.queues[name] = (...sent: unknown[]) => {
        messages.push(sent);
        return send(...sent);
      };
    }
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: web }\nstringData: { password: canary-5d1e }\n';
    await stack.push({ ...twoApplications, 'web/secret.yaml': secret });
    await stack.settle();
    await stack.push({ 'web/secret.yaml': secret.replace('canary-5d1e }', '"canary-5d1e, [ }') });
    await stack.settle();
    expect(JSON.stringify(live(stack, 'dev', 'web-dev', 'web'))).toBeDefined();
    const holding = [...stack.blobs.blobs].flatMap(([key, bytes]) =>
      Buffer.from(bytes).includes('canary-5d1e') ? [key] : [],
    );
    expect(new Set(holding.map((key) => key.split('/')[0]))).toEqual(new Set(['bundles', 'manifests']));
    const { applications, deliveries, refs, renders, rollouts, fleets } = stack;
    const rows = [applications, deliveries, refs, renders, rollouts, fleets].map((store) => [...store.rows.values()]);
    const told = [rows, messages, stack.events.seen, stack.log.lines, stack.statuses, stack.chat];
    expect(messages.length).toBeGreaterThan(10);
    expect(JSON.stringify(told)).not.toContain('canary-5d1e');
  });

  it('makes few plans and syncs of a hundred pushes, and ends with the last', async () => {
    const stack = await createMemoryStack();
    await stack.push(twoApplications);
    await stack.settle();
    const applies = stack.clusters.dev.writes().length;
    const commits: string[] = [];
    for (let i = 0; i < 100; i++) commits.push(await stack.push({ 'web/config.yaml': configMapYaml('web', `v${i}`) }));
    await stack.settle();
    expect(live(stack, 'dev', 'web-dev', 'web')).toMatchObject({ data: { value: 'v99' } });
    expect(stack.clusters.dev.writes().length - applies).toBeLessThan(10);
    for (const commit of commits.slice(0, -1)) expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('canceled');
    expect(stack.statusOf(commits.at(-1) ?? '')['towline/dev']?.[0]).toBe('success');
  });

  it('finds a push whose webhook was lost by polling', async () => {
    const stack = await createMemoryStack();
    await stack.push(twoApplications);
    await stack.settle();
    stack.repository.commit('refs/heads/main', { 'web/config.yaml': configMapYaml('web', 'polled') });
    expect(await stack.poll()).toEqual({ changes: 1 });
    await stack.settle();
    expect(live(stack, 'dev', 'web-dev', 'web')).toMatchObject({ data: { value: 'polled' } });
    expect(await stack.poll()).toEqual({ changes: 0 });
  });

  it('waits for a person where automated sync is off', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push({
      'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev', { spec: '  syncPolicy: {}' }),
      'web/config.yaml': configMapYaml('web', 'one'),
    });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '0/1 synced · 1 waiting for a person']);
    expect(stack.clusters.dev.writes()).toEqual([]);
  });

  it('has a lost cache made again and goes on', async () => {
    const stack = await createMemoryStack();
    const first = await stack.push(twoApplications);
    // The message of the plan is delivered; everything it stored in the cache is lost before the renders run.
    const [change] = stack.sent.changes.splice(0);
    if (change) await stack.handlers.changes(change.message);
    stack.blobs.blobs.clear();
    await stack.settle();
    expect(stack.statusOf(first)['towline/dev']?.[0]).toBe('success');
    expect(live(stack, 'dev', 'web-dev', 'web')).toBeDefined();
  });

  it('does not wait for a render whose message was lost, once the row is overdue', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push(twoApplications);
    const [change] = stack.sent.changes.splice(0);
    if (change) await stack.handlers.changes(change.message);
    for (const queue of ['renders', 'syncs', 'reports'] as const) stack.sent[queue].splice(0);
    const planned = stack.time.now;
    // What a start does after a kill: the queues are gone, so all that is outstanding is due now.
    await voidLeases([stack.refs, stack.applications, stack.rollouts], planned);
    await stack.sweep();
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('success');
    expect(stack.time.now - planned).toBeLessThan(10_000);
  });

  it('ends the rollout of a lost render that is made again after a newer push, which has nothing to do with it', async () => {
    const stack = await createMemoryStack();
    await stack.push(twoApplications);
    await stack.settle();
    const first = await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    for (const { message } of stack.sent.changes.splice(0)) await stack.handlers.changes(message);
    stack.sent.renders.splice(0);
    const second = await stack.push({ 'api/config.yaml': configMapYaml('api', 'two') });
    await stack.settle();
    expect(stack.statusOf(second)['towline/prod']?.[0]).toBe('success');
    for (let i = 0; i < 5; i++) {
      stack.time.now += 61_000;
      await stack.sweep();
      await stack.settle();
    }
    expect(live(stack, 'dev', 'web-dev', 'web')).toMatchObject({ data: { value: 'two' } });
    expect(stack.statusOf(first)).toMatchObject({
      'towline/dev': ['success', '1/1 synced'],
      'towline/prod': ['success', '1/1 synced'],
    });
  });

  it('has all that several applications lost made again at once', async () => {
    const stack = await createMemoryStack();
    await stack.push(twoApplications);
    await stack.settle();
    await stack.push({
      'web/config.yaml': configMapYaml('web', 'two'),
      'api/config.yaml': configMapYaml('api', 'two'),
    });
    await stack.settle();
    stack.blobs.blobs.clear();
    // What is rendered already, by the rows; the cache has lost it, and each application asks for a plan.
    const commit = await stack.push({
      'web/config.yaml': configMapYaml('web', 'one'),
      'api/config.yaml': configMapYaml('api', 'one'),
    });
    for (const queue of ['changes', 'syncs'] as const) {
      const messages = stack.sent[queue].splice(0);
      for (const { message } of messages) await (stack.handlers[queue] as (one: unknown) => Promise<void>)(message);
    }
    const asked = stack.sent.changes.splice(0).map(({ message }) => message);
    expect(asked.flatMap((one) => ('applications' in one ? one.applications : []))).toHaveLength(3);
    await Promise.all(asked.map((message) => stack.handlers.changes(message)));
    await stack.settle();
    expect(live(stack, 'dev', 'web-dev', 'web')).toMatchObject({ data: { value: 'one' } });
    expect(live(stack, 'dev', 'api-dev', 'api')).toMatchObject({ data: { value: 'one' } });
    expect(stack.statusOf(commit)).toEqual({
      'towline/render': ['success', '3 applications rendered'],
      'towline/dev': ['success', '2/2 synced'],
      'towline/prod': ['success', '1/1 synced'],
    });
  });
});

describe('a crash', () => {
  it('between applying and telling leaves the row due, and schedule has the rollout end', async () => {
    const stack = await createMemoryStack();
    const commit = await stack.push(twoApplications);
    const record = stack.outcomes.record;
    let crashes = 3;
    stack.outcomes.record = (outcome) => (crashes-- > 0 ? Promise.reject(new Error('killed')) : record(outcome));
    await stack.settle().catch(() => undefined);
    // The process is gone, its queue with it.
    for (let i = 0; i < 10; i++) {
      for (const queue of Object.values(stack.sent)) queue.splice(0);
      stack.time.now += 200_000;
      await stack.sweep();
      await stack.settle(1).catch(() => undefined);
    }
    expect(stack.statusOf(commit)).toEqual({
      'towline/render': ['success', '3 applications rendered'],
      'towline/dev': ['success', '2/2 synced'],
      'towline/prod': ['success', '1/1 synced'],
    });
    expect([...stack.applications.rows.values()].every(({ due }) => due === undefined)).toBe(true);
  });

  it('right after a plan leaves none of the rollouts that it displaced without an end', async () => {
    const stack = await createMemoryStack();
    const plan = async (): Promise<void> => {
      for (const { message } of stack.sent.changes.splice(0)) await stack.handlers.changes(message);
      // The process is gone, its queues with it.
      for (const queue of Object.values(stack.sent)) queue.splice(0);
    };
    const { 'apps/api-dev.yaml': _api, ...web } = twoApplications;
    const commits = [await stack.push(web)];
    await plan();
    for (const value of ['two', 'three']) {
      commits.push(await stack.push({ 'web/config.yaml': configMapYaml('web', value) }));
      await plan();
    }
    // Sooner than a rollout gives up on those that never say a word.
    for (let i = 0; i < 5; i++) {
      stack.time.now += 61_000;
      await stack.sweep();
      await stack.settle(1);
    }
    expect(commits.map((commit) => stack.statusOf(commit)['towline/dev'])).toEqual([
      ['canceled', '0/1 synced · 1 superseded by a newer commit'],
      ['canceled', '0/1 synced · 1 superseded by a newer commit'],
      ['success', '1/1 synced'],
    ]);
    expect([...stack.rollouts.rows.values()].every(({ due }) => due === undefined)).toBe(true);
  });
});
