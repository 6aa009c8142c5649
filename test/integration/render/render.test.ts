import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createSandbox } from '../../../src/adapters/render/create-sandbox.ts';
import { renderBundle } from '../../../src/app/render-bundle.ts';
import type { ApplicationSource } from '../../../src/domain/fleet/application.ts';
import { type Bundle, makeBundle, type RenderResult } from '../../../src/domain/sources/bundle.ts';
import { localTools } from '../../fakes/local-tools.ts';
import { inspect, inspected, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';

const temporary = mkdtempSync(join(tmpdir(), 'towline-render-'));
const sandbox = createSandbox({ ...(await localTools()), temporary });
afterAll(() => rm(temporary, { recursive: true, force: true }));

const render = async (
  files: MemoryFiles,
  source: Partial<ApplicationSource>,
): Promise<{ exact: RenderResult; whole: RenderResult }> => {
  const memory = memorySource(files);
  const inspection = inspected(await inspect(memory, source));
  const exact = makeBundle(inspection, memory.contents);
  const texts = Object.entries(files).flatMap(([path, text]) =>
    typeof text === 'string' ? [[path, { text }] as const] : [],
  );
  const whole: Bundle = { ...exact, files: { ...Object.fromEntries(texts), ...exact.files } };
  const run = renderBundle({ sandbox });
  return { exact: await run(exact), whole: await run(whole) };
};

const deployment = (name: string, image: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 1
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: "${image}"}]}
`;

const REPOSITORY: MemoryFiles = {
  'base/kustomization.yaml':
    'resources: [d.yaml]\nconfigMapGenerator: [{name: c, files: [app.conf], envs: [app.env]}]\n',
  'base/d.yaml': deployment('api', 'nginx:1'),
  'base/app.conf': 'x=1',
  'base/app.env': 'LEVEL=info\n',
  'overlay/kustomization.yaml':
    'resources: [../base]\ncomponents: [../tls]\npatches: [{path: p.yaml}]\nreplacements: [{path: r.yaml}]\ntransformers: [t.yaml]\n',
  'overlay/p.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {revisionHistoryLimit: 3}\n',
  'overlay/r.yaml':
    'source: {kind: Deployment, name: api, fieldPath: metadata.name}\ntargets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.of], options: {create: true}}]\n',
  'overlay/t.yaml':
    'apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: tp.yaml\ntarget: {kind: Deployment}\n',
  'overlay/tp.yaml': '- {op: add, path: /spec/minReadySeconds, value: 7}',
  'tls/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [s.yaml]\n',
  'tls/s.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: tls}\n',
  'charts/app/Chart.yaml':
    'apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: lib, version: 1.0.0, repository: "file://../lib"}]\n',
  'charts/app/values.yaml': 'image: nginx\ntag: v1\n',
  'charts/app/templates/d.yaml': '{{ include "lib.deployment" . }}',
  'charts/app/README.md': 'unread',
  'charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n',
  'charts/lib/templates/_d.tpl': `{{ define "lib.deployment" }}${deployment('{{ .Release.Name }}', '{{ .Values.image }}:{{ .Values.tag }}')}{{ end }}`,
  'env/prod.yaml': 'tag: prod\n',
  'unrelated/x.yaml': 'a: 1',
};

describe('a bundle', () => {
  it.each<[string, Partial<ApplicationSource>]>([
    ['an overlay', { path: 'overlay' }],
    [
      'an overlay with options',
      {
        path: 'overlay',
        kustomize: {
          namePrefix: 'p-',
          images: ['nginx:2'],
          replicas: [{ name: 'api', count: 5 }],
          commonLabels: { team: 'x' },
          labelWithoutSelector: true,
          namespace: 'n',
          patches: [{ target: { kind: 'Secret' }, patch: '- {op: add, path: /type, value: Opaque}' }],
        },
      },
    ],
    ['a chart with a library', { path: 'charts/app', helm: { valueFiles: ['../../env/prod.yaml'] } }],
  ])('of %s renders as the whole repository would: its inputs are complete', async (_name, source) => {
    const { exact, whole } = await render(REPOSITORY, source);
    expect(exact).toEqual(whole);
    expect(exact.ok ? undefined : exact.error).toBeUndefined();
  });

  it('carries every kustomize option through', async () => {
    const { exact } = await render(REPOSITORY, {
      path: 'overlay',
      kustomize: {
        nameSuffix: '-s',
        images: ['nginx=mirror/nginx:$ARGOCD_APP_NAME'],
        replicas: [{ name: 'api', count: '4' }],
        commonAnnotations: { by: '${ARGOCD_APP_NAME}' },
        commonAnnotationsEnvsubst: true,
      },
    });
    const objects = exact.ok ? exact.objects : [];
    const api = objects.find(({ kind }) => kind === 'Deployment');
    expect(api).toMatchObject({
      metadata: { name: 'api-s', annotations: { by: 'web', of: expect.any(String) } },
      spec: {
        replicas: 4,
        minReadySeconds: 7,
        revisionHistoryLimit: 3,
        template: { spec: { containers: [{ image: 'mirror/nginx:web' }] } },
      },
    });
    expect(objects.find(({ kind }) => kind === 'ConfigMap')?.data).toEqual({
      'app.conf': 'x=1',
      LEVEL: 'info',
    });
  });

  it('carries values of the chart, a file and the application through', async () => {
    const { exact } = await render(REPOSITORY, {
      path: 'charts/app',
      helm: { valueFiles: ['/env/prod.yaml'], valuesObject: { image: 'mirror/nginx' } },
    });
    expect(exact).toMatchObject({
      ok: true,
      objects: [
        { metadata: { name: 'web' }, spec: { template: { spec: { containers: [{ image: 'mirror/nginx:prod' }] } } } },
      ],
    });
  });
});
