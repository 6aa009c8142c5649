import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findClusters } from '../../../src/app/find-clusters.ts';
import { permanent, transient } from '../../../src/domain/errors.ts';
import type { ClusterSource } from '../../../src/domain/fleet/fleet-file.ts';
import { FLEET_ID, withFleetFile, writtenFile } from '../../../src/domain/fleet-row.ts';
import type { ClusterDirectory, EksCluster, StoredClusterSecret } from '../../../src/ports/cluster-directory.ts';
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
  const aws = {
    eks: [] as EksCluster[],
    secrets: [] as StoredClusterSecret[],
    failure: undefined as Error | undefined,
  };
  const answer = <Found>(found: Found): Promise<Found> =>
    aws.failure ? Promise.reject(aws.failure) : Promise.resolve(found);
  const directory: ClusterDirectory = { eks: () => answer(aws.eks), secrets: () => answer(aws.secrets) };
  const find = findClusters({ ...stack, connect, directory });
  const put = (name: string) => stack.clusters.dev.create(secretOf(name), { fieldManager: 'terraform' });
  const names = async () => (await stack.fleets.get(FLEET_ID))?.file.clusters.map((one) => one.name);
  const ids = () =>
    [...stack.applications.rows.values()].flatMap(({ id, removed }) => (removed ? [] : [id])).toSorted();
  return { ...stack, aws, find, put, names, ids };
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

  it('stay as they were while their hub cannot be read, and those of other sources still come and go', async () => {
    const stack = await setUp([HUB, { ...HUB, cluster: 'prod' }]);
    await stack.put('eu');
    expect(await stack.find()).toBe(true);
    expect(await stack.names()).toEqual(['dev', 'prod', 'eu']);
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

  it('tell labels and annotations of clusters that are written down, their hub included, whatever they hold', async () => {
    const stack = await setUp();
    await stack.push({ 'apps/addons.yaml': ADDONS });
    const own = { name: 'in-cluster', server: 'https://kubernetes.default.svc', config: '{"tlsClientConfig":{}}' };
    await stack.clusters.dev.create(secretOf('hub', own), { fieldManager: 'terraform' });
    await stack.clusters.dev.create(secretOf('prod', { config: '{"bearerToken":"canary"}' }), {
      fieldManager: 'terraform',
    });
    expect(await stack.find()).toBe(true);
    expect(await stack.names()).toEqual(['dev', 'prod']);
    await stack.poll();
    await stack.settle();
    expect(stack.ids()).toEqual(['argocd/metrics-dev', 'argocd/metrics-prod']);
    const row = stack.fleets.rows.get(FLEET_ID);
    if (!row) throw new Error('no fleet');
    const [dev] = row.file.clusters;
    // The file says that dev's environment is dev, its Secret prod.
    expect(dev).toMatchObject({
      labels: { environment: 'dev', enable_metrics: 'true' },
      annotations: { aws_account_id: '1-hub' },
      access: { type: 'embedded' },
    });
    expect(writtenFile(row).clusters[0]?.labels).toEqual({ environment: 'dev' });
    const next = withFleetFile(row, writtenFile(row));
    expect(next.file.clusters[0]?.labels).toMatchObject({ enable_metrics: 'true' });
    expect(await stack.find()).toBe(false);
    expect(JSON.stringify([...stack.fleets.rows.values(), ...stack.log.lines])).not.toContain('canary');

    await stack.clusters.dev.delete({
      group: '',
      version: 'v1',
      kind: 'Secret',
      namespace: 'argocd',
      name: 'cluster-hub',
    });
    expect(await stack.find()).toBe(true);
    expect(stack.fleets.rows.get(FLEET_ID)?.file.clusters[0]?.labels).toEqual({ environment: 'dev' });
  });

  it('say which Secret is not taken over', async () => {
    const stack = await setUp();
    await stack.clusters.dev.create(secretOf('kind', { server: 'https://10.0.0.1' }), { fieldManager: 'terraform' });
    await stack.find();
    const reasons = stack.log.lines.map(({ fields }) => JSON.stringify(fields));
    expect(reasons).toContainEqual(expect.stringContaining('its server is no EKS endpoint'));
  });
});

const EKS: ClusterSource = { type: 'eks', region: 'eu-west-1', roleARN: 'arn:aws:iam::1:role/find', tags: {} };
const endpointOf = (name: string): string => `https://ABC${name}.gr7.eu-west-1.eks.amazonaws.com`;
const eksCluster = (name: string, tags: Record<string, string> = {}): EksCluster => ({
  name,
  endpoint: endpointOf(name),
  tags: { enable_metrics: 'true', environment: 'prod', aws_account_id: `1-${name}`, ...tags },
});

