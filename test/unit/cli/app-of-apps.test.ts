import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runAffected } from '../../../src/cli/affected.ts';
import { runLint } from '../../../src/cli/lint.ts';
import { toolEnvironment } from '../../fakes/tool-environment.ts';

const URL_A = 'https://example.com/acme/fleet.git';
const CONTROL = '{ server: https://kubernetes.default.svc, namespace: argocd }';

let folder: string;
let environment: NodeJS.ProcessEnv;

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder }).toString();

const write = async (files: Record<string, string>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
};

const commit = async (tag: string, files: Record<string, string>): Promise<void> => {
  await write(files);
  git('add', '-A');
  git('commit', '-q', '-m', tag);
  git('tag', tag);
};

const run = async (command: typeof runLint, args: string[]) => {
  let out = '';
  let err = '';
  const code = await command({
    args,
    cwd: folder,
    environment,
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
  });
  return { code, out: out.split('\n').filter(Boolean), err };
};

const lint = (...args: string[]) => run(runLint, ['.', ...args]);
const affected = (from: string, to: string) =>
  run(
    (input) => runAffected({ ...input, readFile: () => Promise.reject(new Error('nothing to read')) }),
    ['--fleet', '.', '--from', from, '--to', to],
  );

const application = (name: string, path: string, rest = `destination: ${CONTROL}`): string =>
  `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  project: default
  ${rest}
  source:
    repoURL: ${URL_A}
    path: ${path}
`;

const OWN = 'destination: { server: https://kubernetes.default.svc, namespace: web }';
const config = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

/** A root that delivers, by a chart, a parent of plain manifests, one by Kustomize, and an application. */
const START: Record<string, string> = {
  'bootstrap/root.yaml': application('root', 'apps'),
  'apps/Chart.yaml': 'apiVersion: v2\nname: all\nversion: 0.1.0\n',
  'apps/values.yaml': 'path: workload\n',
  'apps/templates/plain.yaml': application('plain', 'plain'),
  'apps/templates/kustomized.yaml': application('kustomized', 'overlay'),
  'apps/templates/web.yaml': application('web', '{{ .Values.path }}', OWN),
  'plain/shop.yaml': `# a comment\n---\n${config('shop')}---\n${application('shop', 'workload', OWN)}`,
  'base/app.yaml': application('cart', '', OWN),
  'base/kustomization.yaml': 'resources: [app.yaml]\n',
  'overlay/kustomization.yaml': `resources: [../base]
namePrefix: prod-
patches: [{ target: { kind: Application }, patch: '- { op: replace, path: /spec/source/path, value: workload }' }]
`,
  'workload/config.yaml': config('one'),
};

beforeAll(async () => {
  environment = await toolEnvironment();
}, 120_000);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'towline-app-of-apps-'));
  git('init', '-q', '-b', 'main');
  await commit('start', START);
  return () => rm(folder, { recursive: true });
});

