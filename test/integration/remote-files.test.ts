import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpenCharts } from '../../src/adapters/helm/open-charts.ts';
import { createSandbox } from '../../src/adapters/render/create-sandbox.ts';
import { runRender } from '../../src/cli/render.ts';
import { type ChartServer, startChartServer } from '../fakes/chart-server.ts';
import { localTools } from '../fakes/local-tools.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../fakes/memory-stack.ts';

const temporary = mkdtempSync(join(tmpdir(), 'towline-remote-files-'));
const sandbox = createSandbox({ ...(await localTools()), temporary });
afterAll(() => rm(temporary, { recursive: true, force: true }));

let server: ChartServer;
beforeEach(async () => {
  server = await startChartServer();
});
afterEach(() => server.close());

/** The whole pipeline with real tools and a real server of files; whose clock moves on with every look. */
const startStack = async () => {
  const time = { now: 0 };
  const openCharts = createOpenCharts({
    secrets: { read: () => Promise.resolve('') },
    clock: () => (time.now += 60_000),
    allowInsecure: true,
  });
  return createMemoryStack(sandbox, undefined, 0, openCharts);
};

const dataOf = (stack: Awaited<ReturnType<typeof startStack>>, name = 'web') =>
  [...stack.clusters.dev.objects.values()].find((one) => one.kind === 'ConfigMap' && one.metadata.name === name)?.data;

const errorOf = async (stack: Awaited<ReturnType<typeof startStack>>) =>
  (await stack.applications.get('argocd/web'))?.desired?.error;

describe('a kustomization with files by URL', () => {
  it('gets them, is planned again when one changes, and by itself alone', async () => {
    server.serve('/v1/install.yaml', configMapYaml('web', 'one'));
    const stack = await startStack();
    await stack.push({
      'apps/web.yaml': [applicationYaml('web', 'web', 'dev'), applicationYaml('plain', 'plain', 'dev')].join('---\n'),
      'web/kustomization.yaml': `namePrefix: my-\nresources:\n- ${server.url}/v1/install.yaml\n`,
      'plain/cm.yaml': configMapYaml('plain', 'one'),
    });
    await stack.settle();
    expect(dataOf(stack, 'my-web')).toEqual({ value: 'one' });
    expect(await stack.pollOthers()).toEqual({ changes: 0 });
    expect(server.requests.at(-1)).toBe('GET /v1/install.yaml 304');
    const plain = stack.applications.rows.get('argocd/plain')?.desired?.generation;
    server.serve('/v1/install.yaml', configMapYaml('web', 'two'));
    expect(await stack.pollOthers()).toEqual({ changes: 1 });
    await stack.settle();
    expect(dataOf(stack, 'my-web')).toEqual({ value: 'two' });
    expect(stack.applications.rows.get('argocd/plain')?.desired?.generation).toBe(plain);
    expect(await stack.pollOthers()).toEqual({ changes: 0 });
  });

  it('is told file, line and URL of one that is not there, and planned when it comes', async () => {
    const stack = await startStack();
    await stack.push({
      'apps/web.yaml': [applicationYaml('web', 'web', 'dev'), applicationYaml('plain', 'plain', 'dev')].join('---\n'),
      'web/kustomization.yaml': `resources:\n- ${server.url}/web.yaml?token=abc\n`,
      'plain/cm.yaml': configMapYaml('plain', 'one'),
    });
    await stack.settle();
    expect(await errorOf(stack)).toMatchObject({
      code: 'remote-file-missing',
      message: `web/kustomization.yaml:2: resources: ${server.url}/web.yaml cannot be read: /web.yaml: not there (404)`,
    });
    expect(dataOf(stack, 'plain')).toEqual({ value: 'one' });
    expect(await stack.pollOthers()).toEqual({ changes: 0 });
    server.serve('/web.yaml', configMapYaml('web', 'one'));
    expect(await stack.pollOthers()).toEqual({ changes: 1 });
    await stack.settle();
    expect(dataOf(stack)).toEqual({ value: 'one' });
  });

  it('is planned when a file by its commit could not be read at first', async () => {
    const path = `/acme/${'a'.repeat(40)}/web.yaml`;
    server.fail(503);
    const stack = await startStack();
    await stack.push({
      'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
      'web/kustomization.yaml': `resources:\n- ${server.url}${path}\n`,
    });
    await stack.settle();
    expect(await errorOf(stack)).toMatchObject({ message: expect.stringMatching(/answered 503: tried again with/) });
    server.fail(undefined);
    server.serve(path, configMapYaml('web', 'one'));
    expect(await stack.pollOthers()).toEqual({ changes: 1 });
    await stack.settle();
    expect(dataOf(stack)).toEqual({ value: 'one' });
    // It cannot move.
    server.requests.length = 0;
    expect(await stack.pollOthers()).toEqual({ changes: 0 });
    expect(server.requests).toEqual([]);
  });

  it('asks once for a URL that many applications name and nobody answers', async () => {
    server.fail(503);
    const stack = await startStack();
    const names = Array.from({ length: 40 }, (_, index) => `web-${index}`);
    await stack.push({
      'apps/web.yaml': names.map((name) => applicationYaml(name, name, 'dev')).join('---\n'),
      ...Object.fromEntries(
        names.map((name) => [`${name}/kustomization.yaml`, `resources: ["${server.url}/web.yaml"]\n`]),
      ),
    });
    await stack.settle();
    expect(server.requests).toEqual(['GET /web.yaml 503']);
  });
});

