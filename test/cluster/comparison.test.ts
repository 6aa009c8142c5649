import { beforeAll, describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import type { ClusterConnection } from '../../src/ports/cluster.ts';
import { auditedWrites, hasAuditLog } from './harness/audit-log.ts';
import { connectReal, createRealSync } from './harness/real-sync.ts';

const run = Date.now().toString(36);
const SPEC = `  syncPolicy:
    automated: { prune: true, selfHeal: true }
    syncOptions: [CreateNamespace=true]`;

const configMap = (name: string, data: Record<string, string>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'login' },
  stringData: { user: 'admin', password: 'from-git' },
};
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
};
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'example.com/web:1',
            ports: [{ containerPort: 8080 }],
            resources: { limits: { cpu: '1000m' } },
          },
        ],
      },
    },
  },
};
const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'reader' },
  rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
};
/** Kinds whose stored form differs from how people write them. */
const objects = [configMap('settings', { colour: 'green' }), secret, service, deployment, role];

let cluster: ClusterConnection;
beforeAll(async () => {
  cluster = await connectReal();
});

const synced = async (name: string, manifests: readonly KubernetesObject[] = objects) => {
  const stack = await createRealSync({ name, spec: SPEC });
  await stack.plan(manifests);
  await stack.settle();
  expect(stack.row()).toMatchObject({ sync: 'Synced', operation: { phase: 'Succeeded' } });
  return stack;
};

const live = async (name: string): Promise<KubernetesObject[]> => {
  const kinds = ['ConfigMap', 'Secret', 'Service'].map((kind) => ({ group: '', version: 'v1', kind }));
  const rest = [
    { group: 'apps', version: 'v1', kind: 'Deployment' },
    { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role' },
  ];
  return (await Promise.all([...kinds, ...rest].map((kind) => cluster.list(kind, { namespace: name })))).flat();
};

const ref = (name: string, kind: string, object: string) => ({
  group: '',
  version: 'v1',
  kind,
  namespace: name,
  name: object,
});
const cleanUp = (name: string) => cluster.delete({ group: '', version: 'v1', kind: 'Namespace', name });

describe('a synced application compared again', () => {
  test('is Synced, writes nothing and, from the second time on, asks for no dry run', async ({ skip }) => {
    const name = `steady-${run}`;
    const stack = await synced(name);
    await stack.refresh();
    expect(stack.row().resources.filter(({ sync }) => sync !== 'Synced')).toEqual([]);
    const before = (await live(name)).map(({ metadata }) => metadata.resourceVersion);
    const mine = ({ namespace }: { namespace?: string }) => namespace === name;
    const writes = hasAuditLog ? await auditedWrites(mine) : [];
    for (let times = 0; times < 3; times++) await stack.refresh();
    expect(stack.row()).toMatchObject({ sync: 'Synced' });
    expect((await live(name)).map(({ metadata }) => metadata.resourceVersion)).toEqual(before);
    skip(!hasAuditLog, 'the API server writes no audit log here');
    expect((await auditedWrites(mine)).slice(writes.length)).toEqual([]);
    await cleanUp(name);
  });

  test('notices drift in a Secret’s stringData and in fields that were added, and heals just these', async () => {
    const name = `drift-${run}`;
    const stack = await synced(name);
    await cluster.apply(
      { ...secret, metadata: { name: 'login', namespace: name }, stringData: { password: 'drifted' } },
      { fieldManager: 'somebody', force: true },
    );
    const before = await live(name);
    await stack.refresh();
    await stack.settle();
    const after = await live(name);
    const password = after.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === 'login')?.['data'];
    expect(password).toEqual({
      user: Buffer.from('admin').toString('base64'),
      password: Buffer.from('from-git').toString('base64'),
    });
    const versionOf = (all: KubernetesObject[], kind: string) =>
      all.find((object) => object.kind === kind)?.metadata.resourceVersion;
    for (const kind of ['Service', 'Role']) expect(versionOf(after, kind)).toBe(versionOf(before, kind));
    expect(stack.row()).toMatchObject({ sync: 'Synced', operation: { heals: 1, phase: 'Succeeded' } });
    await cleanUp(name);
  });

  test('loses a Secret’s key that leaves Git', async () => {
    const name = `keys-${run}`;
    const stack = await synced(name, [secret]);
    await stack.plan([{ ...secret, stringData: { user: 'admin' } }]);
    await stack.settle();
    expect((await cluster.get(ref(name, 'Secret', 'login')))?.['data']).toEqual({
      user: Buffer.from('admin').toString('base64'),
    });
    await cleanUp(name);
  });
});

describe('an application taken over', () => {
  test.each([
    ['kubectl apply', 'kubectl-client-side-apply'],
    ['Argo CD', 'argocd-controller'],
  ])('from %s has its fields owned by server-side apply, and loses what Git does not have', async (_name, manager) => {
    const name = `adopt-${manager.slice(0, 4)}-${run}`;
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldManager: 'somebody' });
    const before = configMap('settings', { colour: 'red', old: 'stays no longer' });
    // A create books its fields under the operation Update, as client-side applies do.
    await cluster.create({ ...before, metadata: { name: 'settings', namespace: name } }, { fieldManager: manager });
    await synced(name, [configMap('settings', { colour: 'green' })]);
    const after = await cluster.get(ref(name, 'ConfigMap', 'settings'));
    expect(after?.['data']).toEqual({ colour: 'green' });
    expect(after?.metadata.managedFields?.map((entry) => [entry.manager, entry.operation])).toEqual([
      ['argocd-controller', 'Apply'],
    ]);
    await cleanUp(name);
  });
});
