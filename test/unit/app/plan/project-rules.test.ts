import { describe, expect, it } from 'vitest';
import {
  applicationYaml,
  configMapYaml,
  createMemoryStack,
  MAIN,
  NARROW_PROJECT,
  REPOSITORY,
} from '../../../fakes/memory-stack.ts';

describe('what the project refuses of the rendered objects', () => {
  const narrow = NARROW_PROJECT;
  const wide = narrow.replace('namespace: web-dev', 'namespace: "*"');
  const files = {
    'apps/project.yaml': narrow,
    'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev').replace('project: default', 'project: narrow'),
    'web/config.yaml': configMapYaml('web', 'one'),
  };
  const elsewhere = configMapYaml('web', 'two').replace('name: web', 'name: web, namespace: kube-system');
  const refused = [
    'failure',
    expect.stringMatching(/web\/config\.yaml: ConfigMap kube-system\/web: project narrow .*destinations/),
  ];

  it('is told while the cluster is down', async () => {
    const stack = await createMemoryStack();
    stack.unreachable.add('dev');
    const commit = await stack.push({ ...files, 'web/config.yaml': elsewhere });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(refused);
    expect(stack.statusOf(commit)['towline/render']).toEqual(['success', '1 application rendered']);
  });

  it('is told while somebody holds the application', async () => {
    const stack = await createMemoryStack();
    await stack.push(files);
    await stack.settle();
    const row = stack.applications.rows.get('argocd/web-dev');
    if (!row) throw new Error('no row');
    const lease = { owner: 'somebody', until: stack.time.now + 900_000 };
    await stack.applications.save({ ...row, lease });
    const commit = await stack.push({ 'web/config.yaml': elsewhere });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(refused);
    expect(stack.applications.rows.get('argocd/web-dev')?.lease).toEqual(lease);
  });

  it('is told of what had been rendered before, too, and syncs once the project permits it', async () => {
    const stack = await createMemoryStack();
    await stack.push({ ...files, 'apps/project.yaml': wide, 'web/config.yaml': elsewhere });
    await stack.settle();
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'one') });
    await stack.settle();
    stack.unreachable.add('dev');
    const commit = await stack.push({ 'apps/project.yaml': narrow, 'web/config.yaml': elsewhere });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual([
      'failure',
      expect.stringContaining('ConfigMap kube-system/web: project narrow'),
    ]);
    stack.unreachable.clear();
    const mended = await stack.push({
      'apps/project.yaml': wide,
      'web/config.yaml': elsewhere.replace('two', 'three'),
    });
    await stack.settle();
    expect(stack.statusOf(mended)['towline/dev']?.[0]).toBe('success');
  });

  it('needs no cluster, no worker and no render where the objects are known already', async () => {
    const stack = await createMemoryStack();
    await stack.push({ ...files, 'apps/project.yaml': wide, 'web/config.yaml': elsewhere });
    await stack.settle();
    stack.unreachable.add('dev');
    const renders = stack.events.seen.filter(({ event }) => event === 'render').length;
    const commit = await stack.push({ 'apps/project.yaml': narrow });
    await stack.handlers.changes({ version: 1, repository: REPOSITORY, ref: MAIN, cause: 'push', commit });
    expect(stack.applications.rows.get('argocd/web-dev')?.desired?.error).toMatchObject({
      code: 'object-not-permitted',
      message: expect.stringContaining('ConfigMap kube-system/web: project narrow'),
    });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual([
      'failure',
      expect.stringContaining('ConfigMap kube-system/web: project narrow'),
    ]);
    expect(stack.events.seen.filter(({ event }) => event === 'render').length).toBe(renders);
  });

  it('goes once the project alone is mended, whoever had refused it', async () => {
    const stack = await createMemoryStack();
    const first = await stack.push({ ...files, 'web/config.yaml': elsewhere });
    await stack.settle();
    expect(stack.statusOf(first)['towline/dev']).toEqual(refused);
    const mended = await stack.push({ 'apps/project.yaml': wide });
    await stack.settle();
    expect(stack.statusOf(mended)['towline/dev']).toEqual(['success', '1/1 synced']);
    expect(stack.clusters.dev.objects.has('/ConfigMap/kube-system/web')).toBe(true);
  });

  it('is tried again with the new rules where only the cluster could tell, and a rule of syncs alone plans nothing', async () => {
    const stack = await createMemoryStack();
    const type = { group: 'example.com', version: 'v1', kind: 'Widget', resource: 'widgets', namespaced: true };
    stack.clusters.dev.addType({ ...type, verbs: ['create', 'delete', 'get', 'list', 'patch', 'update'] });
    const custom = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: one }\n';
    const kinds = "  namespaceResourceWhitelist: [{ group: '', kind: '*' }]\n";
    const first = await stack.push({
      ...files,
      'apps/project.yaml': `${narrow}${kinds}  clusterResourceWhitelist: [{ group: '*', kind: '*' }]\n`,
      'web/widget.yaml': custom,
    });
    await stack.settle();
    expect(stack.statusOf(first)['towline/dev']).toEqual(['failure', expect.stringContaining('Widget')]);
    const mended = await stack.push({ 'apps/project.yaml': narrow });
    await stack.settle();
    expect(stack.statusOf(mended)['towline/dev']).toEqual(['success', '1/1 synced']);
    const described = await stack.push({ 'apps/project.yaml': `${narrow}  description: the web team\n` });
    await stack.settle();
    expect(stack.statusOf(described)['towline/dev']).toEqual(['success', 'no applications affected']);
  });

  it('leaves alone what other rules permit just as well', async () => {
    const stack = await createMemoryStack();
    await stack.push(files);
    await stack.settle();
    const writes = stack.clusters.dev.writes().length;
    const commit = await stack.push({ 'apps/project.yaml': wide });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', 'no applications affected']);
    expect(stack.clusters.dev.writes()).toHaveLength(writes);
  });

  it('is asked of whoever syncs where it is not known what a render holds', async () => {
    const stack = await createMemoryStack();
    await stack.push({ ...files, 'apps/project.yaml': wide, 'web/config.yaml': elsewhere });
    await stack.settle();
    for (const { kinds: _unknown, ...row } of stack.renders.rows.values()) await stack.renders.save(row);
    const commit = await stack.push({ 'apps/project.yaml': narrow });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual([
      'failure',
      expect.stringContaining('ConfigMap kube-system/web: project narrow'),
    ]);
  });
});
