import { describe, expect, it } from 'vitest';
import type { HelmRequest, RenderResult, ToolBundle } from '../../src/domain/sources/bundle.ts';
import type { Sandbox } from '../../src/ports/sandbox.ts';

const CM = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n';

/** A bundle of texts for kustomize. */
export const kustomizeBundle = (files: Record<string, string>, path = 'a'): ToolBundle => ({
  files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, { text }])),
  render: { tool: 'kustomize', path },
});

/** A bundle of texts for helm; `c` is the chart. */
export const helmBundle = (files: Record<string, string>, request: Partial<HelmRequest> = {}): ToolBundle => ({
  files: Object.fromEntries(
    Object.entries({ 'c/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n', ...files }).map(
      ([name, text]) => [name, { text }],
    ),
  ),
  render: {
    tool: 'helm',
    path: 'c',
    releaseName: 'web',
    namespace: 'shop',
    apiVersions: [],
    valueFiles: [],
    parameters: [],
    fileParameters: [],
    skipCrds: false,
    skipTests: false,
    skipSchemaValidation: false,
    ...request,
  },
});

export const errorOf = (result: RenderResult) => {
  if (result.ok) throw new Error(`rendered ${JSON.stringify(result.objects)}`);
  return result.error;
};

export const dataOf = (result: RenderResult): unknown => {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.objects.map((object) => object.data);
};

const shows = (template: string) => ({ 'c/templates/x.yaml': `${CM}data:\n  x: ${template}\n` });

