import { gzipSync } from 'node:zlib';
import type { ApplicationSource } from '../../../src/domain/fleet/application.ts';
import type { MemoryFiles } from '../../fakes/memory-source.ts';
import { type TarEntry, tar } from '../../fakes/tar.ts';

/** What a hostile repository aims at: canaries that must not be told, a host that must not be asked. */
export interface Targets {
  /** A file outside the render's folder that holds the canary. */
  file: string;
  /** A listening server that must hear nothing: `http://127.0.0.1:port`. */
  sinkhole: string;
}

export interface HostileRepository {
  name: string;
  files: MemoryFiles;
  source: Partial<ApplicationSource>;
  /** The code of the typed error; undefined: it renders, and what it tried has no effect. */
  code?: RegExp;
}

const CM = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';
const CHART = 'apiVersion: v2\nname: c\nversion: 1.0.0\n';
const shown = (template: string): string => `${CM}data:\n  x: ${template}\n`;
const link = (target: string) => ({ link: target });
const bytes = (content: Uint8Array) => ({ bytes: content });
const archive = (entries: TarEntry[]) => bytes(gzipSync(tar(entries)));

const directory = (name: string, files: MemoryFiles, code?: RegExp, more = {}): HostileRepository => ({
  name: `directory: ${name}`,
  files,
  source: { path: 'a', ...more },
  ...(code ? { code } : {}),
});

const kustomize = (name: string, kustomization: string, code?: RegExp, files: MemoryFiles = {}): HostileRepository => ({
  name: `kustomize: ${name}`,
  files: { 'a/kustomization.yaml': kustomization, 'a/cm.yaml': CM, ...files },
  source: { path: 'a' },
  ...(code ? { code } : {}),
});

const helm = (
  name: string,
  files: MemoryFiles,
  code?: RegExp,
  options?: ApplicationSource['helm'],
): HostileRepository => ({
  name: `helm: ${name}`,
  files: { 'a/Chart.yaml': CHART, 'a/templates/cm.yaml': CM, ...files },
  source: { path: 'a', ...(options ? { helm: options } : {}) },
  ...(code ? { code } : {}),
});

/** Ten anchors, each ten times the one before: 10^10 values out of a few lines. */
const BOMB = Array.from({ length: 10 }, (_, index) => {
  const inner = index === 0 ? 'x' : `*a${index - 1}`;
  return `a${index}: &a${index} [${Array.from({ length: 10 }, () => inner).join(', ')}]`;
}).join('\n');
const DEEP = 100_000;

const traversal = ({ file }: Targets): HostileRepository[] => [
  directory('a path that climbs', { 'a/x.yaml': CM }, /^path-escapes$/, { path: 'a/../../../etc' }),
  directory('an absolute path', { 'a/x.yaml': CM }, /^path-escapes$/, { path: '/etc' }),
  directory('a NUL in the path', { 'a/x.yaml': CM }, /^path-escapes$|^path-missing$/, { path: 'a\0/../../etc' }),
  helm('a value file that climbs', {}, /^path-escapes$/, { valueFiles: ['../../../../../etc/passwd'] }),
  helm("an absolute value file is the repository's own", {}, /^value-file-missing$/, { valueFiles: [file] }),
  helm('a value file by file://', {}, /^value-file-refused$/, { valueFiles: [`file://${file}`] }),
  helm('a value file with a NUL', {}, /^path-escapes$/, { valueFiles: ['a\0.yaml'] }),
  helm('a parameter file that climbs', {}, /^path-escapes$/, {
    fileParameters: [{ name: 'x', path: `../../..${file}` }],
  }),
  helm('a ref that is none', {}, /^ref-source-missing$/, { valueFiles: ['$other/values.yaml'] }),
  helm(
    'a dependency that climbs',
    {
      'a/Chart.yaml': `${CHART}dependencies: [{ name: d, version: 1.0.0, repository: "file://../../../etc" }]\n`,
    },
    /^path-escapes$/,
  ),
  helm(
    'a dependency by absolute path',
    {
      'a/Chart.yaml': `${CHART}dependencies: [{ name: d, version: 1.0.0, repository: "file:///etc" }]\n`,
    },
    /^path-escapes$/,
  ),
  kustomize('a resource that climbs', 'resources: [../../../../etc/passwd]', /^path-escapes$/),
  kustomize('an absolute resource', `resources: [${file}]`, /^path-escapes$/),
  kustomize('a generator of a file outside', `configMapGenerator: [{ name: g, files: [${file}] }]`, /^path-escapes$/),
  kustomize(
    'a generator of /proc',
    'configMapGenerator: [{ name: g, files: [e=/proc/self/environ] }]',
    /^path-escapes$/,
  ),
  kustomize('a patch outside', `patches: [{ path: ../../..${file} }]`, /^path-escapes$/),
  kustomize('a replacement outside', 'replacements: [{ path: ../../../etc/passwd }]', /^path-escapes$/),
  kustomize('a file of another root', 'resources: [../b/x.yaml]', /^render-failed$/, { 'b/x.yaml': CM }),
];

