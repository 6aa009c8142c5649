import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningCluster } from '../../../src/local/kubernetes/embedded-cluster.ts';
import { embeddedKubeconfig } from '../../../src/local/kubernetes/kubeconfig.ts';
import { findTools } from '../../../src/local/tools/find-tools.ts';
import { startCluster } from './client.ts';

let dir = '';
let cluster: RunningCluster;
let program = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'towline-embedded-'));
  ({ kubectl: program } = await findTools(join(import.meta.dirname, '../../../.cache'), process.env));
  cluster = await startCluster(join(dir, 'cluster'));
  await writeFile(join(dir, 'kubeconfig'), embeddedKubeconfig([{ name: 'demo', ...cluster }]), { mode: 0o600 });
}, 60_000);
afterAll(async () => {
  await cluster.close();
  await rm(dir, { recursive: true, force: true });
});

interface Result {
  code: number;
  out: string;
  err: string;
}

const kubectl = (args: string[], input = ''): Promise<Result> =>
  new Promise((resolve) => {
    const all = ['--kubeconfig', join(dir, 'kubeconfig'), '--cache-dir', join(dir, 'cache'), '--request-timeout=20s'];
    const child = execFile(program, [...all, ...args], (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 1 : 0;
      resolve({ code, out, err });
    });
    child.stdin?.end(input);
  });

