import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { RENDER_USAGE, runRender } from '../../../src/cli/render.ts';
import { localTools } from '../../fakes/local-tools.ts';
import { toolEnvironment } from '../../fakes/tool-environment.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FIXTURES = 'test/fixtures/cli';

const run = async (args: string[], stdin = '') => {
  let out = '';
  let err = '';
  const code = await runRender({
    args,
    cwd: ROOT,
    environment: await toolEnvironment(),
    readFile: (path) => (path === '-' ? Promise.resolve(stdin) : readFile(`${ROOT}/${path}`, 'utf8')),
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
  });
  return { code, out, err };
};

const render = (name: string, ...more: string[]) =>
  run(['-f', `${FIXTURES}/applications/${name}.yaml`, '--repo-root', `${FIXTURES}/repo`, ...more]);

const names = (yaml: string): string[] =>
  parseAllDocuments(yaml).map((document) => `${document.getIn(['kind'])}/${document.getIn(['metadata', 'name'])}`);

// The tools may have to be unpacked first.
beforeAll(async () => void (await localTools()), 120_000);

describe('towline render', { timeout: 30_000 }, () => {
  it('renders a chart with value files, and quotes what YAML 1.1 would take for a boolean', async () => {
    expect(await render('helm')).toEqual({
      code: 0,
      err: '',
      out: [
        '---',
        'apiVersion: apps/v1',
        'kind: Deployment',
        'metadata:',
        '  name: web',
        '  annotations:',
        '    answer: "yes"',
        'spec:',
        '  replicas: 7',
        '',
      ].join('\n'),
    });
  });

  it.each([
    ['kustomize', ['ConfigMap/prod-settings']],
    ['directory', ['ConfigMap/plain', 'Secret/listed', 'ConfigMap/nested']],
    ['multi-source', ['Deployment/front', 'ConfigMap/plain', 'Secret/listed', 'ConfigMap/settings']],
  ])('renders %s: all sources in order, from one folder whatever they name', async (name, expected) => {
    const { code, out, err } = await render(name);
    expect({ code, names: names(out), err }).toEqual({ code: 0, names: expected, err: '' });
  });

  it('takes $ref value files from the folder', async () => {
    const { out } = await render('multi-source', '-o', 'json');
    expect(JSON.parse(out)).toHaveLength(4);
    expect(JSON.parse(out)[0]).toMatchObject({ kind: 'Deployment', spec: { replicas: 7 } });
  });

  it('adds nothing of the destination', async () => {
    const { out } = await render('directory', '-o', 'json');
    expect(JSON.parse(out)[0]).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'plain' } });
  });

  it('keeps objects that are rendered twice, and says so', async () => {
    const { code, out, err } = await render('twins');
    expect({ code, names: names(out) }).toEqual({
      code: 0,
      names: ['ConfigMap/plain', 'Secret/listed', 'ConfigMap/plain', 'Secret/listed'],
    });
    expect(err.split('\n')[1]).toBe(
      'towline render: warning: argocd/twins: /Secret/elsewhere/listed is rendered 2 times: the last one counts',
    );
  });

  it.each([
    [
      'path-missing',
      'path-missing.yaml:1: argocd/absent: path nowhere does not exist in https://example.com/acme/fleet',
    ],
    ['broken-chart', 'broken-chart.yaml:1: argocd/broken: broken-chart/templates/config.yaml:4: '],
  ])('ends with 1 and one line where a source cannot be rendered: %s', async (name, expected) => {
    const { code, out, err } = await render(name);
    expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 1, out: '', lines: 1 });
    expect(err).toContain(`towline render: ${FIXTURES}/applications/${expected}`);
  });

  it('names files of plain manifests that are passed over because they are no YAML', async () => {
    const root = await mkdtemp(join(tmpdir(), 'towline-render-test-'));
    try {
      await writeFile(join(root, 'broken.yaml'), '{{ a template }}: [\n');
      await writeFile(join(root, 'other.yaml'), 'some: [other, yaml]\n');
      const source = 'source: { repoURL: https://example.com/a, path: . }, destination: { name: a }';
      const application = `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: a }\nspec: { ${source} }\n`;
      expect(await run(['-f', '-', '--repo-root', root], application)).toEqual({
        code: 0,
        out: '',
        err: 'towline render: warning: argocd/a: broken.yaml: is no YAML, and passed over as in Argo CD\n',
      });
    } finally {
      await rm(root, { recursive: true });
    }
  });

  it('prints the other Applications of a file where one cannot be rendered', async () => {
    const { code, out, err } = await render('one-of-two');
    expect({ code, names: names(out) }).toEqual({
      code: 1,
      names: ['ConfigMap/plain', 'Secret/listed', 'ConfigMap/nested'],
    });
    expect(err).toContain('argocd/absent: ');
  });

  it('takes a repository of its own folder, and what charts may ask of a cluster', async () => {
    const multi = ['-f', `${FIXTURES}/applications/helm.yaml`, '--repo-root', 'src', '-o', 'json'];
    const here = await run([...multi, '--repo', `https://example.com/acme/fleet=${FIXTURES}/repo`]);
    expect({ code: here.code, kinds: JSON.parse(here.out).length }).toEqual({ code: 0, kinds: 1 });
    expect((await run(multi)).code).toBe(1);
    const chart = ['-f', '-', '--repo-root', `${FIXTURES}/capabilities`, '-o', 'json'];
    const source = '{ repoURL: https://example.com/acme/fleet, path: chart }';
    const application = `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: asks }\nspec: { project: default, source: ${source}, destination: { name: x, namespace: asks } }\n`;
    const asked = ['--kube-version', 'v1.30.2-eks-1', '--api-versions', 'monitoring.coreos.com/v1'];
    const { out } = await run([...chart, ...asked], application);
    expect(JSON.parse(out)[0].data).toEqual({ version: 'v1.30.2', monitors: 'true' });
  });

  it.each([
    [['--kube-version', 'new'], '--kube-version is new'],
    [['--api-versions', 'v1'], '--api-versions needs --kube-version'],
    [['--repo', 'x'], '--repo is x, not URL=DIR'],
    [['--repo', 'https://a.example/b=absent'], 'absent: cannot be read'],
  ])('%j is a usage error', async (args, reason) => {
    const { code, err } = await render('helm', ...args);
    expect(code).toBe(2);
    expect(err).toContain(reason);
  });

  it('says what to install where a tool is missing', async () => {
    const { code, err } = await missingTool();
    expect(code).toBe(1);
    expect(err).toContain('helm (TOWLINE_HELM) is not installed');
  });

  it('reads standard input, and names file, line, field and value of what is wrong with it', async () => {
    const text = await readFile(`${ROOT}/${FIXTURES}/applications/invalid.yaml`, 'utf8');
    const { code, out, err } = await run(['-f', '-'], text);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n')[0]).toBe(
      'towline render: <stdin>:8: spec.source.path: must be a string, not 7: write it in quotes',
    );
  });

  it.each([
    [[], '-f FILE is missing; see --help'],
    [['-f', 'x', '-o', 'xml'], '-o is xml, not yaml or json; see --help'],
    [['-f', 'x', 'y'], 'unexpected argument y; see --help'],
    [['-f', 'absent.yaml'], 'absent.yaml: cannot be read (ENOENT)'],
    [['-f', `${FIXTURES}/repo/plain/config.yaml`], `${FIXTURES}/repo/plain/config.yaml holds no Application`],
    [['-f', `${FIXTURES}/applications/helm.yaml`, '--repo-root', 'absent'], `${ROOT}absent: cannot be read (ENOENT)`],
  ])('ends with 2 for %j', async (args, message) => {
    expect(await run(args)).toEqual({ code: 2, out: '', err: `towline render: ${message}\n` });
  });

  it('prints its usage', async () => {
    expect(await run(['--help'])).toEqual({ code: 0, out: RENDER_USAGE, err: '' });
  });
});

const missingTool = async () => {
  let err = '';
  const code = await runRender({
    args: ['-f', `${FIXTURES}/applications/helm.yaml`, '--repo-root', `${FIXTURES}/repo`],
    cwd: ROOT,
    environment: { ...process.env, TOWLINE_HELM: '/nonexistent/helm' },
    readFile: (path) => readFile(`${ROOT}/${path}`, 'utf8'),
    write: () => {},
    writeError: (text) => {
      err += text;
    },
  });
  return { code, err };
};
