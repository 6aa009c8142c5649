import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDynamo } from '../../src/local/aws/dynamodb.ts';
import { TABLES } from '../../src/local/aws/tables.ts';
import type { FileChanges } from '../../src/local/git-host/hosted-repository.ts';
import { SECRETS } from './harness/forges.ts';
import { startWorld, type World } from './harness/world.ts';

const VALUES = {
  plain: 'plain-canary-3f9a2b',
  encoded: Buffer.from('encoded-canary-77c1').toString('base64'),
  decoded: 'encoded-canary-77c1',
  chart: 'chart-canary-b82e40',
  kustomize: 'kustomize-canary-19ad',
  broken: 'broken-canary-c05d',
  refused: 'refused-canary-e61f',
  templated: 'templated-canary-4b7e',
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const CANARIES = [...Object.values(VALUES), ...Object.values(SECRETS)].flatMap((text) => [text, base64(text)]);

const secret = (name: string, body: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n${body}\n`;

/** The files of an applied Secret of each kind of source. */
const secretFiles = (world: World): FileChanges => ({
  'workloads/web/secret.yaml': secret(
    'web',
    `stringData:\n  plain: ${VALUES.plain}\ndata:\n  encoded: ${VALUES.encoded}`,
  ),
  'workloads/api/base/kustomization.yaml': `${world.files['workloads/api/base/kustomization.yaml']}secretGenerator:
  - { name: api, literals: [token=${VALUES.kustomize}] }
`,
  'workloads/worker/values.yaml': `greeting: hello\nreplicas: 1\ntoken: ${VALUES.chart}\n`,
  'workloads/worker/templates/secret.yaml': secret('worker', 'stringData: { token: {{ .Values.token }} }'),
});

/** Commits that fail right where a secret stands. */
const FAILURES: Record<string, FileChanges> = {
  'YAML that breaks in the line of a secret': {
    'workloads/web/secret.yaml': secret('web', `stringData: { password: "${VALUES.broken}, [ }`),
  },
  'a Secret that the cluster refuses': {
    'workloads/web/secret.yaml': secret('web', `data:\n  password: "${VALUES.refused}!"`),
  },
  'a chart that makes broken YAML of a secret': {
    'workloads/worker/values.yaml': `greeting: hello\nreplicas: 1\ntoken: "${VALUES.templated}: ["\n`,
  },
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

const fetchAll = async (): Promise<Record<string, string>> => {
  const { url } = await world.towline().ready();
  const get = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
  const { items: rollouts } = JSON.parse(await get('/api/v1/rollouts')) as { items: { id: string }[] };
  const { items: applications } = JSON.parse(await get('/api/v1/applications')) as { items: { id: string }[] };
  const paths = [
    '/',
    '/api/v1/rollouts',
    '/api/v1/applications',
    ...rollouts.flatMap(({ id }) => [`/rollouts/${id}`, `/api/v1/rollouts/${id}`]),
    ...applications.flatMap(({ id }) => [`/applications/${id}`, `/api/v1/applications/${id}`]),
  ];
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await get(path)] as const)));
};

/** Every row of every table, after the stack has ended. */
const readRows = async (): Promise<Record<string, string>> => {
  const { endpoint, close } = await startDynamo(join(world.stateDir, 'dynamodb'));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  const tables: [string, string][] = [];
  for (const table of TABLES) {
    const TableName = `towline-${table.TableName}`;
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    tables.push([TableName, JSON.stringify(Items)]);
  }
  client.destroy();
  await close();
  return Object.fromEntries(tables);
};

/** Files below the state directory by path, without the embedded clusters' objects: a cluster is to hold its Secrets. */
const readState = (): Record<string, string> => {
  const paths = readdirSync(world.stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const kept = paths.map((path) => [relative(world.stateDir, path), path] as const);
  const told = kept.filter(([name]) => !/^(clusters|tools)\//.test(name));
  return Object.fromEntries(told.map(([name, path]) => [name, readFileSync(path, 'latin1')]));
};

const leaksIn = (texts: Record<string, string>): string[] =>
  Object.entries(texts).flatMap(([name, text]) =>
    CANARIES.filter((canary) => text.includes(canary)).map((canary) => `${name}: ${canary}`),
  );

describe('secrets', () => {
  it('reach the cluster, and are told nowhere: not when they are applied, not when they are what fails', async () => {
    const good = secretFiles(world);
    const { end } = await world.push(good);
    expect(end.state, JSON.stringify(world.statusOf(end.commit))).toBe('success');
    const live = await world.cluster('prod').get('/api/v1/namespaces/worker/secrets/worker');
    expect(live?.data).toEqual({ token: base64(VALUES.chart) });
    expect(leaksIn({ live: JSON.stringify(live) })).toEqual([`live: ${base64(VALUES.chart)}`]);
    for (const [what, changes] of Object.entries(FAILURES)) {
      const { commit, end: failed } = await world.push(changes);
      expect(failed.state, `${what}: ${JSON.stringify(world.statusOf(commit))}`).toBe('failure');
    }
    await world.push(good);
    const { posts } = world.forge;
    expect(posts.length).toBeGreaterThan(10);
    const answers = await fetchAll();
    await world.towline().end();
    const rows = await readRows();
    expect(rows['towline-applications']).toContain('argocd/web-dev');
    const leaks = leaksIn({
      stdout: world.towline().stdout(),
      stderr: world.towline().stderr(),
      'posts to forge and Slack': JSON.stringify(posts),
      ...answers,
      ...rows,
      ...readState(),
    });
    expect(leaks).toEqual([]);
  });
});
