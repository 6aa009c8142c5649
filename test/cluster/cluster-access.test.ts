import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import { errorFrom } from '../contracts/cluster-suite.ts';

const kubeconfig = process.env.KUBECONFIG ?? '';
const dir = dirname(kubeconfig);

/** A connection whose kubeconfig is the real one with `user` and `cluster` settings put over it. */
const connect = async (user: object, cluster: object) => {
  const original = parse(await readFile(kubeconfig, 'utf8'));
  const [{ cluster: before }] = original.clusters;
  const text = JSON.stringify({
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { ...before, ...cluster } }],
    users: [{ name: 'test', user }],
  });
  const read = async (path: string) => (path === kubeconfig ? Buffer.from(text) : readFile(path));
  const access = { type: 'kubeconfig' as const, path: kubeconfig };
  const open = connectCluster({ clock: Date.now, random: Math.random, readFile: read });
  return open({ name: 'real', labels: {}, annotations: {}, access }, 'contract');
};

const namespaces = { group: '', version: 'v1', kind: 'Namespace' };

describe.skipIf(!existsSync(join(dir, 'admin.crt')))('access to the control plane of the tests', () => {
  const certificate = { 'client-certificate': 'admin.crt', 'client-key': 'admin.key' };

  test('by client certificate', async () => {
    const cluster = await connect(certificate, {});
    expect((await cluster.list(namespaces)).map(({ metadata }) => metadata.name)).toContain('default');
  });

  test('under another server name', async () => {
    const cluster = await connect(certificate, { 'tls-server-name': 'kubernetes.default.svc' });
    expect(await cluster.version()).toMatch(/^v1\./);
    const wrong = await connect(certificate, { 'tls-server-name': 'elsewhere.example.com' });
    expect(await errorFrom(wrong.version())).toMatchObject({
      code: 'cluster-unreachable',
      details: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });

  test('not under another authority, unless told not to look', async () => {
    const unknown = { 'certificate-authority-data': undefined };
    expect(await errorFrom((await connect(certificate, unknown)).version())).toMatchObject({
      code: 'cluster-unreachable',
    });
    const careless = await connect(certificate, { ...unknown, 'insecure-skip-tls-verify': true });
    expect(await careless.version()).toMatch(/^v1\./);
  });

  test('not with a wrong token', async () => {
    const error = await errorFrom((await connect({ token: 'wrong' }, {})).list(namespaces));
    expect(error).toMatchObject({ code: 'cluster-denied', kind: 'permanent', details: { status: 401 } });
  });

  test('not to more than the user may do', async ({ skip }) => {
    skip(process.env.TEST_CLUSTER_CONTROLLERS === 'false', 'nobody writes service account tokens');
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'powerless', namespace: 'default' } };
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: {
        name: 'powerless',
        namespace: 'default',
        annotations: { 'kubernetes.io/service-account.name': 'powerless' },
      },
    };
    const admin = await connect(certificate, {});
    await admin.apply(account, { fieldManager: 'contract' });
    await admin.apply(secret, { fieldManager: 'contract' });
    const ref = { group: '', version: 'v1', kind: 'Secret', namespace: 'default', name: 'powerless' };
    const token = async (): Promise<string> => {
      const data = (await admin.get(ref))?.data;
      const encoded = typeof data === 'object' && data !== null && 'token' in data ? String(data.token) : '';
      return Buffer.from(encoded, 'base64').toString();
    };
    await expect.poll(token).not.toBe('');
    const cluster = await connect({ token: await token() }, {});
    const error = await errorFrom(
      cluster.apply({ ...account, metadata: { name: 'b', namespace: 'default' } }, { fieldManager: 'b' }),
    );
    expect(error).toMatchObject({
      code: 'cluster-denied',
      details: { status: 403, verb: 'patch', resource: 'serviceaccounts', namespace: 'default' },
    });
    await admin.delete(ref);
    await admin.delete({ ...ref, kind: 'ServiceAccount' });
  });
});
