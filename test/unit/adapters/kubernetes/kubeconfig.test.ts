import { describe, expect, test } from 'vitest';
import { kubeconfigAccess } from '../../../../src/adapters/kubernetes/kubeconfig.ts';
import type { AppError } from '../../../../src/domain/errors.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const kubeconfig = (user: string, cluster = ''): string => `
apiVersion: v1
kind: Config
current-context: first
contexts:
  - { name: first, context: { cluster: one, user: someone, namespace: ignored } }
  - { name: second, context: { cluster: two, user: nobody } }
  - { name: dangling, context: { cluster: three, user: someone } }
clusters:
  - name: one
    cluster: { server: "https://one.example.com:6443"${cluster} }
  - name: two
    cluster: { server: "https://two.example.com" }
users:
  - name: someone
    user: ${user}
  - name: nobody
    user:
`;

const accessTo = (files: Record<string, string>, clock = () => 0) =>
  kubeconfigAccess({
    clock,
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' });
      return Buffer.from(text);
    },
  });

const read = async (user: string, cluster = '', files: Record<string, string> = {}, context?: string) => {
  const path = '/home/a/.kube/config';
  const access = accessTo({ ...files, [path]: kubeconfig(user, cluster) });
  const { endpoint, credentials } = await access({ path, ...(context ? { context } : {}) });
  return { endpoint, header: await credentials.header() };
};

describe('kubeconfigAccess', () => {
  test('follows current-context, or the context asked for', async () => {
    expect(await read('{ token: abc }')).toEqual({
      endpoint: { url: 'https://one.example.com:6443' },
      header: 'Bearer abc',
    });
    expect(await read('{ token: abc }', '', {}, 'second')).toEqual({
      endpoint: { url: 'https://two.example.com' },
      header: undefined,
    });
  });

  test('takes certificates out of the file', async () => {
    const user = `{ client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')} }`;
    const { endpoint, header } = await read(
      user,
      `, certificate-authority-data: ${base64('CA')}, tls-server-name: kubernetes`,
    );
    expect(endpoint).toMatchObject({
      certificateAuthority: 'CA',
      serverName: 'kubernetes',
      clientCertificate: 'CERT',
      clientKey: 'KEY',
    });
    expect(header).toBeUndefined();
  });

  test('takes certificates out of files relative to it', async () => {
    const files = { '/home/a/.kube/pki/ca.crt': 'CA', '/etc/c.crt': 'CERT', '/home/a/c.key': 'KEY' };
    const user = '{ client-certificate: /etc/c.crt, client-key: ../c.key }';
    const { endpoint } = await read(user, ', certificate-authority: pki/ca.crt', files);
    expect(endpoint).toMatchObject({ certificateAuthority: 'CA', clientCertificate: 'CERT', clientKey: 'KEY' });
  });

  test('knows basic authentication and unverified servers', async () => {
    const { endpoint, header } = await read('{ username: me, password: "p:w" }', ', insecure-skip-tls-verify: true');
    expect(header).toBe(`Basic ${base64('me:p:w')}`);
    expect(endpoint.skipVerify).toBe(true);
  });

  test('reads a token file again after a minute and after a refusal', async () => {
    const files = { '/k': kubeconfig('{ tokenFile: token }'), '/token': 'one\n' };
    let now = 0;
    const { credentials } = await accessTo(files, () => now)({ path: '/k' });
    expect(await credentials.header()).toBe('Bearer one');
    files['/token'] = 'two\n';
    expect(await credentials.header()).toBe('Bearer one');
    now = 61_000;
    expect(await credentials.header()).toBe('Bearer two');
    files['/token'] = 'three\n';
    expect(credentials.renew('Bearer two')).toBe(true);
    expect(await credentials.header()).toBe('Bearer three');
  });

  const refusals: [
    title: string,
    files: Record<string, string>,
    context: string | undefined,
    code: string,
    words: string[],
  ][] = [
    [
      'exec',
      { '/k': kubeconfig('{ exec: { apiVersion: client.authentication.k8s.io/v1, command: aws } }') },
      undefined,
      'kubeconfig-unsupported',
      ['/k', '"someone"', 'exec'],
    ],
    [
      'auth-provider',
      { '/k': kubeconfig('{ auth-provider: { name: gcp } }') },
      undefined,
      'kubeconfig-unsupported',
      ['/k', '"someone"', 'auth-provider'],
    ],
    [
      'impersonation',
      { '/k': kubeconfig('{ token: a, as: root }') },
      undefined,
      'kubeconfig-unsupported',
      ['"someone"', 'as'],
    ],
    [
      'a proxy',
      { '/k': kubeconfig('{ token: a }', ', proxy-url: "http://p"') },
      undefined,
      'kubeconfig-unsupported',
      ['"one"', 'proxy-url'],
    ],
    ['no such file', {}, undefined, 'kubeconfig-invalid', ['/k']],
    ['not YAML', { '/k': 'a: [' }, undefined, 'kubeconfig-invalid', ['/k', 'not YAML']],
    ['something else', { '/k': 'clusters: 3' }, undefined, 'kubeconfig-invalid', ['/k', 'clusters']],
    ['no such context', { '/k': kubeconfig('{}') }, 'third', 'kubeconfig-invalid', ['"third"', 'first, second']],
    ['no such cluster', { '/k': kubeconfig('{}') }, 'dangling', 'kubeconfig-invalid', ['cluster "three"']],
    [
      'a missing certificate',
      { '/k': kubeconfig('{ client-certificate: c.crt }') },
      undefined,
      'kubeconfig-invalid',
      ['/c.crt'],
    ],
  ];
  test.each(refusals)('refuses %s with a message that helps', async (_title, files, context, code, words) => {
    const error: AppError = await accessTo(files)({ path: '/k', ...(context ? { context } : {}) }).then(
      () => expect.unreachable('it was accepted'),
      (caught: AppError) => caught,
    );
    expect(error).toMatchObject({ code, kind: 'permanent' });
    for (const word of words) expect(error.message).toContain(word);
  });
});
