import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/adapters/render/create-sandbox.ts';
import { FLEET_ID } from '../../src/domain/fleet-row.ts';
import { createFakeCluster } from '../fakes/fake-cluster.ts';
import { commonTypes } from '../fakes/fake-cluster-types.ts';
import { localTools } from '../fakes/local-tools.ts';
import { applicationYaml, createMemoryStack } from '../fakes/memory-stack.ts';

const temporary = mkdtempSync(join(tmpdir(), 'towline-facts-'));
const sandbox = createSandbox({ ...(await localTools()), temporary });
afterAll(() => rm(temporary, { recursive: true, force: true }));

const chart = (name: string, value: string) => ({
  [`${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
  [`${name}/templates/cm.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { value: '${value}' }\n`,
});

const VERSION = '{{ .Capabilities.KubeVersion.Version }}';
const MONITORS = '{{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor" }}';
const MONITOR = {
  group: 'monitoring.coreos.com',
  version: 'v1',
  kind: 'ServiceMonitor',
  resource: 'servicemonitors',
  namespaced: true,
  verbs: ['get'],
};

type Stack = Awaited<ReturnType<typeof createMemoryStack>>;

const FILES = {
  ...chart('version', VERSION),
  ...chart('monitors', MONITORS),
  ...chart('plain', 'same'),
  'apps/apps.yaml': ['version', 'monitors', 'plain'].map((name) => applicationYaml(name, name, 'dev')).join('---\n'),
};

const start = async (files: Record<string, string> = FILES): Promise<Stack> => {
  const stack = await createMemoryStack(sandbox);
  stack.clusters.dev = createFakeCluster({ version: 'v1.33.1-eks-1234' });
  await stack.push(files);
  return stack;
};

const valueOf = ({ clusters }: Stack, name: string): unknown =>
  [...clusters.dev.objects.values()].find((one) => one.kind === 'ConfigMap' && one.metadata.name === name)?.data;

const generations = ({ applications }: Stack): Record<string, number | undefined> =>
  Object.fromEntries([...applications.rows.values()].map(({ spec, desired }) => [spec.name, desired?.generation]));

/** What the minute's tick does. */
const tick = async (stack: Stack): Promise<void> => {
  await stack.sweepClusters();
  await stack.readAsked();
  await stack.pollFacts();
  await stack.settle();
};

describe('a chart that reads its cluster', { timeout: 60_000 }, () => {
  it('is rendered with the version and the API versions of its destination', async () => {
    const stack = await start();
    await stack.settle();
    expect(valueOf(stack, 'version')).toEqual({ value: 'v1.33.1' });
    expect(valueOf(stack, 'monitors')).toEqual({ value: 'false' });
    expect(stack.applications.rows.get('argocd/version')?.desired?.facts).toEqual({ kubeVersion: '1.33.1' });
    expect(stack.applications.rows.get('argocd/plain')?.desired?.facts).toBeUndefined();
  });

  it('is rendered again when what it reads has changed, and nothing else is', async () => {
    const stack = await start();
    await stack.settle();
    await tick(stack);
    const before = generations(stack);
    stack.clusters.dev.addType(MONITOR);
    stack.time.now += 11 * 60_000;
    await tick(stack);
    expect(valueOf(stack, 'monitors')).toEqual({ value: 'true' });
    expect(generations(stack)).toEqual({ ...before, monitors: (before['monitors'] ?? 0) + 1 });
    const { objects } = stack.clusters.dev;
    stack.clusters.dev = createFakeCluster({
      version: 'v1.34.0',
      types: [...commonTypes, MONITOR],
      objects: [...objects.values()],
    });
    stack.time.now += 11 * 60_000;
    await tick(stack);
    expect(valueOf(stack, 'version')).toEqual({ value: 'v1.34.0' });
    const after = generations(stack);
    expect(after).toEqual({
      ...before,
      monitors: (before['monitors'] ?? 0) + 1,
      version: (before['version'] ?? 0) + 1,
    });
    stack.time.now += 11 * 60_000;
    await tick(stack);
    expect(generations(stack)).toEqual(after);
  });

  it('is rendered again when a sync has applied a definition of what it asks about', async () => {
    const stack = await start();
    await stack.settle();
    await tick(stack);
    // As the API server does once it has the definition.
    stack.clusters.dev.addType(MONITOR);
    const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    const names = { kind: 'ServiceMonitor', plural: 'servicemonitors' };
    const spec = {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true }],
    };
    const status = { conditions: [{ type: 'Established', status: 'True' }] };
    const crd = { ...definition, metadata: { name: 'servicemonitors.monitoring.coreos.com' }, spec, status };
    await stack.push({
      'crds/crd.yaml': JSON.stringify(crd),
      'apps/crds.yaml': applicationYaml('crds', 'crds', 'dev'),
    });
    await stack.settle(30);
    await stack.pollFacts();
    await stack.settle(30);
    expect(valueOf(stack, 'monitors')).toEqual({ value: 'true' });
  });

  it('waits, and says so, while its cluster does not answer; others do not', async () => {
    const stack = await createMemoryStack(sandbox);
    stack.unreachable.add('prod');
    await stack.push({
      ...chart('version', VERSION),
      'apps/apps.yaml': [
        applicationYaml('dev-one', 'version', 'dev'),
        applicationYaml('prod-one', 'version', 'prod'),
      ].join('---\n'),
    });
    await stack.settle();
    expect(valueOf(stack, 'version')).toEqual({ value: 'v1.35.4' });
    const waiting = stack.applications.rows.get('argocd/prod-one')?.desired;
    expect(waiting?.error).toMatchObject({ code: 'cluster-facts-missing' });
    expect(waiting?.error?.message).toContain('cluster "prod" does not answer');
    stack.unreachable.delete('prod');
    stack.time.now += 60_000;
    await tick(stack);
    expect(stack.applications.rows.get('argocd/prod-one')?.desired?.error).toBeUndefined();
    expect([...stack.clusters.prod.objects.values()].some(({ kind }) => kind === 'ConfigMap')).toBe(true);
  });

  it('asks about no cluster that no chart asks about, and stops when the cluster has left the fleet', async () => {
    const stack = await start({
      ...chart('plain', 'same'),
      'apps/plain.yaml': applicationYaml('plain', 'plain', 'dev'),
    });
    await stack.settle();
    expect(stack.clusterRows.rows.size).toBe(0);
    expect(stack.clusters.dev.calls.filter(({ verb }) => verb === 'version')).toEqual([]);
    await stack.push({
      ...chart('version', VERSION),
      'apps/version.yaml': applicationYaml('version', 'version', 'dev'),
    });
    await stack.settle();
    expect([...stack.clusterRows.rows.keys()]).toEqual(['dev']);
    const row = await stack.fleets.get(FLEET_ID);
    if (!row) throw new Error('no fleet');
    await stack.fleets.save({ ...row, file: { ...row.file, clusters: [] } });
    stack.time.now += 11 * 60_000;
    await stack.sweepClusters();
    await stack.readAsked();
    expect(stack.clusterRows.rows.size).toBe(0);
  });

  it('takes what the Application says before what the cluster says, and asks nobody', async () => {
    const stack = await start({
      ...chart('version', VERSION),
      'apps/version.yaml': applicationYaml('version', 'version', 'dev').replace(
        'path: version',
        'path: version, helm: { kubeVersion: 1.30.0 }',
      ),
    });
    await stack.settle();
    expect(valueOf(stack, 'version')).toEqual({ value: 'v1.30.0' });
    expect(stack.clusterRows.rows.size).toBe(0);
  });
});
