import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const serverNames = [
  'DNS:localhost',
  'DNS:kubernetes',
  'DNS:kubernetes.default',
  'DNS:kubernetes.default.svc',
  'IP:127.0.0.1',
  'IP:10.0.0.1',
].join(',');

/** Makes a throwaway authority, the server's and the components' certificates and the service accounts' key in `dir`. */
export const makeCertificates = async (dir: string): Promise<void> => {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: dir });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '3650',
    '-subj',
    '/CN=test-ca',
  );
  const issue = async (name: string, subject: string, extensions: string): Promise<void> => {
    await writeFile(join(dir, `${name}.ext`), extensions);
    await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '3650'];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
  };
  await issue('server', '/CN=kube-apiserver', `subjectAltName=${serverNames}\nextendedKeyUsage=serverAuth\n`);
  for (const name of ['kube-controller-manager', 'kube-scheduler']) {
    await issue(name, `/CN=system:${name}`, 'extendedKeyUsage=clientAuth\n');
  }
  await issue('admin', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth\n');
  await openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', 'sa.key');
  await openssl('ec', '-in', 'sa.key', '-pubout', '-out', 'sa.pub');
};

/** A kubeconfig (JSON, which is YAML) with the authority embedded. */
export const kubeconfigText = (
  url: string,
  certificateAuthority: string,
  user: { token: string } | { 'client-certificate': string; 'client-key': string },
): string =>
  JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'control-plane',
          cluster: { server: url, 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') },
        },
      ],
      users: [{ name: 'admin', user }],
      contexts: [{ name: 'control-plane', context: { cluster: 'control-plane', user: 'admin' } }],
      'current-context': 'control-plane',
    },
    null,
    2,
  );
