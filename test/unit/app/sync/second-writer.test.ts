import { beforeEach, expect, it } from 'vitest';
import type { ApplicationRow } from '../../../../src/domain/application-row.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { FIELD_MANAGER } from '../../../../src/domain/sync/migrate-fields.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const ID = 'argocd/web';
const HOUR_MS = 3_600_000;
let stack: Awaited<ReturnType<typeof createMemoryStack>>;
const row = (): ApplicationRow => stack.applications.rows.get(ID) ?? expect.fail('no such application');
const live = (): KubernetesObject => stack.clusters.dev.objects.get('/ConfigMap/web/web') ?? expect.fail('not applied');
const value = () => live()['data'];

const compare = async (): Promise<void> => {
  stack.time.now += 2 * HOUR_MS;
  await stack.sweep();
  await stack.settle();
};
/** As a kubectl edit does it, or as another controller that calls itself what we do. */
const write = async (text: string, manager: string): Promise<void> => {
  stack.time.now += 60_000;
  const time = new Date(stack.time.now).toISOString();
  const { metadata } = live();
  const entries = metadata.managedFields ?? [];
  const managedFields =
    manager === FIELD_MANAGER
      ? entries.map((entry) => (entry.manager === manager ? { ...entry, time } : entry))
      : [...entries.filter((entry) => entry.manager !== manager), { manager, operation: 'Update' as const, time }];
  stack.clusters.dev.put({ ...live(), metadata: { ...metadata, managedFields }, data: { value: text } });
};

beforeEach(async () => {
  stack = await createMemoryStack(undefined, undefined, 3_600);
  const spec = '  syncPolicy: { automated: { selfHeal: true }, syncOptions: [CreateNamespace=true] }';
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev', { spec }),
    'web/a.yaml': configMapYaml('web', 'one'),
  });
  await stack.settle();
});

it('heals once what a second writer under our name wrote, then stops and says so', async () => {
  await write('theirs', FIELD_MANAGER);
  await compare();
  expect(value()).toEqual({ value: 'one' });
  await write('theirs again', FIELD_MANAGER);
  await compare();
  expect(value()).toEqual({ value: 'theirs again' });
  expect(row().waiting).toMatch(
    /^self-heal is stopped: another controller writes ConfigMap\/web as argocd-controller too/,
  );
  expect(row().resources[0]?.message).toContain('another controller wrote it under our field manager');
  await compare();
  expect(value()).toEqual({ value: 'theirs again' });
});

it('goes on after a sync that a person asks for, or of a new revision', async () => {
  for (const text of ['a', 'b']) {
    await write(text, FIELD_MANAGER);
    await compare();
  }
  expect(row().waiting).toBeDefined();
  await stack.control.sync(ID, {});
  await stack.settle();
  expect(value()).toEqual({ value: 'one' });
  expect(row()).not.toHaveProperty('rival');
  expect(row().waiting).toBeUndefined();
  await stack.push({ 'web/a.yaml': configMapYaml('web', 'two') });
  await stack.settle();
  expect(value()).toEqual({ value: 'two' });
});

it('heals others’ changes however often they come', async () => {
  for (const text of ['a', 'b', 'c', 'd']) {
    await write(text, 'kubectl-edit');
    await compare();
    expect(value()).toEqual({ value: 'one' });
  }
  expect(row()).not.toHaveProperty('rival');
});
