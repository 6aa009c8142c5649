import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPSET_USAGE, runAppset } from '../../../src/cli/appset.ts';

const setYaml = (generators: string, name: string): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: made }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators: ${generators}
  template:
    metadata: { name: '${name}' }
    spec:
      project: default
      source: { repoURL: https://git.example.com/acme/shop, targetRevision: main, path: . }
      destination: { name: in-cluster, namespace: default }
`;

const PULLS =
  '[{ pullRequest: { github: { owner: acme, repo: shop, labels: [preview] }, filters: [{ branchMatch: ^f }] } }]';
const SCM =
  '[{ scmProvider: { gitlab: { group: acme }, filters: [{ repositoryMatch: ^svc, pathsExist: [deploy/] }] } }]';
const PLUGIN = '[{ plugin: { configMapRef: { name: images }, input: { parameters: { env: dev } } } }]';
const DIRECTORIES =
  "[{ git: { repoURL: https://git.example.com/acme/shop, revision: HEAD, directories: [{ path: 'apps/*' }] } }]";

const ANSWERS = `
pullRequests:
  acme/shop:
    - { number: 1, branch: feature, headSHA: 0123456789abcdef, labels: [preview] }
    - { number: 2, branch: feature, headSHA: 0123456789abcdef }
    - { number: 3, branch: main, headSHA: 0123456789abcdef, labels: [preview] }
repositories:
  acme:
    - { repository: svc-a, url: https://x/svc-a, branch: main, sha: abc, paths: [deploy] }
    - { repository: svc-b, url: https://x/svc-b, branch: main, sha: abc }
    - { repository: docs, url: https://x/docs, branch: main, sha: abc, paths: [deploy] }
plugins:
  images: [{ parameters: { env: dev }, output: [{ tag: one }, { tag: two }] }]
`;

describe('towline appset generate', () => {
  let cwd = '';
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'towline-appset-'));
    const files = {
      'pulls.yaml': setYaml(PULLS, 'pr-{{.number}}-{{.head_short_sha_7}}'),
      'scm.yaml': setYaml(SCM, '{{.organization}}-{{.repository}}'),
      'plugin.yaml': setYaml(PLUGIN, '{{.tag}}'),
      'directories.yaml': setYaml(DIRECTORIES, '{{.path.basename}}'),
      'none.yaml': setYaml(DIRECTORIES.replace('apps/*', 'none/*'), 'x'),
      'numbers.yaml': setYaml('[{ list: { elements: [{ a: b }] } }]', 'x').replace('Revision: main', 'Revision: 1.5'),
      'wrong.yaml': setYaml('[{ lists: {} }]', 'x'),
      'unserved.yaml': setYaml('[{ pullRequest: { gitea: { owner: a, repo: b } } }]', 'x'),
      'filter.yaml': setYaml(
        "[{ pullRequest: { github: { owner: a, repo: b }, filters: [{ fileMatch: '*.yml' }] } }]",
        'x',
      ),
      'answers.yaml': ANSWERS,
      'bad-answers.yaml': 'pullRequests:\n  acme/shop:\n    - { number: one, branch: a, headSHA: b }\n',
      'checkout/apps/api/a.yaml': '',
      'checkout/apps/web/a.yaml': '',
    };
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(cwd, path)), { recursive: true });
      await writeFile(join(cwd, path), text);
    }
  });
  afterAll(() => rm(cwd, { recursive: true }));

  const run = async (...args: string[]) => {
    let out = '';
    let err = '';
    const { readFile } = await import('node:fs/promises');
    const code = await runAppset({
      args,
      cwd,
      environment: {},
      readFile: (path) => readFile(join(cwd, path), 'utf8'),
      write: (text) => void (out += text),
      writeError: (text) => void (err += text),
    });
    return { code, out, err };
  };
  const namesOf = (out: string): unknown =>
    [JSON.parse(out)].flat().map((one: { metadata: { name: string } }) => one.metadata.name);
  const generate = async (file: string, ...more: string[]) => {
    const { code, out, err } = await run('generate', '-f', file, '-o', 'json', ...more);
    return { code, names: out === '' ? undefined : namesOf(out), err };
  };

  it.each([
    ['pulls.yaml', ['pr-1-0123456']],
    ['scm.yaml', ['acme-svc-a']],
    ['plugin.yaml', ['one', 'two']],
  ])('takes what forges and plugins would answer to %s from a file', async (file, names) => {
    expect(await generate(file, '--answers', 'answers.yaml')).toEqual({ code: 0, names, err: '' });
  });

  it.each([
    ['pulls.yaml', 'pullRequests: { acme/shop: [{…}] }'],
    ['scm.yaml', 'repositories: { acme: [{…}] }'],
    ['plugin.yaml', 'plugins: { images: [{ parameters: {"env":"dev"}'],
  ])('asks nobody: %s without its answer fails, says what is missing and where', async (file, missing) => {
    const { code, names, err } = await generate(file);
    expect({ code, names }).toEqual({ code: 1, names: undefined });
    expect(err).toContain(`towline appset: ${file}:1: ApplicationSet argocd/made: `);
    expect(err).toContain(missing);
  });

  it.each([
    ['--repo', 'https://git.example.com/acme/shop=checkout'],
    ['--repo-root', 'checkout'],
  ])('reads Git repositories from folders: %s %s', async (...folder) => {
    expect(await generate('directories.yaml', ...folder)).toEqual({ code: 0, names: ['api', 'web'], err: '' });
  });

  it('prints several Applications as a list, one by itself, none as an empty list, as argocd does', async () => {
    const at = (path: string) => ['generate', '-f', path, '--repo-root', 'checkout'];
    const several = await run(...at('directories.yaml'));
    expect(several.out.match(/^- apiVersion: .*$/gm)).toHaveLength(2);
    expect(several.out).toContain(
      '  metadata:\n    finalizers:\n    - resources-finalizer.argocd.argoproj.io\n    name: api\n',
    );
    const one = await run('generate', 'pulls.yaml', '--answers', 'answers.yaml');
    expect(one).toMatchObject({ code: 0, out: expect.stringMatching(/^apiVersion: argoproj.io\/v1alpha1\nkind: App/) });
    expect(await run(...at('none.yaml'), '-o', 'json')).toEqual({ code: 0, out: '[]\n', err: '' });
  });

  it('prints a table with -o wide', async () => {
    const { code, out } = await run('generate', '-f', 'directories.yaml', '--repo-root', 'checkout', '-o', 'wide');
    const [header, row] = out.split('\n').map((line) => line.split(/\s{2,}/));
    expect({ code, header: header?.slice(0, 4) }).toEqual({
      code: 0,
      header: ['NAME', 'CLUSTER', 'NAMESPACE', 'PROJECT'],
    });
    expect(row).toEqual([
      'argocd/api',
      'in-cluster',
      'default',
      'default',
      'Manual',
      '<none>',
      'https://git.example.com/acme/shop',
      '.',
      'main',
    ]);
  });

  it('prints an Application that is not right, says what is wrong with it, and ends with 1', async () => {
    const { code, out, err } = await run('generate', '-f', 'numbers.yaml', '-o', 'json');
    expect({ code, revision: JSON.parse(out).spec.source.targetRevision }).toEqual({ code: 1, revision: 1.5 });
    expect(err).toContain(
      'numbers.yaml:1: spec.template.spec.source.targetRevision: must be a string, not 1.5: write it in quotes',
    );
  });

  it.each([
    ['wrong.yaml', 'wrong.yaml:7: spec.generators[0]: names no known generator'],
    ['unserved.yaml', 'unserved.yaml:7: spec.generators[0].pullRequest.gitea: gitea is not served'],
    ['filter.yaml', 'spec.generators[0].pullRequest.filters[0].fileMatch: is no filter that Argo CD has'],
  ])('names file, line and field of what is wrong in %s', async (file, reason) => {
    const { code, err } = await generate(file);
    expect(code).toBe(1);
    expect(err).toContain(reason);
  });

  it.each([
    [['generate'], '-f FILE is missing'],
    [['make', '-f', 'pulls.yaml'], 'make is no command'],
    [['generate', '-f', 'absent.yaml'], 'absent.yaml: cannot be read (ENOENT)'],
    [['generate', '-f', 'pulls.yaml', '-o', 'xml'], '-o is xml'],
    [['generate', '-f', 'pulls.yaml', '--repo', 'x'], '--repo is x, not URL=DIR'],
    [
      ['generate', '-f', 'pulls.yaml', '--answers', 'bad-answers.yaml'],
      'bad-answers.yaml:3: pullRequests["acme/shop"][0].number: must be a number',
    ],
    [['generate', '-f', 'pulls.yaml', '--repo-root', 'absent'], 'absent: cannot be read'],
  ])('%j is a usage error', async (args, reason) => {
    const { code, err } = await run(...args);
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toContain(reason);
  });

  it('shows its help', async () => {
    expect(await run('--help')).toEqual({ code: 0, out: APPSET_USAGE, err: '' });
  });
});