describe('towline render', () => {
  const render = async (files: Record<string, string>, source: string) => {
    const folder = mkdtempSync(join(temporary, 'repo-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    writeFileSync(
      join(folder, 'app.yaml'),
      applicationYaml('web', 'unused', 'dev').replace(/ {2}source: .*\n/, source),
    );
    let out = '';
    const [write, writeError] = [(text: string) => void (out += text), (text: string) => void (out += text)];
    const code = await runRender({
      args: ['-f', 'app.yaml', '-o', 'json'],
      cwd: folder,
      environment: process.env,
      readFile: (path) => readFile(join(folder, path), 'utf8'),
      write,
      writeError,
    });
    return { code, out };
  };
  const at = (path: string, more = ''): string =>
    `  source: { repoURL: https://git.example.com/acme/fleet, path: ${path}${more} }\n`;

  it('takes files by URL wherever kustomize does: resources, patches, components’ own, crds, generators', async () => {
    server.serve('/a/cm.yaml', configMapYaml('web', 'one'));
    server.serve(
      '/a/patch.yaml',
      'kind: ConfigMap\napiVersion: v1\nmetadata: { name: web }\ndata: { patched: "yes" }\n',
    );
    server.serve('/a/json-patch.json', '[{"op":"add","path":"/data/json","value":"yes"}]');
    server.serve('/a/app.properties', 'a=1\n');
    server.serve('/a/configuration.yaml', 'namePrefix: []\n');
    server.serve(
      '/a/labels.yaml',
      `apiVersion: builtin
kind: LabelTransformer
metadata: { name: labels }
labels: { by: url }
fieldSpecs: [{ path: metadata/labels, create: true }]
`,
    );
    const overlay = `resources: [../base]
components: [../component]
transformers: ["${server.url}/a/labels.yaml"]
patches:
- path: ${server.url}/a/json-patch.json
  target: { kind: ConfigMap, name: web }
configMapGenerator:
- name: made
  files: ["${server.url}/a/app.properties", "other.txt=${server.url}/a/app.properties"]
- { name: env, envs: ["${server.url}/a/app.properties"] }
generatorOptions: { disableNameSuffixHash: true }
configurations: ["${server.url}/a/configuration.yaml"]
`;
    const { code, out } = await render(
      {
        'base/kustomization.yaml': `resources: ["${server.url}/a/cm.yaml"]\n`,
        'component/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatchesStrategicMerge: ["${server.url}/a/patch.yaml"]\n`,
        'overlay/kustomization.yaml': overlay,
      },
      at('overlay'),
    );
    expect([code, out]).toEqual([0, expect.any(String)]);
    const labels = { by: 'url' };
    expect(JSON.parse(out)).toMatchObject([
      { metadata: { name: 'env', labels }, data: { a: '1' } },
      { metadata: { name: 'made', labels }, data: { 'app.properties': 'a=1\n', 'other.txt': 'a=1\n' } },
      { metadata: { name: 'web', labels }, data: { value: 'one', patched: 'yes', json: 'yes' } },
    ]);
    expect(new Set(server.requests).size).toBe(server.requests.length);
  });

  it('takes value files and file parameters by URL, in their order', async () => {
    server.serve('/prod.yaml', 'level: high\nsize: 3\n');
    server.serve('/note.txt', 'a note');
    const chart = {
      'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'chart/values.yaml': 'level: low\n',
      'chart/local.yaml': 'size: 5\n',
      'chart/templates/cm.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { value: "{{ .Values.level }} {{ .Values.size }} {{ .Values.note }}" }\n',
    };
    const helm = `, helm: { valueFiles: ["${server.url}/prod.yaml", local.yaml], fileParameters: [{ name: note, path: "${server.url}/note.txt" }] }`;
    const { code, out } = await render(chart, at('chart', helm));
    expect([code, out]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(out)).toMatchObject([{ data: { value: 'high 5 a note' } }]);
  });

  it.each([
    ['answers with another page', () => server.serve('/x.yaml', '<html>no</html>'), /x\.yaml/],
    ['redirects in a circle', () => server.redirect('/x.yaml', '/x.yaml'), /redirects more than 5 times/],
    ['is forbidden', () => server.protect('a', 'b'), /access denied \(401\): files by URL have to be public/],
  ])('says what is wrong with one that %s', async (_what, prepare, message) => {
    prepare();
    const files = { 'a/kustomization.yaml': `resources:\n- ${server.url}/x.yaml\n` };
    const { code, out } = await render(files, at('a'));
    expect([code, out]).toEqual([1, expect.stringMatching(message)]);
  });
});
