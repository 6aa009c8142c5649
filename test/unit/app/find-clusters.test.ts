import { describe, expect, it } from 'vitest';
import { findClusters } from '../../../src/app/find-clusters.ts';
import { permanent } from '../../../src/domain/errors.ts';
import type { ClusterSource } from '../../../src/domain/fleet/fleet-file.ts';
import { FLEET_ID, withFleetFile, writtenFile } from '../../../src/domain/fleet-row.ts';
import { createMemoryStack, REPOSITORY } from '../../fakes/memory-stack.ts';

const HUB: ClusterSource = { type: 'secretsIn', cluster: 'dev', namespace: 'argocd' };

const secretOf = (name: string, more: Record<string, string> = {}) => {
  const data = {
    name,
    server: `https://ABC${name}.gr7.eu-west-1.eks.amazonaws.com`,
    config: JSON.stringify({
      bearerToken: 'canary',
      awsAuthConfig: { clusterName: name, roleARN: 'arn:aws:iam::1:role/x' },
    }),
    ...more,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `cluster-${name}`,
      namespace: 'argocd',
      labels: { 'argocd.argoproj.io/secret-type': 'cluster', environment: 'prod', enable_metrics: 'true' },
      annotations: { aws_account_id: `1-${name}` },
    },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  };
};

const ADDONS = `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: metrics, namespace: argocd }
spec:
  syncPolicy: { preserveResourcesOnDeletion: true }
  generators: [{ clusters: { selector: { matchLabels: { enable_metrics: 'true' } } } }]
  template:
    metadata: { name: 'metrics-{{name}}' }
    spec:
      project: default
      source: { repoURL: ${REPOSITORY}, targetRevision: main, path: 'addons/{{metadata.annotations.aws_account_id}}' }
      destination: { server: '{{server}}', namespace: kube-system }
`;

const setUp = async (sources: ClusterSource[] = [HUB]) => {
  const stack = await createMemoryStack();
  const row = await stack.fleets.get(FLEET_ID);
  if (row) await stack.fleets.save({ ...row, file: { ...row.file, clustersFrom: sources } });
  const connect = ({ name }: { name: string }) =>
    name === 'dev' ? Promise.resolve(stack.clusters.dev) : Promise.reject(permanent('cluster-denied', `${name} no`));
  const find = findClusters({ ...stack, connect });
  const put = (name: string) => stack.clusters.dev.create(secretOf(name), { fieldManager: 'terraform' });
  const names = async () => (await stack.fleets.get(FLEET_ID))?.file.clusters.map((one) => one.name);
  const ids = () =>
    [...stack.applications.rows.values()].flatMap(({ id, removed }) => (removed ? [] : [id])).toSorted();
  return { ...stack, find, put, names, ids };
};

describe('clusters out of Argo CD cluster Secrets (GitOps Bridge)', () => {
  it('are what cluster generators see, come and go with their Secrets, and hold no credential', async () => {
    const stack = await setUp();
    await stack.push({ 'apps/addons.yaml': ADDONS });
    await stack.settle();
    expect(stack.ids()).toEqual([]);
    await stack.put('eu');
    expect(await stack.find()).toBe(true);
    expect(await stack.names()).toEqual(['dev', 'prod', 'eu']);
    await stack.poll();
    await stack.settle();
    expect(stack.ids()).toEqual(['argocd/metrics-eu']);
    expect(stack.applications.rows.get('argocd/metrics-eu')?.spec).toMatchObject({
      cluster: 'eu',
      environment: 'prod',
      sources: [{ path: 'addons/1-eu' }],
    });
    await stack.put('us');
    await stack.find();
    await stack.poll();
    await stack.settle();
    expect(stack.ids()).toEqual(['argocd/metrics-eu', 'argocd/metrics-us']);
    const kept = JSON.stringify([...stack.fleets.rows.values(), ...stack.log.lines]);
    expect(kept).not.toContain('canary');
    expect(kept).toContain('arn:aws:iam::1:role/x');

    await stack.clusters.dev.delete({
      group: '',
      version: 'v1',
      kind: 'Secret',
      namespace: 'argocd',
      name: 'cluster-us',
    });
    expect(await stack.find()).toBe(true);
    await stack.poll();
    await stack.settle();
    expect(stack.ids()).toEqual(['argocd/metrics-eu']);
  });

  it('change nothing while they are the same', async () => {
    const stack = await setUp();
    await stack.put('eu');
    await stack.find();
    const version = stack.fleets.rows.get(FLEET_ID)?.version;
    expect(await stack.find()).toBe(false);
    expect(stack.fleets.rows.get(FLEET_ID)?.version).toBe(version);
  });

  it('stay as they were while the hub cannot be read', async () => {
    const stack = await setUp([HUB, { ...HUB, cluster: 'prod' }]);
    await stack.put('eu');
    expect(await stack.find()).toBe(false);
    expect(await stack.names()).toEqual(['dev', 'prod']);
    expect(stack.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'clusters not read, the last ones stay' }),
    );
  });

  it('come after what is written in the fleet file, and survive its next version', async () => {
    const stack = await setUp();
    await stack.put('eu');
    await stack.put('prod');
    await stack.find();
    const row = stack.fleets.rows.get(FLEET_ID);
    if (!row) throw new Error('no fleet');
    expect(row.file.clusters.find(({ name }) => name === 'prod')?.access.type).toBe('embedded');
    const written = writtenFile(row);
    expect(written.clusters.map(({ name }) => name)).toEqual(['dev', 'prod']);
    const [dev] = written.clusters;
    const next = withFleetFile(row, { ...written, clusters: dev ? [dev] : [] });
    expect(next.file.clusters.map(({ name }) => name)).toEqual(['dev', 'eu']);
    const { clustersFrom: _none, ...plain } = written;
    expect(withFleetFile(row, plain).file.clusters.map(({ name }) => name)).toEqual(['dev', 'prod']);
  });

  it('say which source of clusters is not served, and which Secret is not taken over', async () => {
    const stack = await setUp([HUB, { type: 'secretsManager', prefix: 'x' }]);
    await stack.clusters.dev.create(secretOf('kind', { server: 'https://10.0.0.1' }), { fieldManager: 'terraform' });
    await stack.find();
    const reasons = stack.log.lines.map(({ fields }) => JSON.stringify(fields));
    expect(reasons).toContainEqual(expect.stringContaining('only clustersFrom.secretsIn is served'));
    expect(reasons).toContainEqual(expect.stringContaining('its server is no EKS endpoint'));
  });
});