describe('what applications deliver', { timeout: 60_000 }, () => {
  it('is checked, through charts, plain manifests and Kustomize, where somebody wrote it', async () => {
    expect(await lint()).toEqual({
      code: 0,
      out: ['0 errors, 0 warnings in 2 documents of 3 files and 5 that Applications deliver'],
      err: '',
    });
    await write({
      'apps/values.yaml': 'path: 7\n',
      'plain/shop.yaml': START['plain/shop.yaml']?.replace('path: workload', 'pth: workload') ?? '',
      'overlay/kustomization.yaml': START['overlay/kustomization.yaml']?.replace('value: workload', 'value: 5') ?? '',
    });
    expect(await lint()).toEqual({
      code: 1,
      out: [
        'apps/templates/web.yaml:9: spec.source.path: must be a string, not 7: write it in quotes (Application argocd/web, delivered by argocd/root)',
        'base/app.yaml:9: spec.source.path: must be a string, not 5: write it in quotes (Application argocd/prod-cart, delivered by argocd/kustomized)',
        'plain/shop.yaml:13: spec.source: needs a path (or a chart, or a ref)',
        'plain/shop.yaml:15: spec.source.pth: this field is not known and does nothing; did you mean path? (warning)',
        '3 errors, 1 warning in 2 documents of 3 files and 5 that Applications deliver',
      ],
      err: '',
    });
  });

  it('may be of one name where no fleet says that it belongs together', async () => {
    await write({ 'bootstrap/other.yaml': application('other', 'apps') });
    expect(await lint()).toMatchObject({ code: 0, err: '' });
  });

  it('says which parent cannot be rendered', async () => {
    await write({ 'apps/templates/web.yaml': '{{ fail "no web" }} # argoproj.io/ Application\n' });
    const { code, out } = await lint();
    expect({ code, said: out.find((line) => line.startsWith('bootstrap/')) }).toEqual({
      code: 1,
      said: expect.stringMatching(/^bootstrap\/root\.yaml:1: what argocd\/root delivers cannot be told: .*no web/),
    });
  });

  it('refuses applications that deliver each other, and comes to an end where a chart delivers itself on and on', async () => {
    await write({
      'bootstrap/root.yaml': application('root', 'endless'),
      'endless/Chart.yaml': START['apps/Chart.yaml'] ?? '',
      'endless/templates/next.yaml': application('{{ .Release.Name }}-x', 'endless'),
      'plain/shop.yaml': application('shop', 'plain'),
      'base/app.yaml': application('cart', 'workload', OWN),
    });
    const { code, out } = await lint();
    expect(code).toBe(1);
    expect(out[0]).toMatch(/^endless\/templates\/next\.yaml:\d+: 11 applications deliver one another/);
    expect(out.at(-1)).toMatch(/^1 error, /);
  });

  it('is affected by what its parent reads, and by what it reads itself', async () => {
    await commit('workload', { 'workload/config.yaml': config('two') });
    await commit('values', { 'apps/values.yaml': 'path: other\n', 'other/config.yaml': config('other') });
    await commit('plain', { 'plain/shop.yaml': application('shop', 'other', OWN) });
    await commit('gone', { 'apps/templates/plain.yaml': '' });
    expect(await affected('start', 'workload')).toEqual({
      code: 0,
      out: ['prod-cart', 'shop', 'web'].map((name) => `argocd/${name}: workload/config.yaml changed`),
      err: '',
    });
    expect((await affected('workload', 'values')).out).toEqual([
      'argocd/root: apps/values.yaml changed',
      'argocd/web: what argocd/root delivers changed: apps/values.yaml changed',
    ]);
    expect((await affected('values', 'plain')).out).toEqual([
      'argocd/plain: plain/shop.yaml changed',
      'argocd/shop: plain/shop.yaml changed',
    ]);
    expect((await affected('plain', 'gone')).out).toEqual([
      'argocd/plain: apps/templates/plain.yaml changed',
      'argocd/root: apps/templates changed',
    ]);
  });

  it('stays as it was where its parent cannot be rendered', async () => {
    await commit('broken', {
      'apps/templates/web.yaml': '{{ fail "no web" }} # argoproj.io/ Application\n',
      'workload/config.yaml': config('two'),
    });
    const { code, out, err } = await affected('start', 'broken');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('no web') });
    expect(out).toEqual([
      'argocd/prod-cart: workload/config.yaml changed',
      'argocd/root: apps/templates changed',
      'argocd/shop: workload/config.yaml changed',
      'argocd/web: workload/config.yaml changed',
    ]);
  });

  it('is looked at in the folder that stands for its repository, else a line says that it is not', async () => {
    git('remote', 'add', 'origin', URL_A);
    await write({ 'bootstrap/other.yaml': application('other', 'plain').replace(URL_A, 'https://example.com/other') });
    expect((await lint()).err).toBe(
      'towline lint: what argocd/other delivers is not looked at: https://example.com/other is not this repository: --repo https://example.com/other=DIR names a folder that stands for it\n',
    );
    expect(await lint('--repo', 'https://example.com/other=.')).toMatchObject({ err: '' });
  });
});
