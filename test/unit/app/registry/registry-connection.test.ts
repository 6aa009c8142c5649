import { describe, expect, it } from 'vitest';
import { connectRegistry } from '../../../../src/app/registry/connect-registry.ts';
import { CONTROL_PLANE } from '../../../../src/domain/fleet/find-cluster.ts';
import type { KubernetesObject, ResourceRef } from '../../../../src/domain/kubernetes-object.ts';
import { createMemoryPorts } from '../../../fakes/memory-ports.ts';

const APPLY = { fieldManager: 'argocd-controller', force: true };
const REF: ResourceRef = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  namespace: 'argocd',
  name: 'web',
};

const application = (spec: Record<string, unknown> = {}, finalizers: string[] = []): KubernetesObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web', namespace: 'argocd', ...(finalizers.length > 0 ? { finalizers } : {}) },
  spec: {
    project: 'default',
    source: { repoURL: 'https://git.example.com/web', path: '.' },
    destination: { name: 'dev', namespace: 'web' },
    ...spec,
  },
});

const setUp = async (mode?: 'observe') => {
  const ports = createMemoryPorts();
  const connect = connectRegistry(ports, () => Promise.reject(new Error('no cluster')));
  const connection = await connect({ ...CONTROL_PLANE, ...(mode ? { mode } : {}) }, 'session', 'argocd/root');
  return { ...ports, connection };
};

describe('the control plane as an application sees it', () => {
  it('serves Argo CD’s kinds and namespaces, and refuses what a cluster is needed for', async () => {
    const { connection } = await setUp();
    const kinds = (await connection.discover()).map(({ kind }) => kind);
    expect(kinds).toEqual(['Namespace', 'Application', 'ApplicationSet', 'AppProject']);
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
    await expect(connection.apply(config, APPLY)).rejects.toMatchObject({ code: 'apply-invalid' });
    expect(await connection.get({ ...REF, group: '', version: 'v1', kind: 'Namespace' })).toBeDefined();
  });

  it('keeps what is applied, not what is tried, and has the fleet compiled once all is written', async () => {
    const { connection, registrations, sent } = await setUp();
    await connection.apply(application(), { ...APPLY, dryRun: true });
    expect(await connection.get(REF)).toBeUndefined();
    await connection.apply(application(), APPLY);
    const live = await connection.get(REF);
    expect(live?.metadata).toMatchObject({ uid: 'id-2', resourceVersion: '1' });
    expect(live).toMatchObject({ status: { health: { status: 'Progressing', message: 'waits to be planned' } } });
    expect(await connection.list(REF, { namespace: 'argocd' })).toHaveLength(1);
    expect(await connection.list(REF, { namespace: 'other' })).toHaveLength(0);
    expect(registrations.rows.get('Application argocd/web')).toMatchObject({ parent: 'argocd/root' });
    await connection.apply(application(), APPLY);
    expect(registrations.rows.get('Application argocd/web')?.version).toBe(1);
    expect(registrations.rows.has('registry')).toBe(false);
    await connection.flush?.();
    await connection.flush?.();
    expect(registrations.rows.get('registry')?.version).toBe(1);
    // No fleet has been read yet: whoever reads it compiles it with the registry.
    expect(sent.changes).toEqual([]);
  });

  it('deletes what has that uid: at once, or with its objects where it has the finalizer', async () => {
    const { connection } = await setUp();
    await connection.apply(application(), APPLY);
    expect(await connection.delete(REF, { uid: 'another' })).toBe(false);
    expect(await connection.delete(REF, { uid: 'id-1' })).toBe(true);
    expect(await connection.get(REF)).toBeUndefined();
    await connection.apply(application({}, ['resources-finalizer.argocd.argoproj.io']), APPLY);
    await connection.delete(REF);
    expect((await connection.get(REF))?.metadata.deletionTimestamp).toBeDefined();
    await connection.apply(application(), APPLY);
    expect((await connection.get(REF))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it.each([
    ['without a destination', application({ destination: undefined }), /Application argocd\/web: spec\.destination/],
    ['without a source', application({ source: undefined }), /Application argocd\/web/],
    [
      'a project elsewhere',
      { ...application(), kind: 'AppProject', metadata: { name: 'default', namespace: 'team' }, spec: {} },
      /counts in namespace argocd alone/,
    ],
  ])('refuses what the fleet could not be compiled from, in a dry run, too: %s', async (_, object, message) => {
    const { connection, registrations } = await setUp();
    const refused = { code: 'apply-invalid', message: expect.stringMatching(message) };
    await expect(connection.apply(object, { ...APPLY, dryRun: true })).rejects.toMatchObject(refused);
    await expect(connection.apply(object, APPLY)).rejects.toMatchObject(refused);
    expect(registrations.rows.size).toBe(0);
  });

  it('takes no write of an application in observe mode, and no patch', async () => {
    const { connection } = await setUp('observe');
    await expect(connection.apply(application(), APPLY)).rejects.toMatchObject({ code: 'observe-mode' });
    const { connection: open } = await setUp();
    await expect(open.patch(REF, [], APPLY)).rejects.toMatchObject({ code: 'apply-invalid' });
  });
});