const symlinks = ({ file }: Targets): HostileRepository[] => [
  directory('a link to a file outside', { 'a/x.yaml': link(file) }, /^symlink-refused$/),
  directory('a link to /proc', { 'a/x.yaml': link('/proc/self/environ') }, /^symlink-refused$/),
  directory('a link that climbs', { 'a/x.yaml': link('../../../../etc/passwd') }, /^symlink-refused$/),
  directory('a link to itself', { 'a/x.yaml': link('x.yaml') }, /^symlink-refused$/),
  directory('links in a circle', { 'a/x.yaml': link('y.yaml'), 'a/y.yaml': link('x.yaml') }, /^symlink-refused$/),
  directory('a path that is a link outside', { a: link('/etc') }, /^symlink-refused$/),
  directory('a link with a NUL', { 'a/x.yaml': link('b\0/etc') }, /^symlink-refused$/),
  kustomize('a resource that links to /proc', 'resources: [x.yaml]', /^symlink-refused$/, {
    'a/x.yaml': link('/proc/self/environ'),
  }),
  kustomize('a generated file that links outside', 'secretGenerator: [{ name: s, files: [x] }]', /^symlink-refused$/, {
    'a/x': link(file),
  }),
  kustomize('a base that links to its parent', 'resources: [up]', /^symlink-refused$/, {
    'a/up': link('.'),
  }),
  helm('a template that links to /proc', { 'a/templates/x.yaml': link('/proc/self/environ') }, /^symlink-refused$/),
  helm('values that link outside', { 'a/values.yaml': link(file) }, /^symlink-refused$/),
  helm('a Chart.yaml that links outside', { 'a/Chart.yaml': link(file) }, /^symlink-refused$/),
  helm('a Chart.lock that links outside', { 'a/Chart.lock': link(file) }, /^symlink-refused$/),
  helm(
    'templates that link to their parent',
    { 'a/templates/up': link('../..') },
    /^source-too-large$|^symlink-refused$/,
  ),
  helm('a value file that links outside', { 'a/prod.yaml': link(file) }, /^symlink-refused$/, {
    valueFiles: ['prod.yaml'],
  }),
  helm('a glob that finds a link outside', { 'a/v/prod.yaml': link(file) }, /^symlink-refused$/, {
    valueFiles: ['v/*.yaml'],
  }),
];

const OPTION = '--post-renderer=/bin/sh';

