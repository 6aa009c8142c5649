import { describe, expect, it } from 'vitest';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const settingsYaml = (data: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-cm, namespace: argocd, labels: { app.kubernetes.io/part-of: argocd } }
data:
${data}
`;

const TRACKING = 'argocd.argoproj.io/tracking-id';

/** One application of two objects, under settings. */
const start = async (data: string, files: Record<string, string> = {}) => {
  const stack = await createMemoryStack();
  const commit = await stack.push({
    'apps/argocd-cm.yaml': settingsYaml(data),
    'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
    'web/config.yaml': configMapYaml('web', 'one'),
    'web/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: web }\n',
    ...files,
  });
  await stack.settle();
  const object = (kind: string) => stack.clusters.dev.objects.get(`/${kind}/web/web`);
  const row = () => stack.applications.rows.get('argocd/web') ?? expect.fail('no such application');
  return { ...stack, commit, object, row };
};

describe('the settings in the fleet’s argocd-cm', () => {
  it('say how objects are marked', async () => {
    const { object } = await start(
      '  application.resourceTrackingMethod: label\n  application.instanceLabelKey: example.com/app',
    );
    expect(object('ConfigMap')?.metadata.labels).toEqual({ 'example.com/app': 'web' });
    expect(object('ConfigMap')?.metadata.annotations).toBeUndefined();
  });

  it('say which installation they belong to', async () => {
    const { object } = await start('  installationID: blue');
    expect(object('ConfigMap')?.metadata.annotations).toEqual({
      [TRACKING]: 'web:/ConfigMap:web/web',
      'argocd.argoproj.io/installation-id': 'blue',
    });
  });

  it('judge health by a script, and name what it says', async () => {
    const lua = `  resource.customizations.health.ConfigMap: |
    return { status = "Degraded", message = "value is " .. obj.data.value }`;
    const { row, statusOf, commit } = await start(lua);
    expect(row().health).toEqual({ status: 'Degraded', message: 'ConfigMap/web: value is one' });
    expect(statusOf(commit)['towline/dev']?.[0]).toBe('failure');
  });

  it('leave excluded kinds alone, also where they were applied before', async () => {
    const { object, push, settle, clusters } = await start('  resource.exclusions: |\n    - { kinds: [Secret] }');
    expect(object('ConfigMap')).toBeDefined();
    expect(object('Secret')).toBeUndefined();
    await push({ 'apps/argocd-cm.yaml': null, 'web/config.yaml': configMapYaml('web', 'two') });
    await settle();
    expect(object('Secret')).toBeDefined();
    await push({
      'apps/argocd-cm.yaml': settingsYaml('  resource.exclusions: |\n    - { kinds: [Secret] }'),
      'web/config.yaml': configMapYaml('web', 'three'),
    });
    await settle();
    expect(object('Secret')).toBeDefined();
    expect(clusters.dev.calls.filter(({ verb }) => verb === 'delete')).toEqual([]);
  });

  it('stay the last good ones while they are wrong, and the commit says so', async () => {
    const { push, settle, statusOf, object } = await start('  installationID: blue');
    const commit = await push({
      'apps/argocd-cm.yaml': settingsYaml('  installationID: green\n  resource.exclusions: "[oops"'),
      'web/config.yaml': configMapYaml('web', 'two'),
    });
    await settle();
    expect(object('ConfigMap')?.metadata.annotations?.['argocd.argoproj.io/installation-id']).toBe('blue');
    expect(statusOf(commit)['towline/dev']?.[1]).toMatch(/apps\/argocd-cm\.yaml:\d+/);
  });
});
