import { describe, expect, it } from 'vitest';
import { runHealth } from '../../../src/cli/health.ts';

const PODS = `apiVersion: v1
kind: Pod
metadata: { name: up }
spec: { restartPolicy: Always }
status: { phase: Pending, message: "pulling\\nstill pulling" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
---
apiVersion: example.com/v1
kind: Thing
metadata: { name: one }
status: { ready: 1 }
`;

const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-cm }
data:
  resource.customizations.health.example.com_Thing: |
    return {status = "Degraded", message = "only " .. obj.status.ready}
`;

const run = async (args: string[], files: Record<string, string>, clock = () => 0) => {
  let out = '';
  let err = '';
  const code = await runHealth({
    args,
    clock,
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
  });
  return { code, out, err };
};

describe('towline health', () => {
  it('prints a line per object, in order', async () => {
    expect(await run(['-f', 'a.yaml'], { 'a.yaml': PODS })).toEqual({
      code: 0,
      out: 'Pod/up  Progressing  pulling still pulling\nConfigMap/settings  -\nThing/one  -\n',
      err: '',
    });
  });

  it('prints JSON and runs the scripts of an argocd-cm', async () => {
    const { code, out } = await run(['-f', '-', '--settings', 'cm.yaml', '-o', 'json'], {
      '-': PODS,
      'cm.yaml': SETTINGS,
    });
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { apiVersion: 'v1', kind: 'Pod', name: 'up', status: 'Progressing', message: 'pulling\nstill pulling' },
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', status: null, message: '' },
      { apiVersion: 'example.com/v1', kind: 'Thing', name: 'one', status: 'Degraded', message: 'only 1' },
    ]);
  });

  it.each([
    ['JSON lines', '{"apiVersion":"v1","kind":"Pod"}\n\n{"apiVersion":"v1","kind":"Secret","metadata":null}\n'],
    ['pretty JSON', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [pod('Pod'), pod('Secret')] }, null, 2)],
    [
      'a List',
      `apiVersion: v1\nkind: PodList\nitems: [${JSON.stringify(pod('Pod'))}, ${JSON.stringify(pod('Secret'))}]`,
    ],
  ])('reads %s', async (_, text) => {
    const { code, out } = await run(['-f', 'x'], { x: text });
    expect([code, out.split('\n').map((line) => line.split('  ')[0])]).toEqual([0, ['Pod/', 'Secret/', '']]);
  });

  it.each([
    ['comments and empty documents', '# only words\n---\n# none\n---\n---\napiVersion: v1\nkind: Pod\n---\n'],
    ['CRLF and a byte order mark', '\uFEFF---\r\napiVersion: v1\r\nkind: Pod\r\n---\r\n'],
    ['JSON lines with CRLF and a byte order mark', '\uFEFF{"apiVersion":"v1","kind":"Pod"}\r\n'],
    ['JSON between document marks', '{"apiVersion":"v1","kind":"Pod"}\n---\n'],
    ['a list as the API server answers with it', '{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{}}]}'],
    ['a JSON array', '[{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":"}[\\"{"}}}]'],
    ['YAML that begins like JSON', '{apiVersion: v1, kind: Pod}\n'],
  ])('reads %s', async (_, text) => {
    expect(await run(['-f', 'x'], { x: text })).toEqual({ code: 0, out: 'Pod/  Unknown\n', err: '' });
  });

  it('reads indented JSON values one after another, as jq prints them', async () => {
    const text = [pod('Pod'), pod('Secret'), pod('Service')].map((one) => JSON.stringify(one, null, 2)).join('\n');
    const { code, out } = await run(['-f', 'x', '-o', 'json'], { x: text });
    expect(code).toBe(0);
    expect(out.match(/"kind":"\w+"/g)).toEqual(['"kind":"Pod"', '"kind":"Secret"', '"kind":"Service"']);
  });

  it.each([
    ['', ''],
    ['\n\n', ''],
    ['# nothing\n', ''],
    ['{"apiVersion":"v1","kind":"List","items":[]}', ''],
  ])('prints nothing for %j', async (text, out) => {
    expect(await run(['-f', 'x'], { x: text })).toEqual({ code: 0, out, err: '' });
  });

  it('reads ten megabytes of JSON lines', async () => {
    const line = `${JSON.stringify({ ...pod('ConfigMap'), data: { text: 'x'.repeat(1_000) } })}\n`;
    const { code, out } = await run(['-f', '-'], { '-': line.repeat(10_000) });
    expect([code, out.split('\n').length]).toEqual([0, 10_001]);
  });

  it.each([
    ['loops', 'while true do end', /^Thing\/one  Unknown  .*takes longer than 1000 ms/],
    ['fails', 'error("out of order")', /^Thing\/one  Unknown  .*out of order/],
    ['reaches out', 'return {status = "Healthy", message = os.getenv("HOME")}', /^Thing\/one  Unknown  /],
    ['says nothing', 'return nil', /^Thing\/one  -$/],
  ])('runs the script of a resource.customizations blob that %s', async (_, lua, expected) => {
    const blob = `example.com/Thing:\n  health.lua: |\n    ${lua}\n`;
    const cm = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: { 'resource.customizations': blob } });
    const thing = '{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"one"},"status":{}}';
    let now = 0;
    const { code, out } = await run(['-f', 'x', '--settings', 'cm'], { x: thing, cm }, () => (now += 100));
    expect(code).toBe(0);
    expect(out.trimEnd()).toMatch(expected);
  });

  it('prints its usage when asked', async () => {
    expect(await run(['--help'], {})).toMatchObject({ code: 0, out: expect.stringContaining('Usage:'), err: '' });
  });

  it.each([
    [[], {}, '-f FILE is missing'],
    [['-f', 'a', '-o', 'xml'], {}, '-o is xml'],
    [['-f', 'a', 'b'], {}, 'unexpected argument b'],
    [['--nope'], {}, '--nope'],
    [['-f', 'missing.yaml'], {}, 'missing.yaml: cannot be read (ENOENT)'],
    [['-f', 'a'], { a: 'kind: Pod\n' }, 'a:1: not a Kubernetes object'],
    [['-f', 'a'], { a: 'apiVersion: v1\nkind: Pod\n---\na: [\n' }, /a:[45]: /],
    [['-f', 'a'], { a: '{"apiVersion":"v1","kind":"Pod"}\n{"a":\n' }, 'a:2: not JSON'],
    [['-f', 'a', '--settings', 's'], { a: PODS, s: 'apiVersion: v1\nkind: Secret\n' }, 's:1: holds no ConfigMap'],
  ])('exits 2 on wrong usage or input: %j', async (args, files, message) => {
    const { code, out, err } = await run(args, files);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });
});

function pod(kind: string) {
  return { apiVersion: 'v1', kind };
}
