import { beforeEach, describe, expect, it } from 'vitest';
import type { ApplicationRow } from '../../../../src/domain/application-row.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const ID = 'argocd/web';
let stack: Awaited<ReturnType<typeof createMemoryStack>>;
const row = (): ApplicationRow => stack.applications.rows.get(ID) ?? expect.fail('no such application');
const cluster = () => stack.clusters.dev;
const value = () => cluster().objects.get('/ConfigMap/web/web')?.['data'];
const policy = (automated: string, words = 'CreateNamespace=true') =>
  `  syncPolicy: { ${automated}syncOptions: [${words}] }`;
const AUTOMATED = 'automated: { prune: true }, ';

const push = async (files: Record<string, string>): Promise<void> => {
  cluster().calls.splice(0);
  await stack.push(files);
  await stack.settle();
};
const start = (spec = policy(AUTOMATED)): Promise<void> =>
  push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev', { spec }), 'web/a.yaml': configMapYaml('web', 'one') });
const commented = (text: string, more = '') => `# ${text}\n${configMapYaml('web', 'one')}${more}`;
const edit = (data: Record<string, string>): void => {
  const live = cluster().objects.get('/ConfigMap/web/web') ?? expect.fail('not applied');
  cluster().put({ ...live, data });
};

describe('a push that renders to the same manifests', () => {
  beforeEach(async () => {
    stack = await createMemoryStack();
    await start();
  });

  it('moves the status along, runs no operation and writes nothing', async () => {
    const before = row();
    await push({ 'web/a.yaml': commented('nothing') });
    expect(row().desired?.renderKeys).not.toEqual(before.desired?.renderKeys);
    expect(row()).toMatchObject({ sync: 'Synced', applied: { generation: 2 }, told: { phase: 'healthy' } });
    expect(row().applied?.revisions).toEqual(row().desired?.revisions);
    expect(row().operation).toEqual(before.operation);
    expect(cluster().writes()).toEqual([]);
    // Nor is the cluster asked to try: one read of the object, which is what it was.
    expect(cluster().calls.filter(({ verb }) => verb === 'apply')).toEqual([]);
    expect(stack.statuses.at(-1)).toMatchObject({ state: 'success' });
  });

  it('does so again and again, and takes the next real change', async () => {
    await push({ 'web/a.yaml': commented('one') });
    await push({ 'web/a.yaml': commented('two') });
    expect(cluster().calls.filter(({ verb }) => verb === 'apply')).toEqual([]);
    expect(row().history.map(({ generation }) => generation)).toEqual([3]);
    await push({ 'web/a.yaml': configMapYaml('web', 'two') });
    expect(value()).toEqual({ value: 'two' });
    expect(row().history.map(({ generation }) => generation)).toEqual([4, 3]);
  });

  it('is synced where the cluster has drifted, as by Argo CD', async () => {
    edit({ value: 'theirs' });
    await push({ 'web/a.yaml': commented('nothing') });
    expect(value()).toEqual({ value: 'one' });
    expect(row()).toMatchObject({ applied: { generation: 2 }, operation: { generation: 2, phase: 'Succeeded' } });
  });

  it('is synced where a person asks for it', async () => {
    await push({ 'web/a.yaml': commented('nothing') });
    await stack.control.sync(ID, { prune: false });
    await stack.settle();
    expect(
      cluster()
        .writes()
        .map(({ verb }) => verb),
    ).toEqual(['apply']);
  });

  it('is synced where the row of an older version has no digest', async () => {
    const { applied, ...rest } = row();
    const { manifests: _digest, ...old } = applied ?? expect.fail('not applied');
    stack.applications.rows.set(ID, { ...rest, applied: old });
    await push({ 'web/a.yaml': commented('nothing') });
    expect(row()).toMatchObject({ operation: { generation: 2 }, applied: { manifests: expect.any(String) } });
  });

  it('is synced where a change in between was applied', async () => {
    await push({ 'web/a.yaml': configMapYaml('web', 'two') });
    await push({ 'web/a.yaml': commented('back') });
    expect(value()).toEqual({ value: 'one' });
  });
});

it('needs no person where sync is manual', async () => {
  stack = await createMemoryStack();
  await start(policy(''));
  await stack.control.sync(ID, {});
  await stack.settle();
  await push({ 'web/a.yaml': commented('nothing') });
  expect(row().applied?.revisions).toEqual(row().desired?.revisions);
  expect(row()).toMatchObject({ applied: { generation: row().desired?.generation }, told: { phase: 'healthy' } });
  expect(cluster().writes()).toEqual([]);
  expect(row().waiting).toBeUndefined();
});

it('self-heals what drifts after it', async () => {
  stack = await createMemoryStack(undefined, undefined, 3_600);
  await start(policy('automated: { selfHeal: true }, '));
  await push({ 'web/a.yaml': commented('nothing') });
  edit({ value: 'theirs' });
  stack.time.now += 2 * 3_600_000;
  await stack.sweep();
  await stack.settle();
  expect(value()).toEqual({ value: 'one' });
});

it.each(['normal', 'hard'])('argocd.argoproj.io/refresh: %s in Git compares on its push', async (how) => {
  stack = await createMemoryStack();
  await start(policy(''));
  await stack.control.sync(ID, {});
  await stack.settle();
  edit({ value: 'theirs' });
  stack.time.now += 1_000;
  const before = stack.time.now;
  const metadata = `annotations: { argocd.argoproj.io/refresh: ${how} }`;
  await push({ 'apps/web.yaml': applicationYaml('web', 'web', 'dev', { spec: policy(''), metadata }) });
  expect(row()).toMatchObject({ sync: 'OutOfSync' });
  expect(row().compared?.at).toBeGreaterThanOrEqual(before);
  expect(row().resources).toMatchObject([{ kind: 'ConfigMap', message: 'differs in data.value' }]);
  expect(cluster().writes()).toEqual([]);
});