const ok = async (args: string[], input?: string): Promise<string> => {
  const { code, out, err } = await kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${err}`);
  return out;
};

const manifest = (image: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: c, image: "${image}" }] }
`;

describe('kubectl', () => {
  test('applies by server-side apply, waits for the rollout, shows and describes it', async () => {
    expect(await ok(['apply', '--server-side', '-f', '-'], manifest('nginx:1'))).toContain('serverside-applied');
    expect(await ok(['rollout', 'status', 'deploy/web', '--timeout=10s'])).toContain('successfully rolled out');
    expect(await ok(['get', 'deploy', 'web', '--no-headers'])).toMatch(/^web +2\/2 +2 +2 /);
    expect(await ok(['get', 'pods', '-l', 'app=web', '--no-headers'])).toMatch(/1\/1 +Running/);
    expect(await ok(['describe', 'deploy', 'web'])).toContain('2 desired | 2 updated | 2 total | 2 available');
  });

  test('applies from the client too, and diffs both ways', async () => {
    const map = (value: string) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}, data: {a: ${value}}}`;
    expect(await ok(['apply', '-f', '-'], map('one'))).toContain('created');
    expect(await ok(['apply', '-f', '-'], map('two'))).toContain('configured');
    expect(await ok(['apply', '-f', '-'], map('two'))).toContain('unchanged');
    const client = await kubectl(['diff', '-f', '-'], map('three'));
    expect([client.code, client.out]).toEqual([1, expect.stringContaining('+  a: three')]);
    const server = await kubectl(['diff', '--server-side', '-f', '-'], manifest('nginx:9'));
    expect([server.code, server.out]).toEqual([1, expect.stringContaining('image: nginx:9')]);
    expect((await kubectl(['diff', '--server-side', '-f', '-'], manifest('nginx:1'))).code).toBe(0);
  });

  test('watches, and deletes', async () => {
    const map = (value: string) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: seen}, data: {a: ${value}}}`;
    await ok(['apply', '--server-side', '-f', '-'], map('one'));
    const kubeconfig = ['--kubeconfig', join(dir, 'kubeconfig')];
    const format = ['-o', 'jsonpath={.type} {.object.data.a}{"\\n"}'];
    const watching = spawn(program, [
      ...kubeconfig,
      'get',
      'configmap',
      'seen',
      '-w',
      '--output-watch-events',
      ...format,
    ]);
    let text = '';
    watching.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const seen = () => text.trim().split('\n');
    try {
      await expect.poll(seen).toEqual(['ADDED one']);
      await ok(['apply', '--server-side', '-f', '-'], map('two'));
      await expect.poll(seen).toEqual(['ADDED one', 'MODIFIED two']);
      expect(await ok(['delete', 'configmap', 'seen'])).toContain('deleted');
      await expect.poll(seen).toEqual(['ADDED one', 'MODIFIED two', 'DELETED two']);
    } finally {
      watching.kill();
    }
  });

  test('is told of conflicts and mistakes', async () => {
    const conflict = await kubectl(['apply', '--server-side', '--field-manager=b', '-f', '-'], manifest('nginx:2'));
    expect(conflict.err).toContain('conflict with "kubectl": .spec.template.spec.containers[name="c"].image');
    const unknown = await kubectl(
      ['apply', '--server-side', '-f', '-'],
      manifest('nginx:1').replace('replicas', 'replica'),
    );
    expect(unknown.err).toContain('.spec.replica: field not declared in schema');
    const strict = await kubectl(['create', '-f', '-'], manifest('nginx:1').replace('replicas', 'replica'));
    expect(strict.err).toContain('unknown field "spec.replica"');
  });

  test('patches, scales, sets, undoes and restarts', async () => {
    await ok([
      'patch',
      'deploy',
      'web',
      '-p',
      '{"spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"A","value":"1"}]}]}}}}',
    ]);
    await ok(['patch', 'deploy', 'web', '--type=json', '-p', '[{"op":"replace","path":"/spec/replicas","value":1}]']);
    await ok(['scale', 'deploy', 'web', '--replicas=3']);
    await ok(['set', 'image', 'deploy/web', 'c=nginx:5']);
    await ok(['rollout', 'status', 'deploy/web', '--timeout=10s']);
    const spec = JSON.parse(await ok(['get', 'deploy', 'web', '-o', 'jsonpath={.spec}']));
    expect(spec).toMatchObject({
      replicas: 3,
      template: { spec: { containers: [{ image: 'nginx:5', env: [{ name: 'A' }] }] } },
    });
    await ok(['rollout', 'undo', 'deploy/web']);
    await ok(['rollout', 'restart', 'deploy/web']);
    await ok(['rollout', 'status', 'deploy/web', '--timeout=10s']);
  });

  test('creates what it sends as protobuf', async () => {
    await ok(['create', 'namespace', 'made']);
    await ok(['-n', 'made', 'create', 'configmap', 'cm', '--from-literal=a=b']);
    await ok(['-n', 'made', 'create', 'secret', 'generic', 's', '--from-literal=p=q']);
    expect(await ok(['-n', 'made', 'get', 'secret', 's', '-o', 'jsonpath={.data.p}'])).toBe('cQ==');
    await ok(['-n', 'made', 'create', 'job', 'j', '--image=busybox', '--', 'echo', 'hi']);
    await ok(['-n', 'made', 'wait', '--for=condition=complete', 'job/j', '--timeout=10s']);
    await ok(['-n', 'made', 'create', 'deployment', 'd', '--image=nginx', '--replicas=0']);
    expect(await ok(['-n', 'made', 'get', 'deploy', 'd', '-o', 'jsonpath={.spec.replicas}'])).toBe('0');
    await ok(['delete', 'namespace', 'made', '--timeout=10s']);
    expect((await kubectl(['get', 'namespace', 'made'])).err).toContain('NotFound');
  });

  test('finds its way by discovery and OpenAPI', async () => {
    expect(await ok(['api-resources', '--api-group=apps', '--no-headers'])).toMatch(
      /deployments +deploy +apps\/v1 +true +Deployment/,
    );
    expect(await ok(['explain', 'deployment.spec.strategy'])).toContain('rollingUpdate');
    expect(await ok(['version'])).toMatch(/Server Version: v1\.\d+/);
    expect((await kubectl(['logs', 'deploy/web'])).err).toContain('an embedded cluster of Towline has no pods/log');
  });

  test('waits for definitions and uses what they define', async () => {
    const schema = '{type: object, properties: {spec: {type: object, properties: {size: {type: string}}}}}';
    const definition = `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: gears.example.com},
      spec: {group: example.com, scope: Namespaced, names: {plural: gears, kind: Gear, shortNames: [gr]},
      versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: ${schema}},
      additionalPrinterColumns: [{name: Size, type: string, jsonPath: .spec.size}]}]}}`;
    await ok(['apply', '--server-side', '-f', '-'], definition);
    await ok(['wait', '--for=condition=Established', 'crd/gears.example.com', '--timeout=10s']);
    await ok(
      ['apply', '--server-side', '-f', '-'],
      '{apiVersion: example.com/v1, kind: Gear, metadata: {name: g}, spec: {size: big}}',
    );
    expect(await ok(['get', 'gr', '--no-headers'])).toMatch(/^g +big/);
  });
});
