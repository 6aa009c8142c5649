import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AFFECTED_USAGE, runAffected } from '../../../src/cli/affected.ts';

const URL_A = 'https://example.com/acme/fleet.git';

let folder: string;

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder })
    .toString()
    .trim();

/** Commits files (null deletes one) and tags the commit. */
const commit = async (tag: string, files: Record<string, string | null>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await (text === null ? rm(join(folder, path)) : writeFile(join(folder, path), text));
  }
  git('add', '-A');
  git('commit', '-q', '-m', tag);
  git('tag', tag);
};

const application = (name: string, source: string): string =>
  `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name} }
spec:
  project: default
  destination: { server: https://kubernetes.default.svc, namespace: ${name} }
  ${source}
`;

const applicationSet = (generator: string, name = 'set'): string =>
  `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name} }
spec:
  goTemplate: true
  generators:
    - ${generator}
  template:
    metadata: { name: '${name}-{{ .name }}' }
    spec:
      project: default
      destination: { server: https://kubernetes.default.svc, namespace: '{{ .namespace }}' }
      source: { repoURL: '${URL_A}', path: 'sources/own', targetRevision: main }
`;

const at = (path: string, revision?: string, url = URL_A): string =>
  `source: { repoURL: '${url}', path: ${path}${revision === undefined ? '' : `, targetRevision: ${revision}`} }`;

const config = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

const run = async (...args: string[]) => {
  let out = '';
  let err = '';
  const code = await runAffected({
    args,
    cwd: folder,
    environment: process.env,
    readFile: (path) => readFile(join(folder, path), 'utf8'),
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
  });
  return { code, out: out.split('\n').filter(Boolean), err };
};

const between = (from: string, to: string, ...more: string[]) =>
  run('--fleet', '.', '--from', from, '--to', to, ...more);

const START: Record<string, string> = {
  'apps/head.yaml': application('head', at('sources/plain')),
  'apps/main.yaml': application('main', at('sources/overlay', 'main')),
  'apps/stable.yaml': application('stable', at('sources/plain', 'stable')),
  'apps/pinned.yaml': application('pinned', at('sources/plain', 'start')),
  'apps/values.yaml': application(
    'values',
    `sources:
    - { repoURL: '${URL_A}', path: sources/chart, helm: { valueFiles: [$shared/sources/values.yaml] } }
    - { repoURL: '${URL_A}', ref: shared }`,
  ),
  'apps/set.yaml': applicationSet(`git: { repoURL: '${URL_A}', revision: HEAD, files: [{ path: clusters/*.json }] }`),
  'clusters/one.json': '{"name":"one","namespace":"a"}',
  'clusters/two.json': '{"name":"two","namespace":"a"}',
  'sources/plain/config.yaml': config('plain'),
  'sources/own/config.yaml': config('own'),
  'sources/base/kustomization.yaml': 'resources: [config.yaml]\n',
  'sources/base/config.yaml': config('base'),
  'sources/overlay/kustomization.yaml': 'resources: [../base]\n',
  'sources/chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 0.1.0\n',
  'sources/values.yaml': 'a: 1\n',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'towline-affected-test-'));
  git('init', '-q', '-b', 'main');
  await commit('start', START);
  git('branch', 'stable');
  await commit('plain', { 'sources/plain/config.yaml': config('changed') });
  await commit('base', { 'sources/base/config.yaml': config('changed'), 'README.md': 'nothing to do with it' });
  await commit('value', { 'sources/values.yaml': 'a: 2\n' });
  await commit('cluster', { 'clusters/one.json': '{"name":"one","namespace":"b"}' });
  await commit('documents', {
    'apps/head.yaml': null,
    'apps/new.yaml': application('new', at('sources/own')),
    'apps/main.yaml': application('main', at('sources/overlay/../base', 'main')),
  });
  await commit('wrong', {
    'apps/new.yaml': application('new', at('[]')),
    'sources/own/config.yaml': config('changed'),
  });
  await commit('forge', {
    'apps/new.yaml': application('new', at('sources/own')),
    'apps/forge.yaml': applicationSet(
      'matrix: { generators: [{ pullRequest: { github: { owner: acme, repo: fleet } } }, { list: { elements: [{ name: pr, namespace: pr }] } }] }',
      'forge',
    ),
  });
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

