import { describe, expect, it } from 'vitest';
import { parseArgoSettings } from '../../../../src/domain/settings/argocd-cm.ts';
import { inspect, memorySource } from '../../../fakes/memory-source.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const settingsYaml = (data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: argocd-cm, namespace: argocd }\ndata:\n  installationID: ''\n${data}`;

describe('what argocd-cm says of sources', () => {
  it.each<[Record<string, string>, unknown]>([
    [{}, undefined],
    [{ 'helm.enable': 'true', 'kustomize.enable': 'yes' }, undefined],
    [{ 'helm.enable': 'false', 'jsonnet.enable': 'false' }, { disabled: ['helm', 'jsonnet'] }],
    [{ 'helm.valuesFileSchemes': 'https, S3' }, { valuesFileSchemes: ['https', 's3'] }],
    [{ 'helm.valuesFileSchemes': '' }, { valuesFileSchemes: [] }],
  ])('%j', (data, sources) => {
    expect(parseArgoSettings(data).sources).toEqual(sources);
  });

  const files = {
    'app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.0.0\n',
    'app/config.yaml': configMapYaml('web', 'one'),
    'app/more.jsonnet': '{}',
  };

  it('turns tools off: what they would render is read as plain manifests', async () => {
    const settings = { disabled: ['helm' as const, 'jsonnet' as const] };
    expect(await inspect(memorySource(files), { path: 'app' }, { settings })).toMatchObject({
      ok: true,
      type: 'Directory',
      render: { tool: 'directory', manifests: ['app/Chart.yaml', 'app/config.yaml'] },
    });
    const declared = { path: 'app', helm: { releaseName: 'web' } };
    expect(await inspect(memorySource(files), declared, { settings })).toMatchObject({ type: 'Directory' });
    expect(await inspect(memorySource(files), { path: 'app' })).toMatchObject({ type: 'Helm' });
  });

  it('holds schemes of value files to those that are listed', async () => {
    const source = { path: 'app', helm: { valueFiles: ['http://values.example/a.yaml'] } };
    const said = await inspect(memorySource(files), source, { settings: { valuesFileSchemes: ['https'] } });
    expect(said).toMatchObject({
      ok: false,
      error: {
        code: 'value-file-refused',
        message: expect.stringContaining('helm.valuesFileSchemes of argocd-cm: https'),
      },
    });
  });

  it('is in force with the commit that says so, for applications that it does not touch, too', async () => {
    const stack = await createMemoryStack();
    await stack.push({
      'apps/settings.yaml': settingsYaml(''),
      'apps/app.yaml': applicationYaml('app', 'app', 'dev'),
      'app/config.yaml': configMapYaml('web', 'one'),
      'app/more.jsonnet': '{}',
    });
    await stack.settle();
    expect(stack.applications.rows.get('argocd/app')?.desired?.error?.code).toBe('jsonnet-unsupported');
    const commit = await stack.push({ 'apps/settings.yaml': settingsYaml("  jsonnet.enable: 'false'\n") });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']).toEqual(['success', '1/1 synced']);
    const again = await stack.push({
      'apps/settings.yaml': settingsYaml("  jsonnet.enable: 'false'\n  url: https://x\n"),
    });
    await stack.settle();
    expect(stack.statusOf(again)['towline/dev']).toEqual(['success', 'no applications affected']);
  });
});
