import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { runDiff } from '../../src/cli/diff.ts';
import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import { FIELD_MANAGER } from '../../src/domain/sync/migrate-fields.ts';
import { embeddedKubeconfig } from '../../src/local/kubernetes/kubeconfig.ts';
import type { ClusterConnection } from '../../src/ports/cluster.ts';
import { toolEnvironment } from '../fakes/tool-environment.ts';
import { startCluster } from './embedded-cluster/client.ts';

const APPLICATION = `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: shop, namespace: argocd }
spec:
  project: default
  destination: { server: https://kubernetes.default.svc, namespace: shop }
  source: { repoURL: https://example.com/acme/fleet, path: shop }
  ignoreDifferences:
    - { group: apps, kind: Deployment, jqPathExpressions: [".spec.replicas"] }
`;

const settings = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'shop' },
  data: { colour: 'green', size: 'large' },
};
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'login', namespace: 'shop' },
  stringData: { password: 'from-git', user: 'admin' },
};
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'example.com/web:1' }] },
    },
  },
};

let dir: string;
let cluster: Awaited<ReturnType<typeof startCluster>>;
let connection: ClusterConnection;

const diff = async (...more: string[]) => {
  let [out, err] = ['', ''];
  const code = await runDiff({
    args: ['-f', 'app.yaml', '--kubeconfig', 'kubeconfig', '--repo-root', 'repo', ...more],
    cwd: dir,
    environment: await toolEnvironment(),
    readFile: (path) =>
      path === 'app.yaml'
        ? Promise.resolve(APPLICATION)
        : Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    write: (text) => void (out += text),
    writeError: (text) => void (err += text),
  });
  return { code, out, err };
};

const tracked = ({ metadata, ...object }: KubernetesObject): KubernetesObject => {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  const id = `shop:${group}/${object.kind}:shop/${metadata.name}`;
  const annotations = { 'argocd.argoproj.io/tracking-id': id };
  return { ...object, metadata: { ...metadata, annotations } };
};

const apply = (object: KubernetesObject, fieldManager = FIELD_MANAGER) =>
  connection.apply(object, { fieldManager, force: true });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'towline-diff-'));
  cluster = await startCluster(join(dir, 'cluster'));
  await writeFile(join(dir, 'kubeconfig'), embeddedKubeconfig([{ name: 'dev', ...cluster }]));
  await mkdir(join(dir, 'repo/shop'), { recursive: true });
  for (const object of [settings, secret, deployment])
    await writeFile(join(dir, 'repo/shop', `${object.kind}.yaml`), JSON.stringify(object));
  const open = connectCluster({ clock: Date.now, random: Math.random, embedded: () => cluster });
  connection = await open({ name: 'dev', labels: {}, annotations: {}, access: { type: 'embedded' } }, 'test');
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
});

afterAll(async () => {
  await cluster.close();
  await rm(dir, { recursive: true, force: true });
});

describe('towline diff', () => {
  it('shows what is not there as made, and a Secret without its values', async () => {
    const { code, out } = await diff();
    expect(code).toBe(1);
    expect(out).toContain('--- /dev/null\n+++ desired/ConfigMap/shop/settings\n@@ -0,0 +1,');
    expect(out).toContain('+  colour: green\n');
    expect(out).toMatch(/\+ {2}password: \+{8}\n/);
    expect(out).not.toContain('from-git');
    expect(out).not.toContain(Buffer.from('from-git').toString('base64'));
  });

  describe('of an application that is applied', () => {
    beforeEach(async () => {
      for (const object of [settings, secret, deployment]) await apply(tracked(object));
    });

    it('says nothing and exits 0', async () => {
      expect(await diff()).toEqual({ code: 0, out: '', err: '' });
    });

    it('shows the lines that a sync would change, and none that are ignored', async () => {
      await apply({ ...settings, data: { colour: 'red' } }, 'somebody');
      await apply({ ...deployment, spec: { ...deployment.spec, replicas: 5 } }, 'somebody');
      expect(await diff()).toMatchObject({
        code: 1,
        out: [
          '--- live/ConfigMap/shop/settings',
          '+++ desired/ConfigMap/shop/settings',
          '@@ -1,6 +1,6 @@',
          ' apiVersion: v1',
          ' data:',
          '-  colour: red',
          '+  colour: green',
          '   size: large',
          ' kind: ConfigMap',
          ' metadata:',
          '',
        ].join('\n'),
      });
    });

    it('shows which keys of a Secret differ, and no value', async () => {
      await apply({ ...secret, stringData: { password: 'drifted' } }, 'somebody');
      const { code, out } = await diff();
      expect(code).toBe(1);
      expect(out).toMatch(/^-  password: \+{12}$/m);
      expect(out).toMatch(/^\+  password: \+{8}$/m);
      expect(out).toMatch(/^   user: \+{8}$/m);
      for (const value of ['from-git', 'drifted'])
        for (const text of [value, Buffer.from(value).toString('base64')]) expect(out).not.toContain(text);
    });

    it('shows what is left over as removed', async () => {
      const left = { ...settings, metadata: { name: 'left', namespace: 'shop' } };
      await apply(tracked(left));
      const { code, out } = await diff();
      expect(code).toBe(1);
      expect(out).toContain('--- live/ConfigMap/shop/left\n+++ /dev/null\n@@ -1,');
      await connection.delete({ group: '', version: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'left' });
    });

    it('writes nothing', async () => {
      const versions = async () =>
        (await connection.list({ group: '', version: 'v1', kind: 'ConfigMap' })).map(({ metadata }) => [
          metadata.name,
          metadata.resourceVersion,
        ]);
      await apply({ ...settings, data: { colour: 'red' } }, 'somebody');
      const before = await versions();
      await diff();
      expect(await versions()).toEqual(before);
    });
  });

  it.each([
    ['a context that is not there', ['--context', 'elsewhere'], 'elsewhere'],
    ['a kubeconfig that is not there', ['--kubeconfig', 'nowhere'], 'nowhere'],
    ['settings that are not there', ['--settings', 'nowhere.yaml'], 'nowhere.yaml: cannot be read (ENOENT)'],
    ['an unknown option', ['--watch'], '--watch'],
    ['a path that is not in the repository', ['--repo-root', 'cluster'], 'shop'],
  ])('exits 2 for %s', async (_name, args, named) => {
    const { code, out, err } = await diff(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(named);
  });
});
