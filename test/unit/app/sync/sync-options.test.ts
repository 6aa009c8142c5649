import { beforeEach, describe, expect, it } from 'vitest';
import { permanent } from '../../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
beforeEach(async () => {
  stack = await createMemoryStack();
});

const row = () => stack.applications.rows.get('argocd/web') ?? expect.fail('no such application');
const cluster = () => stack.clusters.dev;
const object = (name = 'web') => cluster().objects.get(`/ConfigMap/web/${name}`);
const options = (words: string, more = '') =>
  `  syncPolicy: { automated: { prune: true }, syncOptions: [CreateNamespace=true, ${words}]${more} }\n`;
const annotated = (name: string, words: string, value = 'one') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, annotations: { argocd.argoproj.io/sync-options: "${words}" } }\ndata: { value: "${value}" }\n`;
const start = async (files: Record<string, string>, spec: string): Promise<void> => {
  await stack.push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev', { spec }), ...files });
  await stack.settle();
};
const push = async (files: Record<string, string | null>): Promise<void> => {
  await stack.push(files as Record<string, string>);
  await stack.settle();
};
const edit = (data: Record<string, string>): void => {
  const live = object() ?? expect.fail('not applied');
  cluster().put({ ...live, data });
};
const written = (verb: string) =>
  cluster()
    .calls.filter((call) => call.verb === verb && !call.options?.dryRun)
    .map(({ ref }) => ref?.name);

describe('an application’s sync options', () => {
  it('ApplyOutOfSyncOnly applies only what differs', async () => {
    const files = { 'web/a.yaml': configMapYaml('web', 'one'), 'web/b.yaml': configMapYaml('other', 'one') };
    await start(files, options('ApplyOutOfSyncOnly=true'));
    cluster().calls.splice(0);
    await push({ 'web/a.yaml': configMapYaml('web', 'two') });
    expect(written('apply')).toEqual(['web']);
    expect(row()).toMatchObject({ sync: 'Synced', applied: { generation: 2 } });
  });

  it('without it everything is applied', async () => {
    const files = { 'web/a.yaml': configMapYaml('web', 'one'), 'web/b.yaml': configMapYaml('other', 'one') };
    await start(files, options('PruneLast=true'));
    cluster().calls.splice(0);
    await push({ 'web/a.yaml': configMapYaml('web', 'two') });
    expect(written('apply').toSorted()).toEqual(['other', 'web']);
  });

  const ignore = '  ignoreDifferences: [{ kind: ConfigMap, jsonPointers: [/data/value] }]\n';
  const extra = (value: string, more: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { value: "${value}", more: "${more}" }\n`;

  it('RespectIgnoreDifferences leaves ignored fields as the cluster has them', async () => {
    await start({ 'web/a.yaml': extra('one', 'a') }, options('RespectIgnoreDifferences=true') + ignore);
    edit({ value: 'theirs', more: 'a' });
    await push({ 'web/a.yaml': extra('two', 'b') });
    expect(object()?.['data']).toEqual({ value: 'theirs', more: 'b' });
  });

  it('without it a sync overwrites them', async () => {
    await start({ 'web/a.yaml': extra('one', 'a') }, options('PruneLast=true') + ignore);
    edit({ value: 'theirs', more: 'a' });
    await push({ 'web/a.yaml': extra('two', 'b') });
    expect(object()?.['data']).toEqual({ value: 'two', more: 'b' });
  });

  it('FailOnSharedResource refuses what another application has', async () => {
    const metadata = {
      name: 'web',
      namespace: 'web',
      annotations: { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:web/web' },
    };
    cluster().put({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    await start({ 'web/a.yaml': configMapYaml('web', 'one') }, options('FailOnSharedResource=true'));
    expect(row().operation).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('belongs to application other') as string,
    });
  });

  it.each([
    ['PrunePropagationPolicy=background', 'Background'],
    ['PrunePropagationPolicy=foreground', 'Foreground'],
    ['PrunePropagationPolicy=orphan', 'Orphan'],
    ['PruneLast=true', 'Foreground'],
  ])('%s: deletions are %s', async (word, propagationPolicy) => {
    await start({ 'web/a.yaml': configMapYaml('web', 'one'), 'web/b.yaml': configMapYaml('b', 'one') }, options(word));
    await push({ 'web/b.yaml': null });
    expect(cluster().calls.find(({ verb }) => verb === 'delete')?.options).toMatchObject({
      propagationPolicy,
    });
  });

  it('PruneLast on the application deletes after what a later wave applies', async () => {
    const late = `${configMapYaml('late', 'one')}`.replace(
      '{ name: late }',
      '{ name: late, annotations: { argocd.argoproj.io/sync-wave: "5" } }',
    );
    await start(
      { 'web/a.yaml': configMapYaml('web', 'one'), 'web/b.yaml': configMapYaml('b', 'one') },
      options('PruneLast=true'),
    );
    cluster().calls.splice(0);
    await push({ 'web/b.yaml': null, 'web/late.yaml': late });
    await stack.settle(10);
    const order = cluster()
      .writes()
      .map(({ verb, ref }) => `${verb} ${ref?.name}`);
    expect(order.at(-1)).toBe('delete b');
    expect(order).toContain('apply late');
  });

  it('Prune=false on the application keeps what leaves Git', async () => {
    await start(
      { 'web/a.yaml': configMapYaml('web', 'one'), 'web/b.yaml': configMapYaml('kept', 'one') },
      options('Prune=false'),
    );
    await push({ 'web/b.yaml': null });
    expect(object('kept')).toBeDefined();
  });

  it('managedNamespaceMetadata is on the namespace that CreateNamespace makes', async () => {
    const more = ', managedNamespaceMetadata: { labels: { team: web } }';
    await start({ 'web/a.yaml': configMapYaml('web', 'one') }, options('PruneLast=true', more));
    expect(cluster().objects.get('/Namespace//web')?.metadata.labels).toMatchObject({ team: 'web' });
  });

  it.each([
    ['ClientSideApplyMigration=true', true],
    ['ClientSideApplyMigration=false', false],
  ])('%s: fields of kubectl move: %s', async (word, moves) => {
    const managedFields = [
      {
        manager: 'kubectl-client-side-apply',
        operation: 'Update' as const,
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:old': {} } },
      },
    ];
    cluster().put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'web', managedFields },
      data: { old: '1' },
    });
    await start({ 'web/a.yaml': configMapYaml('web', 'one') }, options(word));
    expect(written('patch').length > 0).toBe(moves);
  });
});

