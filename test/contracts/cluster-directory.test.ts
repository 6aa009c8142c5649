import { EKSClient } from '@aws-sdk/client-eks';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { createClusterDirectory } from '../../src/adapters/kubernetes/cluster-directory.ts';
import { type ScriptedAnswer, type SeenRequest, startScriptedServer } from './scripted-server.ts';

const ROLE = 'arn:aws:iam::222233334444:role/towline-find';
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

const assumed = (now: number): ScriptedAnswer => ({
  headers: { 'content-type': 'text/xml' },
  text: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
    <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>session</SessionToken>
    <Expiration>${new Date(now + 60 * MINUTE).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
});

const refusedBySts: ScriptedAnswer = {
  status: 403,
  headers: { 'content-type': 'text/xml' },
  text: '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>canary</Message></Error></ErrorResponse>',
};

const refused = (name: string): ScriptedAnswer => ({
  status: 403,
  headers: { 'x-amzn-errortype': name },
  json: { __type: name, message: 'canary' },
});

interface Cluster {
  status?: string;
  tags?: Record<string, string>;
}

interface StoredSecret {
  changed: number;
  value: string;
  tags?: Record<string, string>;
}

/** EKS, STS and Secrets Manager of one account, as the SDK's clients see them. */
const startAws = async () => {
  const state = {
    now: START,
    clusters: {} as Record<string, Cluster>,
    secrets: {} as Record<string, StoredSecret>,
    refuse: undefined as string | undefined,
  };
  const secretsManager = ({ headers, body }: SeenRequest): ScriptedAnswer => {
    const asked: unknown = JSON.parse(body);
    const names = Object.keys(state.secrets);
    if (headers['x-amz-target'] === 'secretsmanager.ListSecrets') {
      const at = names.indexOf(textAt(asked, 'NextToken')) + 1;
      const page = names.slice(at, at + 2);
      const last = page.at(-1);
      const list = page.map((name) => ({
        ARN: `arn:${name}`,
        Name: name,
        LastChangedDate: state.secrets[name]?.changed,
        Tags: Object.entries(state.secrets[name]?.tags ?? { towline: 'cluster' }).map(([Key, Value]) => ({
          Key,
          Value,
        })),
      }));
      return { json: { SecretList: list, ...(last && at + 2 < names.length ? { NextToken: last } : {}) } };
    }
    const name = textAt(asked, 'SecretId').replace(/^arn:/, '');
    return { json: { Name: name, SecretString: state.secrets[name]?.value } };
  };
  const eks = (url: URL): ScriptedAnswer => {
    const names = Object.keys(state.clusters);
    if (url.pathname === '/clusters') {
      const at = names.indexOf(url.searchParams.get('nextToken') ?? '') + 1;
      const page = names.slice(at, at + 2);
      return { json: { clusters: page, ...(at + 2 < names.length ? { nextToken: page.at(-1) } : {}) } };
    }
    const name = url.pathname.replace('/clusters/', '');
    const { status = 'ACTIVE', tags = {} } = state.clusters[name] ?? {};
    return { json: { cluster: { name, status, tags, endpoint: `https://${name}.eks.test` } } };
  };
  const server = await startScriptedServer((request) => {
    const url = new URL(request.url, 'http://aws.test');
    const isSts = request.body.includes('Action=AssumeRole');
    if (state.refuse !== undefined && (isSts ? state.refuse === 'sts' : state.refuse !== 'sts')) {
      return isSts ? refusedBySts : refused('AccessDeniedException');
    }
    if (isSts) return assumed(state.now);
    return request.headers['x-amz-target'] ? secretsManager(request) : eks(url);
  });
  const client = { endpoint: server.url, maxAttempts: 1 };
  const own = { accessKeyId: 'AKIDOWN', secretAccessKey: 'own-secret' };
  const directory = createClusterDirectory({
    clock: () => state.now,
    eks: (region, credentials = own) => new EKSClient({ ...client, region, credentials }),
    secretsManager: (region = 'eu-central-1', credentials = own) =>
      new SecretsManagerClient({ ...client, region, credentials }),
    sts: (region = 'eu-central-1') => new STSClient({ ...client, region, credentials: own }),
  });
  const asked = (what: RegExp): SeenRequest[] =>
    server.requests.filter(({ url, body, headers }) => what.test(`${url} ${body} ${String(headers['x-amz-target'])}`));
  return { state, server, directory, asked };
};

const textAt = (value: unknown, key: string): string => {
  const found = Object.entries(value ?? {}).find(([name]) => name === key)?.[1];
  return typeof found === 'string' ? found : '';
};

const signer = ({ headers }: SeenRequest): string =>
  /Credential=(\w+)\/\d+\/([\w-]+)/
    .exec(headers.authorization ?? '')
    ?.slice(1)
    .join(' ') ?? '';

const EKS = { type: 'eks' as const, region: 'us-west-2', tags: {} };
const SECRETS = { type: 'secretsManager' as const, prefix: 'clusters/' };

describe('EKS clusters', () => {
  it('are listed over pages and described, with their tags; those that cannot be reached are left out', async () => {
    const { state, server, directory } = await startAws();
    await using _server = server;
    state.clusters = {
      a: { tags: { env: 'dev' } },
      b: { status: 'CREATING' },
      c: { status: 'UPDATING' },
      d: { status: 'DELETING' },
    };
    expect(await directory.eks(EKS)).toEqual([
      { name: 'a', endpoint: 'https://a.eks.test', tags: { env: 'dev' } },
      { name: 'c', endpoint: 'https://c.eks.test', tags: {} },
    ]);
    expect(new Set(server.requests.map(signer))).toEqual(new Set(['AKIDOWN us-west-2']));
  });

  it('are those with all the tags', async () => {
    const { state, server, directory } = await startAws();
    await using _server = server;
    state.clusters = {
      a: { tags: { env: 'dev', fleet: 'x' } },
      b: { tags: { env: 'dev' } },
      c: { tags: { fleet: 'y', env: 'dev' } },
    };
    const found = await directory.eks({ ...EKS, tags: { env: 'dev', fleet: 'x' } });
    expect(found.map(({ name }) => name)).toEqual(['a']);
  });

  it('are asked for as the role of their account, which is assumed once an hour', async () => {
    const { state, server, directory, asked } = await startAws();
    await using _server = server;
    state.clusters = { a: {} };
    const source = { ...EKS, roleARN: ROLE };
    await directory.eks(source);
    state.now += 30 * MINUTE;
    await directory.eks(source);
    expect(asked(/AssumeRole/)).toHaveLength(1);
    expect(asked(/AssumeRole/)[0]?.body).toContain(encodeURIComponent(ROLE));
    expect(new Set(asked(/clusters/).map(signer))).toEqual(new Set(['ASIAROLE us-west-2']));
    state.now += 30 * MINUTE;
    await directory.eks(source);
    expect(asked(/AssumeRole/)).toHaveLength(2);
  });

  it('are described every ten minutes, and listed each time', async () => {
    const { state, server, directory, asked } = await startAws();
    await using _server = server;
    state.clusters = { a: {} };
    await directory.eks(EKS);
    state.now += 9 * MINUTE;
    await directory.eks(EKS);
    expect([asked(/^\/clusters\/a/).length, asked(/^\/clusters( |\?)/).length]).toEqual([1, 2]);
    state.now += 2 * MINUTE;
    state.clusters = { a: { tags: { env: 'new' } } };
    expect(await directory.eks(EKS)).toMatchObject([{ tags: { env: 'new' } }]);
  });

  it.each([
    ['own', 'eks:ListClusters on us-west-2 as'],
    ['sts', `sts:AssumeRole on ${ROLE}`],
  ])('refused (%s) names the action', async (who, message) => {
    const { state, server, directory } = await startAws();
    await using _server = server;
    state.refuse = who;
    const error: unknown = await directory.eks({ ...EKS, roleARN: ROLE }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'permanent', code: 'clusters-denied' });
    expect(String(error)).toContain(message);
  });

  it('are unreachable, not gone, where AWS does not answer', async () => {
    const server = await startScriptedServer(() => ({ drop: true }));
    await using _server = server;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const client = { endpoint: server.url, region: 'us-west-2', maxAttempts: 1, credentials };
    const directory = createClusterDirectory({
      clock: () => START,
      eks: () => new EKSClient(client),
      secretsManager: () => new SecretsManagerClient(client),
      sts: () => new STSClient(client),
    });
    await expect(directory.eks(EKS)).rejects.toMatchObject({ kind: 'transient', code: 'clusters-unreachable' });
    await expect(directory.secrets(SECRETS)).rejects.toMatchObject({ kind: 'transient', code: 'clusters-unreachable' });
  });
});

