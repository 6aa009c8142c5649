import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../src/domain/errors.ts';
import type { KubernetesObject, ResourceRef } from '../../src/domain/kubernetes-object.ts';
import type { ClusterConnection } from '../../src/ports/cluster.ts';

export interface ClusterUnderTest {
  connection: ClusterConnection;
  /** Validates like an API server: names, types, merge keys. The in-memory fake does not. */
  validates: boolean;
  /** Garbage collection and namespace deletion run. */
  controllers: boolean;
  close?(): Promise<void>;
}

const configMap = (
  namespace: string,
  name: string,
  data: Record<string, string>,
  labels?: Record<string, string>,
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ...(labels ? { labels } : {}) },
  data,
});

const configMapRef = (namespace: string, name: string): ResourceRef => ({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  namespace,
  name,
});

const configMapType = { group: '', version: 'v1', kind: 'ConfigMap' };
const ours = { fieldManager: 'argocd-controller' };

/** The AppError that a call ends with; anything else fails the test. */
export const errorFrom = async (call: Promise<unknown>): Promise<AppError> => {
  const error = await call.then(
    (value) => new Error(`no error but ${JSON.stringify(value)}`),
    (caught: unknown) => caught,
  );
  if (error instanceof AppError) return error;
  throw error;
};

const eventually = async (done: () => Promise<boolean>): Promise<void> => {
  await expect.poll(done, { timeout: 90_000, interval: 50 }).toBe(true);
};

let runs = 0;