describe('clusters out of EKS', () => {
  it('have their tags as labels and annotations, and are reached as the role that found them', async () => {
    const stack = await setUp([EKS]);
    await stack.push({ 'apps/addons.yaml': ADDONS });
    await stack.settle();
    stack.aws.eks = [eksCluster('eu', { 'aws:cloudformation:stack-name': 'x y' })];
    expect(await stack.find()).toBe(true);
    await stack.poll();
    await stack.settle();
    expect(stack.ids()).toEqual(['argocd/metrics-eu']);
    expect(stack.applications.rows.get('argocd/metrics-eu')?.spec).toMatchObject({
      cluster: 'eu',
      sources: [{ path: 'addons/1-eu' }],
    });
    const cluster = stack.fleets.rows.get(FLEET_ID)?.file.clusters.find(({ name }) => name === 'eu');
    expect(cluster).toMatchObject({
      server: endpointOf('eu'),
      access: { type: 'eks', name: 'eu', region: 'eu-west-1', roleARN: 'arn:aws:iam::1:role/find' },
    });
    expect(cluster?.labels).not.toHaveProperty('aws:cloudformation:stack-name');
    expect(cluster?.annotations).toMatchObject({ 'aws:cloudformation:stack-name': 'x y' });
    expect(await stack.find()).toBe(false);
  });

  it.each([
    ['denied', permanent('clusters-denied', 'AWS refused eks:ListClusters')],
    ['down', transient('clusters-unreachable', 'eks:ListClusters failed')],
  ])('stay while AWS is %s', async (_name, failure) => {
    const stack = await setUp([EKS]);
    stack.aws.eks = [eksCluster('eu'), eksCluster('us')];
    await stack.find();
    stack.aws.failure = failure;
    expect(await stack.find()).toBe(false);
    expect(await stack.names()).toEqual(['dev', 'prod', 'eu', 'us']);
    stack.aws.failure = undefined;
    stack.aws.eks = [eksCluster('us')];
    expect(await stack.find()).toBe(true);
    expect(await stack.names()).toEqual(['dev', 'prod', 'us']);
  });

  it('of one name in two accounts are one cluster and a complaint, unless a tag names them', async () => {
    const stack = await setUp([EKS]);
    stack.aws.eks = [eksCluster('eu'), { ...eksCluster('eu'), endpoint: endpointOf('other') }];
    await stack.find();
    expect(await stack.names()).toEqual(['dev', 'prod', 'eu']);
    expect(stack.fleets.rows.get(FLEET_ID)?.file.clusters[2]?.server).toBe(endpointOf('eu'));
    expect(stack.log.lines).toContainEqual(expect.objectContaining({ message: 'cluster left out, its name is taken' }));
    stack.aws.eks = [
      eksCluster('eu'),
      { ...eksCluster('eu', { 'towline.dev/name': 'eu-2' }), endpoint: endpointOf('other') },
    ];
    await stack.find();
    expect(await stack.names()).toEqual(['dev', 'prod', 'eu', 'eu-2']);
  });
});

describe('clusters out of Secrets Manager', () => {
  const config = { awsAuthConfig: { clusterName: 'eu', roleARN: 'arn:aws:iam::1:role/x' }, bearerToken: 'canary' };
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cluster-eu', labels: { environment: 'prod' }, annotations: { aws_account_id: '1' } },
    stringData: { name: 'eu', server: endpointOf('eu'), config: JSON.stringify(config) },
  };
  const fields = {
    cluster_name: 'eu',
    server: endpointOf('eu'),
    config,
    addons: { environment: 'prod', on: true },
    metadata: { aws_account_id: '1' },
  };
  const expected = {
    name: 'eu',
    server: endpointOf('eu'),
    labels: { environment: 'prod' },
    annotations: { aws_account_id: '1' },
    access: { type: 'eks', name: 'eu', region: 'eu-west-1', roleARN: 'arn:aws:iam::1:role/x' },
  };

  it.each([
    ['a manifest in JSON', JSON.stringify(manifest)],
    ['a manifest in YAML', stringify(manifest)],
    ['its fields', JSON.stringify(fields)],
  ])('are taken over from %s, without any credential', async (_name, value) => {
    const stack = await setUp([{ type: 'secretsManager', prefix: 'clusters/' }]);
    stack.aws.secrets = [{ name: 'eu', value }];
    await stack.find();
    expect(stack.fleets.rows.get(FLEET_ID)?.file.clusters[2]).toMatchObject(expected);
    expect(JSON.stringify([...stack.fleets.rows.values(), ...stack.log.lines])).not.toContain('canary');
  });

  it.each(['', 'canary: [', '"canary"', JSON.stringify({ name: 'x', config: { bearerToken: 'canary' } })])(
    'that are none are told by their name alone: %j',
    async (value) => {
      const stack = await setUp([{ type: 'secretsManager', prefix: 'clusters/' }]);
      stack.aws.secrets = [{ name: 'eu', value }];
      await stack.find();
      expect(await stack.names()).toEqual(['dev', 'prod']);
      expect(stack.log.lines).toContainEqual(expect.objectContaining({ message: 'cluster Secret not taken over' }));
      expect(JSON.stringify(stack.log.lines)).not.toContain('canary');
    },
  );
});