describe('cluster Secrets in Secrets Manager', () => {
  it('are those below the prefix with the tag, over pages, by their own names', async () => {
    const { state, server, directory, asked } = await startAws();
    await using _server = server;
    state.secrets = {
      'clusters/eu': { changed: 1, value: 'one' },
      'clusters/us': { changed: 1, value: 'two', tags: { towline: 'clusters' } },
      'my-clusters/x': { changed: 1, value: 'three' },
      'clusters/ap': { changed: 1, value: 'four' },
    };
    expect(await directory.secrets(SECRETS)).toEqual([
      { name: 'eu', value: 'one' },
      { name: 'ap', value: 'four' },
    ]);
    expect(asked(/GetSecretValue/)).toHaveLength(2);
  });

  it('are read again when they have changed', async () => {
    const { state, server, directory, asked } = await startAws();
    await using _server = server;
    state.secrets = { 'clusters/eu': { changed: 1, value: 'one' }, 'clusters/us': { changed: 1, value: 'two' } };
    await directory.secrets(SECRETS);
    state.secrets = { ...state.secrets, 'clusters/us': { changed: 2, value: 'three' } };
    expect(await directory.secrets(SECRETS)).toEqual([
      { name: 'eu', value: 'one' },
      { name: 'us', value: 'three' },
    ]);
    expect(asked(/GetSecretValue/)).toHaveLength(3);
  });
});