describe('an object’s sync options', () => {
  it('Replace=true replaces it, on application or object', async () => {
    await start({ 'web/a.yaml': annotated('web', 'Replace=true') }, options('PruneLast=true'));
    cluster().calls.splice(0);
    await push({ 'web/a.yaml': annotated('web', 'Replace=true', 'two') });
    expect(written('replace')).toEqual(['web']);
    await push({
      'apps/web.yaml': applicationYaml('web', 'web', 'dev', { spec: options('Replace=true') }),
      'web/a.yaml': configMapYaml('web', 'three'),
    });
    expect(written('replace')).toEqual(['web', 'web']);
    expect(object()?.['data']).toEqual({ value: 'three' });
  });

  it('Force=true with Replace=true makes it anew', async () => {
    await start({ 'web/a.yaml': annotated('web', 'Replace=true,Force=true') }, options('PruneLast=true'));
    const before = object()?.metadata.uid;
    await push({ 'web/a.yaml': annotated('web', 'Replace=true,Force=true', 'two') });
    await stack.settle(10);
    expect(object()?.['data']).toEqual({ value: 'two' });
    expect(object()?.metadata.uid).not.toBe(before);
  });

  it('what cannot be typed is refused with its cure', async () => {
    const reason = 'ConfigMap web/web: .datum: field not declared in schema';
    cluster().failNext('apply', permanent('apply-invalid', reason, { details: { untyped: true } }));
    await start({ 'web/a.yaml': configMapYaml('web', 'one') }, options('PruneLast=true'));
    expect(row().operation?.message).toContain(
      `${reason}; correct the field, or give the object the sync option ServerSideApply=false`,
    );
  });

  const clientSide = { validate: true };
  const unvalidated = { validate: false };
  it.each([
    ['nothing said', 'PruneLast=true', 'PruneLast=true', undefined],
    ['on the application', 'ServerSideApply=false', 'PruneLast=true', clientSide],
    ['on the object', 'PruneLast=true', 'ServerSideApply=false', clientSide],
    ['the object against its application', 'ServerSideApply=false', 'ServerSideApply=true', undefined],
    ['the application’s Validate=false', 'Validate=false', 'PruneLast=true', unvalidated],
    ['the object’s Validate=false', 'PruneLast=true', 'Validate=false', unvalidated],
    ['the object’s Validate=true against its application', 'Validate=false', 'Validate=true', undefined],
    ['Validate=true says nothing of the way', 'ServerSideApply=false', 'Validate=true', clientSide],
    ['both on the object', 'PruneLast=true', 'ServerSideApply=true,Validate=false', undefined],
  ])('ServerSideApply and Validate: %s', async (_, application, own, expected) => {
    await start({ 'web/a.yaml': annotated('web', own), 'web/b.yaml': annotated('b', own) }, options(application));
    const applies = cluster().calls.filter(({ verb, ref }) => verb === 'apply' && ref?.kind === 'ConfigMap');
    expect(applies.map((call) => call.options?.dryRun ?? false).toSorted()).toEqual([false, false, true, true]);
    for (const call of applies) expect(call.options?.clientSide).toEqual(expected);
    expect(row().sync).toBe('Synced');
  });

  it('ServerSideApply=false: a field that leaves Git leaves the cluster, and nothing is written at rest', async () => {
    const map = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { ${data} }\n`;
    await start({ 'web/a.yaml': map('a: "1", b: "2"') }, options('ServerSideApply=false'));
    edit({ ...Object(object()?.['data']), c: '3' });
    await push({ 'web/a.yaml': map('b: "2"') });
    expect(object()?.['data']).toEqual({ b: '2', c: '3' });
    const version = object()?.metadata.resourceVersion;
    await push({ 'web/a.yaml': map('b: "2"'), 'web/z.yaml': configMapYaml('z', 'one') });
    expect(object()?.metadata.resourceVersion).toBe(version);
  });

  it('ServerSideApply=false: nobody’s fields are taken over, and those of kubectl are no difference', async () => {
    await start({ 'web/a.yaml': configMapYaml('web', 'one') }, options('ServerSideApply=false'));
    expect(written('patch')).toEqual([]);
    await push({ 'web/a.yaml': configMapYaml('web', 'two') });
    expect(object()?.metadata.managedFields).toMatchObject([{ manager: 'argocd-controller', operation: 'Update' }]);
    expect(row()).toMatchObject({ sync: 'Synced', applied: { generation: 2 } });
  });

  it('Prune=false keeps it when it leaves Git', async () => {
    await start(
      { 'web/a.yaml': configMapYaml('web', 'one'), 'web/b.yaml': annotated('kept', 'Prune=false') },
      options('PruneLast=true'),
    );
    await push({ 'web/b.yaml': null });
    expect(object('kept')).toBeDefined();
    expect(row().sync).toBe('OutOfSync');
  });

  it('SkipDryRunOnMissingResource=true lets the rest be applied while its kind is not there', async () => {
    const widget = `apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w, annotations: { argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true } }\n`;
    await start({ 'web/a.yaml': configMapYaml('web', 'one'), 'web/w.yaml': widget }, options('PruneLast=true'));
    expect(object()).toBeDefined();
    expect(row().operation).toMatchObject({ phase: 'Running', waiting: 'kind' });
  });
});