/** What every sandbox does, wherever it runs. */
export const describeSandbox = (name: string, open: () => Sandbox): void => {
  describe(`Sandbox: ${name}`, () => {
    it('renders a kustomization with a base beside it', async () => {
      const files = {
        'a/kustomization.yaml': 'namePrefix: p-\nresources: [../base]\n',
        'base/kustomization.yaml': 'resources: [x.yaml]\n',
        'base/x.yaml': CM,
      };
      const result = await open().render(kustomizeBundle(files));
      expect(result).toEqual({
        ok: true,
        objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'p-a' } }],
      });
    });

    it.each<[string, Record<string, string>, Partial<HelmRequest>, unknown]>([
      ['release and namespace', shows('"{{ .Release.Name }}/{{ .Release.Namespace }}"'), {}, { x: 'web/shop' }],
      ['values of the chart', { ...shows('{{ .Values.v }}'), 'c/values.yaml': 'v: chart' }, {}, { x: 'chart' }],
      [
        'value files in order',
        { ...shows('{{ .Values.v }}'), 'v/1.yaml': 'v: one', 'v/2.yaml': 'v: two' },
        { valueFiles: ['v/1.yaml', 'v/2.yaml'] },
        { x: 'two' },
      ],
      [
        'inline values last',
        { ...shows('{{ .Values.v }}'), 'v/1.yaml': 'v: one' },
        { valueFiles: ['v/1.yaml'], values: 'v: inline' },
        { x: 'inline' },
      ],
      [
        'parameters over values',
        shows('{{ .Values.v }}'),
        { values: 'v: inline', parameters: [{ name: 'v', value: 'set', forceString: false }] },
        { x: 'set' },
      ],
      [
        'a comma in a parameter',
        shows('{{ .Values.v | quote }}'),
        { parameters: [{ name: 'v', value: 'a,b', forceString: false }] },
        { x: 'a,b' },
      ],
      [
        'a list in a parameter',
        shows('{{ .Values.v | join "+" }}'),
        { parameters: [{ name: 'v', value: '{a,b}', forceString: false }] },
        { x: 'a+b' },
      ],
      [
        'text kept text',
        shows('"{{ kindOf .Values.v }}"'),
        { parameters: [{ name: 'v', value: '1', forceString: true }] },
        { x: 'string' },
      ],
      [
        'a parameter out of a file',
        { ...shows('{{ .Values.v | quote }}'), 'f/a,b.txt': 'content' },
        { fileParameters: [{ name: 'v', path: 'f/a,b.txt' }] },
        { x: 'content' },
      ],
      [
        'the Kubernetes version',
        shows('"{{ .Capabilities.KubeVersion.Version }}"'),
        { kubeVersion: '1.29.3' },
        { x: 'v1.29.3' },
      ],
      [
        'API versions',
        shows('"{{ .Capabilities.APIVersions.Has "x.io/v1/Foo" }}"'),
        { apiVersions: ['x.io/v1/Foo'] },
        { x: 'true' },
      ],
      ['no cluster to look up', shows('"{{ lookup "v1" "Secret" "" "" | len }}"'), {}, { x: '0' }],
      [
        'value files named like options',
        { ...shows('{{ .Values.v }}'), '--post-renderer=sh': 'v: inert' },
        { valueFiles: ['--post-renderer=sh'] },
        { x: 'inert' },
      ],
    ])('gives helm %s', async (_name, files, request, data) => {
      expect(dataOf(await open().render(helmBundle(files, request)))).toEqual([data]);
    });

    it('renders CRDs and tests unless they are to be left out', async () => {
      const files = {
        'c/crds/crd.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n',
        'c/templates/t.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n',
      };
      const kinds = async (request: Partial<HelmRequest>) => {
        const result = await open().render(helmBundle(files, request));
        return result.ok ? result.objects.map(({ kind }) => kind) : result.error;
      };
      expect(await kinds({})).toEqual(['CustomResourceDefinition', 'Pod']);
      expect(await kinds({ skipCrds: true, skipTests: true })).toEqual([]);
    });

    it.each<[string, ToolBundle, object]>([
      [
        'a template',
        helmBundle({ 'c/templates/x.yaml': 'a: 1\nb: {{ .Values.x.y }}\n' }),
        { code: 'render-failed', file: 'c/templates/x.yaml', line: 2 },
      ],
      [
        'what a template makes',
        helmBundle({ 'c/templates/x.yaml': 'a: [\nb: c\n' }),
        { code: 'render-failed', file: 'c/templates/x.yaml' },
      ],
      [
        'a value file',
        helmBundle({ 'v/x.yaml': 'a: [' }, { valueFiles: ['v/x.yaml'] }),
        { code: 'render-failed', file: 'v/x.yaml' },
      ],
      [
        'a schema',
        helmBundle({ 'c/values.schema.json': '{"required":["x"]}' }),
        { code: 'render-failed', message: expect.stringMatching(/^c: .*schema/s) },
      ],
      [
        'output that is no object',
        helmBundle({ 'c/templates/x.yaml': 'just: text\n' }),
        { code: 'render-output-invalid', message: expect.stringMatching(/chart\/templates\/x\.yaml.*kind is missing/) },
      ],
      [
        'a resource',
        kustomizeBundle({ 'a/kustomization.yaml': 'resources: [x.yaml]', 'a/x.yaml': 'a: [' }),
        { code: 'render-failed', file: 'a/x.yaml' },
      ],
      [
        'a field',
        kustomizeBundle({ 'a/kustomization.yaml': 'resourcess: []' }),
        {
          code: 'render-failed',
          file: 'a/kustomization.yaml',
          message: expect.stringMatching(/^a\/kustomization\.yaml: .*resourcess/),
        },
      ],
      [
        'a file outside the root',
        kustomizeBundle({ 'a/kustomization.yaml': 'resources: [../b/x.yaml]', 'b/x.yaml': CM }),
        { code: 'render-failed', message: expect.stringMatching(/not in or below/) },
      ],
      [
        'bases in a circle',
        kustomizeBundle({ 'a/kustomization.yaml': 'resources: [../b]', 'b/kustomization.yaml': 'resources: [../a]' }),
        { code: 'render-failed', message: expect.stringMatching(/cycle/) },
      ],
      [
        'a release name that is an option',
        helmBundle({}, { releaseName: '--post-renderer' }),
        { code: 'bundle-invalid' },
      ],
      [
        'a release name that is too long',
        helmBundle({}, { releaseName: 'x'.repeat(54) }),
        { code: 'bundle-invalid', message: expect.stringMatching(/helm\.releaseName/) },
      ],
      ['a path out of the folder', kustomizeBundle({ '../x': '' }), { code: 'bundle-invalid' }],
      ['an absolute path', kustomizeBundle({ '/etc/cron.d/x': '' }), { code: 'bundle-invalid' }],
      ['a NUL in a path', kustomizeBundle({ 'a/x\0y': '' }), { code: 'bundle-invalid' }],
      ['a directory out of the folder', kustomizeBundle({ 'a/x': '' }, '../..'), { code: 'bundle-invalid' }],
    ])('says where %s is at fault', async (_name, bundle, error) => {
      const found = errorOf(await open().render(bundle));
      expect(found).toMatchObject(error);
      expect(found.message).not.toMatch(/\/tmp|render-[A-Za-z0-9]{6}|\/r\//);
    });

    it('keeps secrets out of what it says', async () => {
      const secrets = ['hunter2hunter2', `ghp_${'a1B2'.repeat(9)}`, Buffer.from('canary'.repeat(8)).toString('base64')];
      for (const secret of secrets) {
        const files = { 'c/templates/x.yaml': `{{ fail "password: ${secret} rejected" }}` };
        expect(errorOf(await open().render(helmBundle(files))).message).not.toContain(secret);
      }
    });

    it('shows a template nothing of where it runs', async () => {
      const files = shows('{{ .Files.Get "/etc/passwd" | quote }}{{ .Files.Get "../../../../etc/passwd" }}');
      expect(dataOf(await open().render(helmBundle(files)))).toEqual([{ x: '' }]);
    });

    it('is the same after a failure as before', async () => {
      const sandbox = open();
      const good = helmBundle(shows('fine'));
      const bad = helmBundle({ 'c/templates/x.yaml': '{{ nope }}' });
      const results = await Promise.all([good, bad, good].map((bundle) => sandbox.render(bundle)));
      expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    });
  });
};
