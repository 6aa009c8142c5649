import { describe, expect, it } from 'vitest';
import type { BundleFile } from '../../../../src/domain/sources/bundle.ts';
import { readManifests } from '../../../../src/domain/sources/manifests.ts';

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n';
const utf16 = (text: string, mark: number[]) => Buffer.concat([Buffer.from(mark), Buffer.from(text, 'utf16le')]);

const read = (files: Record<string, string | BundleFile>) =>
  readManifests(
    Object.fromEntries(
      Object.entries(files).map(([path, file]) => [path, typeof file === 'string' ? { text: file } : file]),
    ),
    { tool: 'directory', path: '', manifests: Object.keys(files) },
  );

const names = (files: Parameters<typeof read>[0]): string[] => {
  const result = read(files);
  if (!result.ok) throw new Error(result.error.message);
  return result.objects.map(({ kind, metadata }) => `${kind}/${metadata.name ?? ''}`);
};

describe('objects of a Directory source', () => {
  it.each<[string, Record<string, string | BundleFile>, string[]]>([
    ['one document', { 'a.yaml': CONFIG_MAP }, ['ConfigMap/a']],
    ['several documents', { 'a.yaml': `---\n${CONFIG_MAP}---\n---\n${CONFIG_MAP}` }, ['ConfigMap/a', 'ConfigMap/a']],
    ['JSON', { 'a.json': '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}' }, ['Pod/p']],
    ['JSON in a YAML file', { 'a.yml': '{"apiVersion":"v1","kind":"Pod"}' }, ['Pod/']],
    [
      'a list',
      { 'a.yaml': 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: p}}\n' },
      ['Pod/p'],
    ],
    ['an empty list', { 'a.yaml': 'apiVersion: v1\nkind: List\nitems: []\n' }, []],
    ['a list that is null', { 'a.yaml': 'apiVersion: v1\nkind: ConfigMapList\nitems:\n' }, []],
    ['what only looks like such a list', { 'a.yaml': 'apiVersion: v1\nkind: Foo\nitems:\nspec: {}\n' }, ['Foo/']],
    ['a file that is no manifest', { 'values.yaml': 'some: [other, yaml]\n' }, []],
    ['a broken file that is no manifest', { 'x.yaml': '{{ a template }}: [\n' }, []],
    ['a chart, which has an apiVersion and no kind', { 'Chart.yaml': 'apiVersion: v2\nname: a\n' }, []],
    ['settings of a tool', { 'x.yaml': 'apiVersion: 1\ndatasources: [{ name: a }]\n' }, []],
    ['a broken file that says kind somewhere', { 'x.yaml': 'a:\n  kind: {{ b }}: [\n' }, []],
    ['a key named twice: the last counts', { 'a.yaml': `${CONFIG_MAP}kind: Secret\n` }, ['Secret/a']],
    ['a file that asks to be skipped', { 'a.yaml': `# +argocd:skip-file-rendering\n${CONFIG_MAP}` }, []],
    ['a byte order mark', { 'a.yaml': `\uFEFF${CONFIG_MAP}` }, ['ConfigMap/a']],
    ['UTF-16', { 'a.yaml': { base64: utf16(CONFIG_MAP, [0xff, 0xfe]).toString('base64') } }, ['ConfigMap/a']],
    ['an empty file', { 'a.yaml': '' }, []],
  ])('reads %s', (_name, files, expected) => {
    expect(names(files)).toEqual(expected);
  });

  it.each<[string, Record<string, string>, string]>([
    ['a fault after an object', { 'x/a.yaml': `${CONFIG_MAP}---\na: [\n` }, 'x/a.yaml:7: '],
    ['a fault in what was meant as a manifest', { 'a.yaml': 'kind: Pod\nmetadata: [\n' }, 'a.yaml:'],
    [
      'a manifest cut off in the middle',
      { 'a.yaml': '---\n# Source: x\napiVersion: v1\nkind: Pod\nx: [\n' },
      'a.yaml:',
    ],
    [
      'an object without kind after one',
      { 'a.yaml': `${CONFIG_MAP}---\napiVersion: v1\n` },
      'a.yaml:6: kind is missing',
    ],
    ['an item without kind', { 'a.yaml': 'kind: List\nitems: [{ apiVersion: v1 }]\n' }, 'a.yaml:1: items[0]: kind is'],
    [
      'an object without apiVersion',
      { 'a.yaml': 'kind: Pod\nmetadata: {}\n' },
      'a.yaml:1: apiVersion of Pod is missing',
    ],
    ['metadata of another type', { 'a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: x\n' }, 'a.yaml:1: metadata of Pod'],
    [
      'a name that is a number',
      { 'a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: 12}\n' },
      'a.yaml:1: metadata.name',
    ],
    [
      'a bad item',
      { 'a.yaml': 'apiVersion: v1\nkind: List\nitems: [1]\n' },
      'a.yaml:1: items[0]: not a Kubernetes object',
    ],
    ['several objects in JSON', { 'a.json': '{"kind":"A"}\n{"kind":"B"}\n' }, 'a.json:2: holds several JSON objects'],
    ['broken JSON', { 'a.json': '{\n"kind": oops}' }, 'a.json:2: is not valid JSON'],
    [
      'an LFS pointer',
      { 'a.yaml': 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n' },
      'a.yaml:1: is a Git LFS pointer',
    ],
  ])('names file and line of %s', (_name, files, message) => {
    expect(read(files)).toMatchObject({
      ok: false,
      error: { code: 'manifest-invalid', message: expect.stringContaining(message) },
    });
  });

  it('bounds the number of objects and their size', () => {
    const many = Array.from({ length: 5_001 }, () => '{apiVersion: v1, kind: A}').join('\n---\n');
    expect(read({ 'a.yaml': many, 'b.yaml': many })).toMatchObject({
      error: { code: 'render-too-large', file: 'b.yaml' },
    });
    expect(read({ 'a.yaml': `a: ${'x'.repeat(52_428_800)}` })).toMatchObject({ error: { code: 'render-too-large' } });
  });
});