const options = ({ sinkhole }: Targets): HostileRepository[] => [
  helm('a release name', {}, /^bundle-invalid$/, { releaseName: OPTION }),
  helm('a namespace', {}, /^bundle-invalid$/, { namespace: OPTION }),
  helm('a Kubernetes version', {}, /^source-invalid$/, { kubeVersion: OPTION }),
  helm('API versions are inert', {}, undefined, { apiVersions: [OPTION, '; id', '$(id)'] }),
  helm("a parameter's name", { 'a/templates/cm.yaml': shown('{{ .Values | toJson | quote }}') }, undefined, {
    parameters: [{ name: OPTION, value: 'x' }],
  }),
  helm("a parameter's value is inert", { 'a/templates/cm.yaml': shown('{{ .Values.v | quote }}') }, undefined, {
    parameters: [{ name: 'v', value: '$(id);`id`\n--post-renderer=sh' }],
  }),
  helm('a value file is inert', { [`a/${OPTION.replaceAll('/', '_')}`]: 'a: 1' }, undefined, {
    valueFiles: [OPTION.replaceAll('/', '_')],
  }),
  helm('a value file of a URL', {}, /^remote-file-missing$/, { valueFiles: [`${sinkhole}/values.yaml`] }),
  {
    name: 'helm: a directory named like an option',
    files: { '--debug/Chart.yaml': CHART, '--debug/templates/x.yaml': CM },
    source: { path: '--debug' },
  },
  {
    name: 'kustomize: a directory named like an option',
    files: { '--enable-exec/kustomization.yaml': 'resources: [x.yaml]', '--enable-exec/x.yaml': CM },
    source: { path: '--enable-exec' },
  },
  {
    name: 'kustomize: options that look like options',
    files: { 'a/kustomization.yaml': 'resources: [x.yaml]', 'a/x.yaml': CM },
    source: { path: 'a', kustomize: { namePrefix: '--enable-helm', commonLabels: { a: '$(id)' } } },
  },
];

const remote = ({ sinkhole }: Targets): HostileRepository[] => [
  ...['resources', 'bases', 'components', 'transformers', 'generators', 'validators', 'crds', 'configurations'].map(
    (field) => kustomize(`remote ${field}`, `${field}: ["${sinkhole}/x.yaml"]`, /^remote-(?:base|file)-/),
  ),
  kustomize('the metadata service', 'resources: ["http://169.254.169.254/latest/meta-data/"]', /^remote-base-/),
  kustomize('a Git base on a host inside', 'resources: ["git::http://10.0.0.1/x//y?ref=main"]', /^remote-base-/),
  kustomize('a remote patch', `patches: [{ path: "${sinkhole}/p.yaml" }]`, /^remote-file-missing$/),
  kustomize('a remote schema', `openapi: { path: "${sinkhole}/openapi.json" }`, /^remote-file-missing$/),
  kustomize(
    'a chart inflated',
    `helmCharts: [{ name: x, repo: "${sinkhole}", version: 1.0.0 }]`,
    /^source-unsupported$/,
  ),
  kustomize('a chart generator', 'generators: [g.yaml]', /^source-unsupported$/, {
    'a/g.yaml': `apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: { name: x }\nname: x\nrepo: ${sinkhole}\n`,
  }),
  kustomize('an exec function', 'transformers: [t.yaml]', /^render-failed$/, {
    'a/t.yaml': `apiVersion: x/v1\nkind: T\nmetadata:\n  name: t\n  annotations:\n    config.kubernetes.io/function: |\n      exec: { path: /bin/cat }\n`,
  }),
  kustomize('a container function', 'generators: [t.yaml]', /^render-failed$/, {
    'a/t.yaml': `apiVersion: x/v1\nkind: T\nmetadata:\n  name: t\n  annotations:\n    config.kubernetes.io/function: |\n      container: { image: busybox, network: true }\n`,
  }),
  kustomize('an exec plugin', 'generators: [t.yaml]', /^render-failed$/, {
    'a/t.yaml': 'apiVersion: someteam.example/v1\nkind: SecretsFromDatabase\nmetadata: { name: t }\n',
  }),
  helm(
    'a chart dependency of a host that nobody registered',
    {
      'a/Chart.yaml': `${CHART}dependencies: [{ name: d, version: 1.0.0, repository: "${sinkhole}" }]\n`,
    },
    /^chart-/,
  ),
  helm(
    'an OCI dependency of a host that nobody registered',
    {
      'a/Chart.yaml': `${CHART}dependencies: [{ name: d, version: 1.0.0, repository: "oci://${sinkhole.slice(7)}" }]\n`,
    },
    /^chart-/,
  ),
  helm(
    'a schema that refers elsewhere',
    {
      'a/values.schema.json': `{ "$ref": "${sinkhole}/schema.json" }`,
    },
    /^render-failed$/,
  ),
  helm(
    'a packed chart with a schema that refers elsewhere',
    {
      'a/charts/d-1.0.0.tgz': archive([
        { name: 'd/Chart.yaml', content: CHART.replace('name: c', 'name: d') },
        { name: 'd/values.schema.json', content: `{ "properties": { "a": { "$ref": "${sinkhole}/schema.json" } } }` },
      ]),
    },
    /^render-failed$/,
  ),
  helm(
    'a schema of a draft that is elsewhere',
    { 'a/values.schema.json': `{ "$schema": "${sinkhole}/draft" }` },
    /^render-failed$/,
  ),
  helm(
    'a schema whose own id makes references lead elsewhere',
    { 'a/values.schema.json': `{ "$id": "${sinkhole}/", "properties": { "a": { "$ref": "x.json" } } }` },
    /^render-failed$/,
  ),
  helm(
    'a schema that refers to a file',
    {
      'a/values.schema.json': '{ "$ref": "file:///etc/passwd" }',
    },
    /^render-failed$/,
  ),
];