/** Everything that src/ports/cluster.ts promises, on one cluster; makes its own namespaces and removes them. */
export const clusterContract = (title: string, open: () => Promise<ClusterUnderTest>): void => {
  describe(`${title}: ClusterConnection`, () => {
    let target: ClusterUnderTest;
    let cluster: ClusterConnection;
    runs += 1;
    const suffix = `${process.pid}-${runs}`;
    const namespace = `contract-${suffix}`;

    const applyMap = (name: string, data: Record<string, string>, options: { force?: boolean; by?: string } = {}) =>
      cluster.apply(configMap(namespace, name, data), {
        fieldManager: options.by ?? 'argocd-controller',
        ...(options.force ? { force: true } : {}),
      });
    const readMap = (name: string) => cluster.get(configMapRef(namespace, name));

    beforeAll(async () => {
      target = await open();
      cluster = target.connection;
      await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ours);
    });
    afterAll(async () => {
      await cluster?.delete({ group: '', version: 'v1', kind: 'Namespace', name: namespace });
      await target?.close?.();
    });

    describe('discovery', () => {
      test('lists the served types with plural, scope and verbs', async () => {
        const types = await cluster.discover();
        const deployment = types.find(
          ({ group, version, kind }) => group === 'apps' && version === 'v1' && kind === 'Deployment',
        );
        expect(deployment).toMatchObject({ resource: 'deployments', namespaced: true });
        expect(deployment?.verbs).toEqual(expect.arrayContaining(['get', 'list', 'patch', 'delete']));
        const namespaces = types.filter(({ group, kind }) => group === '' && kind === 'Namespace');
        expect(namespaces).toMatchObject([{ version: 'v1', resource: 'namespaces', namespaced: false }]);
      });

      test('has no subresources and no duplicates', async () => {
        const types = await cluster.discover({ fresh: true });
        const names = types.map(({ group, version, resource }) => `${group}/${version}/${resource}`);
        expect(new Set(names).size).toBe(names.length);
        expect(types.filter(({ resource }) => resource.includes('/'))).toEqual([]);
      });

      test('tells the server version', async () => {
        expect(await cluster.version()).toMatch(/^v\d+\.\d+\.\d+/);
      });

      test('names an unknown kind', async () => {
        const ref = { group: 'nowhere.example.com', version: 'v1', kind: 'Nothing', namespace, name: 'a' };
        const error = await errorFrom(cluster.get(ref));
        expect(error).toMatchObject({ code: 'kind-unknown', kind: 'permanent' });
        expect(error.details).toMatchObject({ group: 'nowhere.example.com', version: 'v1', kind: 'Nothing' });
        expect(await errorFrom(cluster.list(ref))).toMatchObject({ code: 'kind-unknown' });
      });
    });

    describe('apply', () => {
      test('creates and answers with the live object', async () => {
        const applied = await applyMap('created', { a: '1' });
        expect(applied.metadata.uid).toBeTruthy();
        expect(applied.metadata.managedFields).toMatchObject([{ manager: 'argocd-controller', operation: 'Apply' }]);
        expect(await readMap('created')).toEqual(applied);
      });

      test('takes, dry-runs and lists an object of a megabyte', async () => {
        const data = { large: 'x'.repeat(1_040_000) };
        const applied = await applyMap('large', data);
        const predicted = await cluster.apply(configMap(namespace, 'large', data), { ...ours, dryRun: true });
        expect(predicted['data']).toEqual(data);
        const listed = await cluster.list(configMapType, { namespace });
        expect(listed.find(({ metadata }) => metadata.name === 'large')).toEqual(applied);
        await cluster.delete(configMapRef(namespace, 'large'));
      });

      test('of the same again changes nothing', async () => {
        const first = await applyMap('same', { a: '1' });
        const second = await applyMap('same', { a: '1' });
        expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      });

      test('removes what is no longer applied, and only that', async () => {
        await applyMap('shrinking', { a: '1', b: '2' });
        await applyMap('shrinking', { c: '3' }, { by: 'someone' });
        expect(await applyMap('shrinking', { a: '1' })).toMatchObject({ data: { a: '1', c: '3' } });
        expect((await readMap('shrinking'))?.data).toEqual({ a: '1', c: '3' });
      });

      test('conflicts with another owner unless forced', async () => {
        await applyMap('owned', { a: '1' }, { by: 'someone' });
        const error = await errorFrom(applyMap('owned', { a: '2' }));
        expect(error).toMatchObject({ code: 'apply-conflict', kind: 'permanent' });
        expect(error.details.conflicts).toMatchObject([{ manager: expect.stringContaining('someone') }]);
        expect((await readMap('owned'))?.data).toEqual({ a: '1' });
        expect(await applyMap('owned', { a: '2' }, { force: true })).toMatchObject({ data: { a: '2' } });
        const managers = (await readMap('owned'))?.metadata.managedFields?.map(({ manager }) => manager);
        expect(managers).toEqual(['argocd-controller']);
      });

      test('shares fields of equal value', async () => {
        await applyMap('shared', { a: '1' }, { by: 'someone' });
        await applyMap('shared', { a: '1' });
        const shared = await applyMap('shared', {}, { by: 'someone' });
        expect(shared.data).toEqual({ a: '1' });
      });

      test('as a dry run stores nothing', async () => {
        const made = await cluster.apply(configMap(namespace, 'dry', { a: '1' }), { ...ours, dryRun: true });
        expect(made.data).toEqual({ a: '1' });
        expect(await readMap('dry')).toBeUndefined();
        const before = await applyMap('dry', { a: '1' });
        const would = await cluster.apply(configMap(namespace, 'dry', { a: '2' }), { ...ours, dryRun: true });
        expect(would.data).toEqual({ a: '2' });
        expect(await readMap('dry')).toEqual(before);
      });

      test('into a namespace that does not exist says so', async () => {
        const error = await errorFrom(cluster.apply(configMap(`absent-${suffix}`, 'a', {}), ours));
        expect(error).toMatchObject({ code: 'namespace-missing', kind: 'permanent' });
        expect(error.details).toMatchObject({ namespace: `absent-${suffix}` });
      });

      test('without a namespace is refused before it is sent', async () => {
        const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
        expect(await errorFrom(cluster.apply(object, ours))).toMatchObject({ code: 'apply-invalid' });
      });

      test('of an invalid object names the field', async ({ skip }) => {
        skip(!target.validates, 'does not validate');
        const error = await errorFrom(cluster.apply(configMap(namespace, 'Not_A_Name', {}), ours));
        expect(error).toMatchObject({ code: 'apply-invalid', kind: 'permanent' });
        expect(error.details.causes).toMatchObject([{ field: 'metadata.name' }]);
      });

      test('merges lists by their keys', async ({ skip }) => {
        skip(!target.validates, 'does not validate');
        const deployment = (containers: unknown[]): KubernetesObject => ({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'merged', namespace },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: 'merged' } },
            template: { metadata: { labels: { app: 'merged' } }, spec: { containers } },
          },
        });
        const env = (name: string) => ({ name: 'main', image: 'a:1', env: [{ name, value: '1' }] });
        await cluster.apply(deployment([env('A')]), ours);
        await cluster.apply(deployment([env('B')]), { fieldManager: 'someone' });
        const merged = await cluster.apply(deployment([{ name: 'main', image: 'a:1' }]), ours);
        const live = await cluster.get({ group: 'apps', version: 'v1', kind: 'Deployment', namespace, name: 'merged' });
        expect(JSON.stringify(merged.spec)).not.toContain('"A"');
        expect(live?.spec).toMatchObject({ template: { spec: { containers: [{ env: [{ name: 'B' }] }] } } });
      });

      test('of what cannot be typed is permanent and says so', async ({ skip }) => {
        skip(!target.validates, 'does not validate');
        const template = (container: object) => ({
          metadata: { labels: { app: 'untyped' } },
          spec: { containers: [{ name: 'main', image: 'a:1', ...container }] },
        });
        const selector = { matchLabels: { app: 'untyped' } };
        const twice = [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ];
        for (const spec of [
          { selector, template: template({}), unheardOf: true },
          { selector, template: template({ env: twice }) },
          { selector, template: template({ image: { not: 'text' } }) },
        ]) {
          const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'untyped', namespace }, spec };
          const error = await errorFrom(cluster.apply(object, ours));
          expect(error).toMatchObject({ code: 'apply-invalid', kind: 'permanent', details: { untyped: true } });
        }
      });

      test('never repeats a Secret value in an error', async ({ skip }) => {
        skip(!target.validates, 'does not validate');
        const secret = (data: unknown, more = {}): KubernetesObject => ({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'leaky', namespace },
          data,
          ...more,
        });
        for (const bad of [
          secret({ password: 'hunter2!' }),
          secret({ password: { hunter2: true } }),
          secret({}, { type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'hunter2' } }),
        ]) {
          const error = await errorFrom(cluster.apply(bad, ours));
          expect(error.code).toBe('apply-invalid');
          expect(error.message + JSON.stringify(error.details)).not.toContain('hunter2');
        }
      });
    });

    describe('client-side apply', () => {
      const fromClient = { ...ours, clientSide: { validate: true } };
      const deployment = (name: string, spec: object, containers: unknown[]): KubernetesObject => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: name } },
          template: { metadata: { labels: { app: name } }, spec: { containers } },
          ...spec,
        },
      });
      const deploymentRef = (name: string) => ({ group: 'apps', version: 'v1', kind: 'Deployment', namespace, name });

      test('makes the object, remembers what was applied, and changes nothing the second time', async () => {
        const object = configMap(namespace, 'client-side', { a: '1', b: '2' });
        const made = await cluster.apply(object, fromClient);
        expect(made.metadata.managedFields).toMatchObject([{ manager: 'argocd-controller', operation: 'Update' }]);
        const again = await cluster.apply(object, fromClient);
        expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
        await cluster.patch(configMapRef(namespace, 'client-side'), { data: { c: '3' } }, { fieldManager: 'someone' });
        const less = await cluster.apply(configMap(namespace, 'client-side', { a: '2' }), fromClient);
        expect(less.data).toEqual({ a: '2', c: '3' });
        expect(await readMap('client-side')).toEqual(less);
      });

      test('as a dry run stores nothing', async () => {
        const object = configMap(namespace, 'client-dry', { a: '1' });
        expect((await cluster.apply(object, { ...fromClient, dryRun: true })).data).toEqual({ a: '1' });
        expect(await readMap('client-dry')).toBeUndefined();
        const before = await cluster.apply(object, fromClient);
        const changed = configMap(namespace, 'client-dry', { b: '2' });
        expect((await cluster.apply(changed, { ...fromClient, dryRun: true })).data).toEqual({ b: '2' });
        expect(await readMap('client-dry')).toEqual(before);
      });

      test('takes back what server-side apply set, and the other way round', async () => {
        await applyMap('both-ways', { a: '1', b: '2' });
        const second = await cluster.apply(configMap(namespace, 'both-ways', { b: '2', c: '3' }), fromClient);
        expect(second.data).toEqual({ b: '2', c: '3' });
      });

      test('merges lists by their keys and keeps what others added', async ({ skip }) => {
        skip(!target.validates, 'has no schemas');
        const env = (...names: string[]) => names.map((name) => ({ name, value: '1' }));
        const main = { name: 'main', image: 'a:1' };
        await cluster.apply(deployment('listed', {}, [{ ...main, env: env('A', 'B') }]), fromClient);
        const sidecar = { spec: { template: { spec: { containers: [{ ...main, env: env('A', 'B', 'X') }] } } } };
        await cluster.patch(deploymentRef('listed'), sidecar, { fieldManager: 'someone' });
        const wanted = deployment('listed', {}, [{ ...main, env: env('C', 'B') }]);
        const merged = await cluster.apply(wanted, fromClient);
        const names = JSON.stringify(merged.spec).match(/"name":"[A-Z]"/g);
        expect(names?.toSorted()).toEqual(['"name":"B"', '"name":"C"', '"name":"X"']);
        const again = await cluster.apply(wanted, fromClient);
        expect(again.metadata.resourceVersion).toBe(merged.metadata.resourceVersion);
        const turned = deployment('listed', {}, [{ ...main, env: env('B', 'C') }]);
        const ordered = await cluster.apply(turned, fromClient);
        const order = JSON.stringify(ordered.spec).match(/"name":"[BC]"/g);
        expect(order).toEqual(['"name":"B"', '"name":"C"']);
      });

      test('leaves no field of the other kind of strategy or volume behind', async ({ skip }) => {
        skip(!target.validates, 'has no schemas');
        const main = [{ name: 'main', image: 'a:1' }];
        await cluster.apply(deployment('retained', { strategy: { type: 'RollingUpdate' } }, main), fromClient);
        const after = await cluster.apply(deployment('retained', { strategy: { type: 'Recreate' } }, main), fromClient);
        expect(after.spec).toMatchObject({ strategy: { type: 'Recreate' } });
        expect(JSON.stringify(after.spec)).not.toContain('maxSurge');
      });

      test('takes two list items of one key', async ({ skip }) => {
        skip(!target.validates, 'has no schemas');
        const twice = (value: string) => [
          {
            name: 'main',
            image: 'a:1',
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value },
            ],
          },
        ];
        await cluster.apply(deployment('twice', {}, twice('2')), fromClient);
        const changed = await cluster.apply(deployment('twice', {}, twice('3')), fromClient);
        expect(changed.spec).toMatchObject({ template: { spec: { containers: twice('3') } } });
        const again = await cluster.apply(deployment('twice', {}, twice('3')), fromClient);
        expect(again.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
      });

      test('refuses an unknown field, or drops it where nothing is validated', async ({ skip }) => {
        skip(!target.validates, 'does not validate');
        const object = { ...configMap(namespace, 'unvalidated', { a: '1' }), datum: 'x' };
        const error = await errorFrom(cluster.apply(object, fromClient));
        expect(error).toMatchObject({ code: 'apply-invalid', kind: 'permanent' });
        const made = await cluster.apply(object, { ...ours, clientSide: { validate: false } });
        expect(made).toMatchObject({ data: { a: '1' } });
        expect(made).not.toHaveProperty('datum');
        const changed = { ...object, data: { a: '2' } };
        expect(await errorFrom(cluster.apply(changed, fromClient))).toMatchObject({ code: 'apply-invalid' });
        expect((await cluster.apply(changed, { ...ours, clientSide: { validate: false } })).data).toEqual({ a: '2' });
      });
    });

    describe('taking over', () => {
      test('moves ownership by a JSON patch of managedFields tested on resourceVersion', async () => {
        const created = await cluster.create(configMap(namespace, 'adopted', { a: '1', b: '2' }), {
          fieldManager: 'kubectl-client-side-apply',
        });
        const entries = created.metadata.managedFields ?? [];
        const moved = entries.map((entry) => ({ ...entry, manager: 'argocd-controller', operation: 'Apply' }));
        const patch = [
          { op: 'test', path: '/metadata/resourceVersion', value: created.metadata.resourceVersion },
          { op: 'replace', path: '/metadata/managedFields', value: moved },
        ];
        await cluster.patch(configMapRef(namespace, 'adopted'), patch, ours);
        const applied = await applyMap('adopted', { a: '1' });
        expect(applied.data).toEqual({ a: '1' });
        const again = await errorFrom(cluster.patch(configMapRef(namespace, 'adopted'), patch, ours));
        expect(again).toMatchObject({ code: 'precondition-failed', kind: 'transient' });
      });
    });

    describe('list', () => {
      test('answers with whole objects, by namespace and label', async () => {
        for (const [name, tier] of [
          ['listed-a', 'x'],
          ['listed-b', 'y'],
        ] as const) {
          await cluster.apply(configMap(namespace, name, {}, { 'contract-tier': tier }), ours);
        }
        const found = await cluster.list(configMapType, { namespace, labelSelector: 'contract-tier=x' });
        expect(found).toMatchObject([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'listed-a' } }]);
        expect((await cluster.list(configMapType, { labelSelector: 'contract-tier' })).length).toBeGreaterThanOrEqual(
          2,
        );
        expect(await cluster.list(configMapType, { namespace: `absent-${suffix}` })).toEqual([]);
      });

      test('goes through every page', async () => {
        const names = Array.from({ length: 501 }, (_, index) => `page-${index}`);
        await Promise.all(names.map((name) => cluster.apply(configMap(namespace, name, {}, { paged: 'yes' }), ours)));
        const listed = await cluster.list(configMapType, { namespace, labelSelector: 'paged=yes' });
        expect(listed).toHaveLength(names.length);
        expect(new Set(listed.map(({ metadata }) => metadata.name))).toEqual(new Set(names));
      });
    });

    describe('create, replace and patch', () => {
      test('creates with generateName, a new object each time', async () => {
        const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-', namespace } };
        const made = [await cluster.create(object, ours), await cluster.create(object, ours)].map(
          (o) => o.metadata.name,
        );
        expect(made).toEqual([expect.stringMatching(/^made-./), expect.stringMatching(/^made-./)]);
        expect(made[0]).not.toBe(made[1]);
        expect(
          await cluster.create({ ...object, metadata: { ...object.metadata } }, { ...ours, dryRun: true }),
        ).toBeDefined();
      });

      test('refuses to create what exists', async () => {
        await applyMap('existing', {});
        const error = await errorFrom(cluster.create(configMap(namespace, 'existing', {}), ours));
        expect(error).toMatchObject({ code: 'already-exists', kind: 'permanent' });
      });

      test('replaces the version it names only', async () => {
        const first = await applyMap('replaced', { a: '1' });
        const second = await cluster.replace({ ...first, data: { b: '2' } }, ours);
        expect(second.data).toEqual({ b: '2' });
        const error = await errorFrom(cluster.replace({ ...first, data: { c: '3' } }, ours));
        expect(error).toMatchObject({ code: 'precondition-failed', kind: 'transient' });
        expect((await readMap('replaced'))?.data).toEqual({ b: '2' });
      });

      test('patches by merge', async () => {
        await applyMap('merge-patched', { a: '1', b: '2' });
        const ref = configMapRef(namespace, 'merge-patched');
        const patched = await cluster.patch(ref, { data: { a: null, c: '3' } }, ours);
        expect(patched.data).toEqual({ b: '2', c: '3' });
      });

      test('patches by JSON patch', async () => {
        await applyMap('json-patched', { a: '1' });
        const ref = configMapRef(namespace, 'json-patched');
        const patch = [
          { op: 'replace', path: '/data/a', value: '2' },
          { op: 'add', path: '/data/b', value: '3' },
        ];
        expect((await cluster.patch(ref, patch, ours)).data).toEqual({ a: '2', b: '3' });
      });

      test('names what is not there to patch', async () => {
        const error = await errorFrom(cluster.patch(configMapRef(namespace, 'absent'), { data: {} }, ours));
        expect(error).toMatchObject({ code: 'object-missing', kind: 'permanent' });
      });
    });

    describe('delete', () => {
      test('answers whether it was there', async () => {
        await applyMap('deleted', {});
        expect(await cluster.delete(configMapRef(namespace, 'deleted'))).toBe(true);
        expect(await cluster.delete(configMapRef(namespace, 'deleted'))).toBe(false);
        expect(await readMap('deleted')).toBeUndefined();
      });

      test('of another uid or version does nothing', async () => {
        const before = await applyMap('kept', { a: '1' });
        const ref = configMapRef(namespace, 'kept');
        for (const options of [{ uid: '00000000-0000-0000-0000-000000000000' }, { resourceVersion: '1' }]) {
          const error = await errorFrom(cluster.delete(ref, options));
          expect(error).toMatchObject({ code: 'precondition-failed', kind: 'transient' });
        }
        expect(await cluster.delete(ref, { dryRun: true })).toBe(true);
        expect(await readMap('kept')).toEqual(before);
        const { uid = '', resourceVersion = '' } = before.metadata;
        expect(await cluster.delete(ref, { uid, resourceVersion })).toBe(true);
      });

      test('waits for finalizers', async () => {
        const held = configMap(namespace, 'held', {});
        held.metadata.finalizers = ['towline.dev/contract'];
        await cluster.apply(held, ours);
        expect(await cluster.delete(configMapRef(namespace, 'held'))).toBe(true);
        expect((await readMap('held'))?.metadata.deletionTimestamp).toBeTruthy();
        await cluster.patch(configMapRef(namespace, 'held'), { metadata: { finalizers: null } }, ours);
        await eventually(async () => (await readMap('held')) === undefined);
      });

      test.for(['Background', 'Foreground', 'Orphan'] as const)(
        'with dependents: %s',
        async (propagationPolicy, { skip }) => {
          skip(!target.controllers, 'no garbage collector');
          const name = `owner-${propagationPolicy.toLowerCase()}`;
          const owner = await applyMap(name, {});
          const dependent = configMap(namespace, `${name}-dependent`, {});
          dependent.metadata.ownerReferences = [
            { apiVersion: 'v1', kind: 'ConfigMap', name, uid: owner.metadata.uid ?? '' },
          ];
          await cluster.apply(dependent, ours);
          await cluster.delete(configMapRef(namespace, name), { propagationPolicy });
          await eventually(async () => (await readMap(name)) === undefined);
          const left = async () => (await readMap(`${name}-dependent`)) !== undefined;
          if (propagationPolicy === 'Orphan') expect(await left()).toBe(true);
          else await eventually(async () => !(await left()));
        },
      );
    });

    describe('namespaces and definitions', () => {
      let endings = 0;
      test('refuses to create in a terminating namespace', async () => {
        endings += 1;
        const name = `ending-${suffix}-${endings}`;
        const ref = { group: '', version: 'v1', kind: 'Namespace', name };
        await cluster.apply(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name, finalizers: ['towline.dev/contract'] } },
          ours,
        );
        const held = configMap(name, 'held', {});
        held.metadata.finalizers = ['towline.dev/contract'];
        await cluster.apply(held, ours);
        await cluster.delete(ref);
        const error = await errorFrom(cluster.apply(configMap(name, 'late', {}), ours));
        expect(error).toMatchObject({ code: 'namespace-terminating', kind: 'transient', details: { namespace: name } });
        await cluster.patch(configMapRef(name, 'held'), { metadata: { finalizers: null } }, ours);
        await cluster.patch(ref, { metadata: { finalizers: null } }, ours);
        if (target.controllers) await eventually(async () => (await cluster.get(ref)) === undefined);
      });

      test('serves a kind soon after its definition, and not after its deletion', async () => {
        const group = `contract-${suffix}.example.com`;
        const definition = crd(group);
        const definitionRef = {
          group: 'apiextensions.k8s.io',
          version: 'v1',
          kind: 'CustomResourceDefinition',
          name: `gadgets.${group}`,
        };
        const ref = { group, version: 'v1', kind: 'Gadget', namespace, name: 'a' };
        const gadget = {
          apiVersion: `${group}/v1`,
          kind: 'Gadget',
          metadata: { name: 'a', namespace },
          spec: { size: 3 },
        };
        expect(await errorFrom(cluster.apply(gadget, ours))).toMatchObject({ code: 'kind-unknown' });
        await cluster.apply(definition, ours);
        await eventually(() => cluster.apply(gadget, ours).then(() => true, whenUnknown));
        expect(await cluster.get(ref)).toMatchObject({ spec: { size: 3 } });
        expect(await cluster.list({ group, version: 'v1', kind: 'Gadget' })).toMatchObject([gadget]);
        const fromClient = { ...ours, clientSide: { validate: true } };
        expect(await cluster.apply({ ...gadget, spec: {} }, fromClient)).toMatchObject({ spec: {} });
        expect(await cluster.apply({ ...gadget, spec: { size: 4 } }, fromClient)).toMatchObject({ spec: { size: 4 } });
        expect(await errorFrom(cluster.get({ ...ref, version: 'v2' }))).toMatchObject({ code: 'kind-unknown' });
        await cluster.delete(definitionRef);
        if (target.validates)
          await eventually(() =>
            cluster.get(ref).then(
              () => false,
              (error) => !whenUnknown(error),
            ),
          );
      });
    });
  });
};

const whenUnknown = (error: unknown): false => {
  if (error instanceof AppError && error.code === 'kind-unknown') return false;
  throw error;
};

const crd = (group: string): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `gadgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
});
