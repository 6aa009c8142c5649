import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ClusterConfig } from '../../../src/domain/fleet/fleet-file.ts';
import { checkKubeconfigs } from '../../../src/local/check-kubeconfigs.ts';

const folder = mkdtempSync(join(tmpdir(), 'towline-kubeconfig-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const USER = `exec: { apiVersion: client.authentication.k8s.io/v1, command: /nowhere/login, interactiveMode: Never }`;

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: here
contexts: [{ name: here, context: { cluster: here, user: me } }]
clusters: [{ name: here, cluster: { server: https://127.0.0.1:6443 } }]
users: [{ name: me, user: { ${USER} } }]
`;

const given = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const check = async (path: string, context?: string): Promise<string[]> => {
  const access = { type: 'kubeconfig' as const, path, ...(context ? { context } : {}) };
  const embedded: ClusterConfig = { name: 'a', labels: {}, annotations: {}, access: { type: 'embedded' } };
  const problems = await checkKubeconfigs(
    { clusters: [embedded, { ...embedded, name: 'b', access }] },
    (at, message) => ({
      severity: 'error',
      code: 'field-invalid',
      file: 'fleet.yaml',
      line: 1,
      field: at.join('.'),
      message,
    }),
  );
  return problems.map(({ field, message }) => `${field} ${message.replaceAll(`${folder}/`, '')}`);
};

it('has nothing against one whose user runs a command, and does not run it', async () => {
  expect(await check(given('good', KUBECONFIG))).toEqual([]);
});

it.each([
  ['nowhere', undefined, 'nowhere: the kubeconfig cannot be read (ENOENT)'],
  [given('broken', 'a: ['), undefined, 'broken: not YAML'],
  [given('other', KUBECONFIG), 'there', 'other: no context "there"; there are: here'],
  [
    given('proxied', KUBECONFIG.replace(USER, 'as: admin')),
    undefined,
    'proxied: user "me" uses as, which is not supported',
  ],
])('says what is wrong with %s', async (path, context, expected) => {
  expect(await check(join(folder, path.replace(`${folder}/`, '')), context)).toEqual([
    expect.stringContaining(`spec.clusters.1.kubeconfig ${expected}`),
  ]);
});