const bombs = (): HostileRepository[] => [
  directory('anchors that multiply', { 'a/x.yaml': `${CM}${BOMB}\n` }, /^manifest-invalid$/),
  directory('brackets without end', { 'a/x.yaml': `${CM}data: ${'['.repeat(DEEP)}` }, /^manifest-invalid$/),
  directory(
    'JSON nested without end',
    {
      'a/x.json': `{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"s":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
    },
    /^manifest-invalid$/,
  ),
  directory(
    'lists in lists',
    {
      'a/x.json': `${'{"apiVersion":"v1","kind":"List","items":['.repeat(20_000)}${']}'.repeat(20_000)}`,
    },
    /^manifest-invalid$/,
  ),
  directory('comments without end', { 'a/x.yaml': '#\n'.repeat(4_000_000) + CM }),
  directory('a tag without end', { 'a/x.yaml': `${CM}d: !<${'x'.repeat(1_000_000)}> a\n` }, /^manifest-invalid$/),
  directory(
    'a number without end',
    { 'a/x.json': `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"n":${'9'.repeat(1_000)}}` },
    /^manifest-invalid$/,
  ),
  directory('alternatives that multiply in include', { [`a/${'a'.repeat(200)}.yaml`]: CM }, undefined, {
    directory: { include: `${'{a,a}'.repeat(100)}b`, exclude: `${'*a'.repeat(60)}b` },
  }),
  helm('stars that multiply in a pattern', { [`a/${'a'.repeat(200)}.yaml`]: 'x: 1' }, undefined, {
    valueFiles: [`${'*a'.repeat(60)}b`, `${'{a*,*a}'.repeat(30)}?`, `${'**/d/'.repeat(20)}z.yaml`],
    ignoreMissingValueFiles: true,
  }),
  directory('documents without end', { 'a/x.yaml': '---\na: 1\n'.repeat(50_000) }),
  directory(
    'objects without end',
    { 'a/x.yaml': `---\n${CM}`.repeat(10_001) },
    /^(?:render-too-large|manifest-invalid)$/,
  ),
  directory(
    'one huge document',
    { 'a/x.yaml': `${CM}data: { x: "${'x'.repeat(12_000_000)}" }\n` },
    /^source-too-large$/,
  ),
  directory(
    'many large documents',
    Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [`a/${index}.yaml`, `${CM}data: { x: "${'x'.repeat(9_000_000)}" }\n`]),
    ),
    /^source-too-large$/,
  ),
  directory('keys by which prototypes are changed', {
    'a/x.yaml': `${CM}__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n`,
  }),
  kustomize('anchors that multiply', `${BOMB}\nresources: [cm.yaml]`, /^(?:kustomization-invalid|render-failed)$/),
  kustomize(
    'anchors in a resource',
    'resources: [x.yaml]',
    /^(?:render-failed|render-timeout|render-output-invalid|render-too-large)$/,
    {
      'a/x.yaml': `${CM}${BOMB}\n`,
    },
  ),
  kustomize('brackets without end', `resources: ${'['.repeat(DEEP)}`, /^kustomization-invalid$/),
  kustomize('bases in a circle', 'resources: [../b]', /^render-failed$/, {
    'b/kustomization.yaml': 'resources: [../a]',
  }),
  kustomize(
    'bases nested without end',
    'resources: [../k0]',
    /^kustomization-invalid$/,
    Object.fromEntries(
      Array.from({ length: 120 }, (_, index) => [`k${index}/kustomization.yaml`, `resources: [../k${index + 1}]`]),
    ),
  ),
  helm('anchors that multiply in values', { 'a/values.yaml': BOMB }, /^(?:render-failed|render-timeout)$/),
  helm(
    'a template that includes itself',
    {
      'a/templates/_x.tpl': '{{ define "x" }}{{ include "x" . }}{{ end }}',
      'a/templates/x.yaml': '{{ include "x" . }}',
    },
    /^render-failed$/,
  ),
  helm(
    'a template that never ends',
    {
      'a/templates/x.yaml': '{{ range $i := until 100000 }}{{ range $j := until 100000 }}x{{ end }}{{ end }}',
    },
    /^(?:render-failed|render-timeout|render-too-large)$/,
  ),
  helm(
    'a text that fills the memory',
    {
      'a/templates/x.yaml':
        '{{ $x := repeat 1000000000 "x" }}{{ $y := printf "%s%s%s%s%s" $x $x $x $x $x }}{{ len $y }}',
    },
    /^(?:render-failed|render-timeout|render-too-large)$/,
  ),
  helm(
    'output without end',
    { 'a/templates/x.yaml': shown('{{ repeat 60000000 "x" }}') },
    /^render-(?:too-large|failed|timeout)$/,
  ),
  helm(
    'a schema that refers to itself',
    {
      'a/values.schema.json': '{ "$ref": "#" }',
    },
    /^render-failed$/,
  ),
  helm(
    'a packed chart that unpacks to gigabytes',
    {
      'a/charts/d-1.0.0.tgz': archive([
        { name: 'd/Chart.yaml', content: CHART.replace('name: c', 'name: d') },
        { name: 'd/templates/x.yaml', content: Buffer.alloc(160_000_000) },
      ]),
    },
    /^render-failed$/,
  ),
  helm(
    'a packed chart that is no archive',
    { 'a/charts/d-1.0.0.tgz': bytes(gzipSync(Buffer.alloc(4_000_000))) },
    /^render-failed$/,
  ),
  helm(
    'a packed chart with paths that climb',
    {
      'a/charts/d-1.0.0.tgz': archive([
        { name: 'd/Chart.yaml', content: CHART.replace('name: c', 'name: d') },
        { name: 'd/../../../../tmp/pwned', content: 'x' },
      ]),
    },
    /^render-failed$/,
  ),
];

const tools = ({ file, sinkhole }: Targets): HostileRepository[] => [
  helm('env', { 'a/templates/cm.yaml': shown('{{ env "TOWLINE_CANARY" | quote }}') }, /^render-failed$/),
  helm('expandenv', { 'a/templates/cm.yaml': shown('{{ expandenv "$TOWLINE_CANARY" | quote }}') }, /^render-failed$/),
  helm('getHostByName asks nobody', { 'a/templates/cm.yaml': shown('{{ getHostByName "evil.example" | quote }}') }),
  helm('lookup finds nothing', { 'a/templates/cm.yaml': shown('{{ lookup "v1" "Secret" "" "" | toJson | quote }}') }),
  helm('.Files.Get outside', { 'a/templates/cm.yaml': shown(`{{ .Files.Get "${file}" | quote }}`) }),
  helm('.Files.Get that climbs', { 'a/templates/cm.yaml': shown(`{{ .Files.Get "../../../../..${file}" | quote }}`) }),
  helm('.Files.Glob everywhere', {
    'a/templates/cm.yaml': shown(
      '{{ (.Files.Glob "/**").AsConfig | quote }}{{ range $p, $_ := .Files.Glob "../../**" }}{{ $p }}{{ end }}',
    ),
  }),
  helm(
    'tpl of a value with env',
    { 'a/templates/cm.yaml': shown('{{ tpl .Values.t . | quote }}'), 'a/values.yaml': 't: "{{ env \\"HOME\\" }}"\n' },
    /^render-failed$/,
  ),
  helm(
    'a failure that tells a secret',
    { 'a/templates/cm.yaml': '{{ fail "password: hunter2hunter2" }}' },
    /^render-failed$/,
  ),
  helm('dependencies in a circle', {
    'a/Chart.yaml': `${CHART}dependencies: [{ name: b, version: 1.0.0, repository: "file://../b" }]\n`,
    'b/Chart.yaml': `apiVersion: v2\nname: b\nversion: 1.0.0\ndependencies: [{ name: c, version: 1.0.0, repository: "file://../a" }]\n`,
  }),
  helm('a parameter longer than a command line', {}, /^bundle-too-large$/, {
    parameters: [{ name: 'x', value: `{${'a,'.repeat(100_000)}}` }],
  }),
  helm('more parameters than a command line takes', {}, /^bundle-too-large$/, {
    parameters: Array.from({ length: 200 }, (_, index) => ({ name: `x${index}`, value: 'a'.repeat(10_000) })),
  }),
  helm(
    'a complaint without end',
    {
      'a/values.schema.json': '{ "properties": { "x": { "pattern": "^b" } } }',
      'a/values.yaml': `x: ${'a'.repeat(60_000)}\n`,
    },
    /^render-failed$/,
  ),
  helm('a Chart.lock with a repository', {
    'a/Chart.lock': `dependencies:\n- name: d\n  repository: ${sinkhole}\n  version: 1.0.0\ndigest: sha256:0\ngenerated: "2020-01-01T00:00:00Z"\n`,
  }),
  helm('no Chart.yaml', { 'a/Chart.yaml': 'x' }, /^chart-invalid$/),
  directory(
    'an LFS pointer',
    { 'a/x.yaml': 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n' },
    /^manifest-invalid$/,
  ),
  kustomize('an LFS pointer', 'resources: [x.yaml]', /^render-failed$|^lfs-unsupported$/, {
    'a/x.yaml': 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n',
  }),
  directory('a submodule in the place of the path', { a: { submodule: 'd'.repeat(40) } }, /^submodule-unsupported$/),
  kustomize('a base in a submodule', 'resources: [../m/base]', /^submodule-unsupported$/, {
    m: { submodule: 'd'.repeat(40) },
  }),
  helm('a chart in a submodule', { 'a/charts/d': { submodule: 'd'.repeat(40) } }, /^submodule-unsupported$/),
  directory('a name with a line break', { 'a/x\ny.yaml': CM }),
  directory('names in other scripts, spaces and quotes', { 'a/каф é "q" \'s\'.yaml': CM }),
  directory('a name that begins with a dash', { 'a/-rf.yaml': CM }),
  helm(
    'a template with a line break in its name',
    { 'a/templates/x\ny.yaml': CM.replace('name: a', 'name: b') },
    /^render-output-invalid$/,
  ),
  helm('a template with a backslash in its name', { 'a/templates/..\\..\\x.yaml': CM }, /^bundle-invalid$/),
  kustomize('a name longer than a file system takes', `resources: [${'x'.repeat(300)}.yaml]`, /^bundle-invalid$/, {
    [`a/${'x'.repeat(300)}.yaml`]: CM,
  }),
  {
    name: 'kustomize: a file named __proto__',
    files: { 'kustomization.yaml': 'resources: [__proto__]', __proto__x: CM },
    source: { path: '.' },
    code: /^kustomization-missing-file$/,
  },
  directory('bytes that are no text', {
    'a/x.yaml': bytes(Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x41])),
    'a/y.yaml': CM,
  }),
  directory(
    'overrides of the wrong shape',
    { 'a/.argocd-source.yaml': 'helm: [a]\n', 'a/x.yaml': CM },
    /^source-invalid$/,
  ),
  directory('overrides that name another repository are inert', {
    'a/.argocd-source.yaml': `repoURL: ${sinkhole}\npath: /etc\nchart: x\n`,
    'a/x.yaml': CM,
  }),
];

/** Every hostile repository. */
export const hostileRepositories = (targets: Targets): HostileRepository[] =>
  [traversal, symlinks, options, remote, bombs, tools].flatMap((make) => make(targets));