describe('towline affected', { timeout: 30_000 }, () => {
  it.each([
    ['start', 'start', []],
    ['start', 'plain', ['argocd/head: sources/plain/config.yaml changed']],
    ['plain', 'base', ['argocd/main: sources/base/config.yaml changed']],
    ['base', 'value', ['argocd/values: sources/values.yaml changed']],
    ['value', 'cluster', ['argocd/set-one: clusters/one.json changed']],
    [
      'cluster',
      'documents',
      ['argocd/head: apps/head.yaml removed', 'argocd/main: apps/main.yaml changed', 'argocd/new: apps/new.yaml added'],
    ],
    ['value', 'base', ['argocd/values: sources/values.yaml changed']],
  ])('from %s to %s', async (from, to, out) => {
    expect(await between(from, to)).toEqual({ code: 0, out, err: '' });
  });

  it('takes what git rev-parse takes, and prints a list of objects as JSON', async () => {
    const { code, out } = await between('base~1', 'base^0', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out.join('\n'))).toEqual([
      { application: 'argocd/main', reason: 'sources/base/config.yaml changed' },
    ]);
  });

  it('compares the branch that is asked for', async () => {
    expect(await between('start', 'plain', '--ref', 'stable')).toMatchObject({
      code: 0,
      out: ['argocd/stable: sources/plain/config.yaml changed'],
    });
  });

  it('takes the branch that --from names where a branch is checked out that no Application follows', async () => {
    git('checkout', '-q', '-b', 'topic', 'base');
    try {
      expect((await between('main', 'HEAD')).out).toContain('argocd/main: apps/main.yaml changed');
      expect((await between('start', 'HEAD')).out).toEqual([
        'argocd/head: sources/plain/config.yaml changed',
        'argocd/main: sources/base/config.yaml changed',
      ]);
    } finally {
      git('checkout', '-q', 'main');
    }
  });

  it('names a document that is wrong, counts its last good version, and ends with 1', async () => {
    expect(await between('documents', 'wrong')).toEqual({
      code: 1,
      out: [
        'argocd/new: sources/own/config.yaml changed',
        'argocd/set-one: sources/own/config.yaml changed',
        'argocd/set-two: sources/own/config.yaml changed',
      ],
      err: 'apps/new.yaml:7: spec.source.path: must be a string, not []\n',
    });
  });

  it('says which ApplicationSet it cannot expand without a forge', async () => {
    const { code, out, err } = await between('documents', 'forge');
    expect({ code, count: out.length }).toEqual({ code: 0, count: 3 });
    expect(err).toMatch(/^apps\/forge\.yaml:1: spec\.generators: ApplicationSet argocd\/forge was not expanded/);
  });

  it('expands it with what the forge would answer', async () => {
    const pull = '{ number: 7, branch: change, headSHA: 0123456789abcdef0123456789abcdef01234567 }';
    await writeFile(join(folder, 'answers.yaml'), `pullRequests: { acme/fleet: [${pull}] }`);
    await writeFile(join(folder, 'none.yaml'), 'pullRequests: {}');
    expect(await between('documents', 'forge', '--answers', 'answers.yaml')).toMatchObject({
      code: 0,
      out: expect.arrayContaining(['argocd/forge-pr: apps/forge.yaml added']),
      err: '',
    });
    const unanswered = await between('documents', 'forge', '--answers', 'none.yaml');
    expect(unanswered).toMatchObject({ code: 1, err: expect.stringContaining('to the file of --answers') });
    expect(await between('documents', 'forge', '--answers', 'absent.yaml')).toMatchObject({ code: 2, out: [] });
  });

  it('looks for documents below the folder, and for sources in the whole checkout', async () => {
    const args = ['--from', 'start', '--to', 'plain'];
    expect((await run('--fleet', 'apps', ...args)).out).toEqual(['argocd/head: sources/plain/config.yaml changed']);
    expect((await run('--fleet', 'sources', ...args)).out).toEqual([]);
  });

  it('stands for its remotes alone where an Application names one of them', async () => {
    git('remote', 'add', 'origin', 'git@example.com:acme/fleet');
    await commit('other', {
      'apps/other.yaml': application('other', at('sources/own', 'main', 'https://example.com/else')),
    });
    await commit('own', { 'sources/own/config.yaml': config('again') });
    try {
      expect((await between('other', 'own')).out).toEqual([
        'argocd/new: sources/own/config.yaml changed',
        'argocd/set-one: sources/own/config.yaml changed',
        'argocd/set-two: sources/own/config.yaml changed',
      ]);
    } finally {
      git('remote', 'remove', 'origin');
    }
    expect((await between('other', 'own')).out).toContain('argocd/other: sources/own/config.yaml changed');
  });

  it.each([
    [['--from', 'start', '--to', 'plain'], '--fleet DIR is missing; see --help'],
    [['--fleet', '.', '--to', 'plain'], '--from REV is missing; see --help'],
    [['--fleet', '.', '--from', 'plain'], '--to REV is missing; see --help'],
    [['--fleet', tmpdir(), '--from', 'a', '--to', 'b'], `${tmpdir()} is in no Git checkout`],
  ])('ends with 2 for %j', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, out: [], err: `towline affected: ${message}\n` });
  });

  it('ends with 2 for a revision that is not there, or that looks like an option', async () => {
    expect(await between('absent', 'plain')).toMatchObject({ code: 2, err: expect.stringContaining('--from absent') });
    expect(await run('--fleet', '.', '--from=--all', '--to', 'plain')).toMatchObject({ code: 2 });
  });

  it('reads bare repositories, and says how a shallow clone gets what it lacks', async () => {
    const others = await mkdtemp(join(tmpdir(), 'towline-affected-clones-'));
    try {
      execFileSync('git', ['clone', '-q', '--bare', folder, join(others, 'bare')]);
      execFileSync('git', ['clone', '-q', '--depth=1', `file://${folder}`, join(others, 'shallow')]);
      const bare = await run('--fleet', join(others, 'bare'), '--from', 'start', '--to', 'plain');
      expect(bare).toEqual({ code: 0, out: ['argocd/head: sources/plain/config.yaml changed'], err: '' });
      const shallow = await run('--fleet', join(others, 'shallow'), '--from', 'HEAD~1', '--to', 'HEAD');
      expect(shallow).toMatchObject({ code: 2, err: expect.stringContaining('git fetch --unshallow') });
    } finally {
      await rm(others, { recursive: true });
    }
  });

  it('prints its usage', async () => {
    expect((await run('--help')).out.join('\n')).toBe(AFFECTED_USAGE.split('\n').filter(Boolean).join('\n'));
  });
});
