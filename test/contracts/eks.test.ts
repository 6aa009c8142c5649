import { EKSClient } from '@aws-sdk/client-eks';
import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import type { AwsCredentials } from '../../src/adapters/kubernetes/eks-token.ts';
import { roleSessionName } from '../../src/adapters/kubernetes/eks-token.ts';
import { errorFrom } from './cluster-suite.ts';
import { assumed, denied, minute, ownKey, roleARN, start, urlOf, whoSigned } from './fake-eks.ts';
import type { ScriptedAnswer, ScriptedServer, SeenRequest } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

interface Setup {
  aws: ScriptedServer;
  api: ScriptedServer;
  now: { at: number };
  connect(session: string, role?: string): ReturnType<ReturnType<typeof connectCluster>>;
  tokens(): URL[];
  calls(action: string): SeenRequest[];
}

const scripts = {
  describe: (endpoint: string, _request: SeenRequest): ScriptedAnswer => ({
    json: { cluster: { name: 'prod', status: 'ACTIVE', endpoint, certificateAuthority: { data: 'Q0E=' } } },
  }),
  api: (_count: number): ScriptedAnswer => ({ json: { gitVersion: 'v1.35.4' } }),
};

const withServers = async (
  use: (setup: Setup) => Promise<void>,
  script: Partial<typeof scripts> = {},
): Promise<void> => {
  const now = { at: start };
  const answers = { ...scripts, ...script };
  await using api = await startScriptedServer((_, count) => answers.api(count));
  await using aws = await startScriptedServer((request) =>
    request.url.startsWith('/clusters/') ? answers.describe(api.url, request) : assumed(new Date(now.at + 60 * minute)),
  );
  const client = { endpoint: aws.url, maxAttempts: 1 };
  const connect = connectCluster({
    clock: () => now.at,
    random: () => 0,
    sleep: async () => undefined,
    aws: {
      eks: (region, credentials: AwsCredentials = ownKey) => new EKSClient({ ...client, region, credentials }),
      sts: (region) => new STSClient({ ...client, region, credentials: ownKey }),
    },
  });
  const config = (role?: string) => ({
    name: 'prod-eu',
    labels: {},
    annotations: {},
    access: { type: 'eks' as const, name: 'prod', region: 'eu-west-1', ...(role ? { roleARN: role } : {}) },
  });
  await use({
    aws,
    api,
    now,
    connect: (session, role) => connect(config(role), session),
    tokens: () => api.requests.map(({ headers }) => urlOf(headers.authorization)),
    calls: (action) =>
      aws.requests.filter(({ url, body }) => url.includes(action) || body.includes(`Action=${action}`)),
  });
};

describe('a token', () => {
  test('is a presigned GetCallerIdentity URL with a true signature, bound to the cluster, good for a minute', () =>
    withServers(async ({ connect, tokens, aws }) => {
      const cluster = await connect('rollout-1');
      await cluster.version();
      const url = tokens()[0] ?? new URL('none:');
      expect(url.origin).toBe(aws.url);
      expect(Object.fromEntries(url.searchParams)).toMatchObject({
        Action: 'GetCallerIdentity',
        Version: '2011-06-15',
        'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
        'X-Amz-Credential': 'AKIDOWN/20260101/eu-west-1/sts/aws4_request',
        'X-Amz-Date': '20260101T000000Z',
        'X-Amz-Expires': '60',
        'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
      });
      // aws-iam-authenticator refuses any parameter that it does not know.
      expect([...url.searchParams.keys()].sort()).toEqual([
        'Action',
        'Version',
        'X-Amz-Algorithm',
        'X-Amz-Credential',
        'X-Amz-Date',
        'X-Amz-Expires',
        'X-Amz-Signature',
        'X-Amz-SignedHeaders',
      ]);
      expect(whoSigned(url, 'prod')).toBe('AKIDOWN');
      expect(whoSigned(url, 'another')).toBeUndefined();
    }));

  test('has no padding and no character that a header could not carry', () =>
    withServers(async ({ connect, api }) => {
      await (await connect('rollout-1', roleARN)).version();
      expect(api.requests[0]?.headers.authorization).toMatch(/^Bearer k8s-aws-v1\.[A-Za-z0-9_-]+$/);
    }));

  test('is kept for 13 minutes and then made anew, in the middle of long use', () =>
    withServers(async ({ connect, tokens, now, calls }) => {
      const cluster = await connect('rollout-1', roleARN);
      for (const after of [0, 12 * minute, 14 * minute, 26 * minute]) {
        now.at = start + after;
        await cluster.version();
      }
      const dates = tokens().map((url) => url.searchParams.get('X-Amz-Date'));
      expect(dates).toEqual(['20260101T000000Z', '20260101T000000Z', '20260101T001400Z', '20260101T001400Z']);
      expect(calls('AssumeRole')).toHaveLength(1);
    }));

  test('is made anew once after a 401', async () => {
    const unauthorized = { status: 401, json: { kind: 'Status', message: 'Unauthorized', reason: 'Unauthorized' } };
    await withServers(
      async ({ connect, tokens, now }) => {
        const cluster = await connect('rollout-1');
        await cluster.version();
        now.at += minute;
        await cluster.version();
        expect(tokens().map((url) => url.searchParams.get('X-Amz-Date'))).toEqual([
          '20260101T000000Z',
          '20260101T000000Z',
          '20260101T000100Z',
        ]);
      },
      { api: (count) => (count === 2 ? unauthorized : scripts.api(count)) },
    );
    await withServers(
      async ({ connect, api }) => {
        const error = await errorFrom((await connect('rollout-1', roleARN)).version());
        expect(api.requests).toHaveLength(2);
        expect(error).toMatchObject({ code: 'cluster-denied', kind: 'permanent' });
        expect(error.message).toContain(`access entry for ${roleARN}`);
      },
      { api: () => unauthorized },
    );
  });

  test('goes to the region’s own endpoint where nothing else is said', async () => {
    for (const [region, host] of [
      ['eu-west-1', 'sts.eu-west-1.amazonaws.com'],
      ['us-east-1', 'sts.us-east-1.amazonaws.com'],
      ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
    ] as const) {
      await using api = await startScriptedServer(() => scripts.api(0));
      await using eks = await startScriptedServer((request) => scripts.describe(api.url, request));
      const connect = connectCluster({
        clock: () => start,
        random: () => 0,
        aws: {
          eks: (at) => new EKSClient({ region: at, credentials: ownKey, endpoint: eks.url }),
          sts: (at) => new STSClient({ region: at, credentials: ownKey }),
        },
      });
      const access = { type: 'eks' as const, name: 'prod', region };
      const cluster = await connect({ name: 'prod', labels: {}, annotations: {}, access }, 'rollout-1');
      await cluster.version();
      const url = urlOf(api.requests[0]?.headers.authorization);
      expect(url.origin).toBe(`https://${host}`);
      expect(whoSigned(url, 'prod')).toBe('AKIDOWN');
    }
  });
});

describe('a role', () => {
  test('is assumed once a session, under the session’s name, and signs the token', () =>
    withServers(async ({ connect, tokens, calls, aws }) => {
      for (const session of ['rollout-1', 'rollout-1', 'rollout 2/ä'])
        await (await connect(session, roleARN)).version();
      const asked = calls('AssumeRole').map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
      expect(asked).toMatchObject([
        { RoleArn: roleARN, RoleSessionName: 'rollout-1' },
        { RoleArn: roleARN, RoleSessionName: 'rollout-2--' },
      ]);
      expect(tokens().map((url) => whoSigned(url, 'prod'))).toEqual(['ASIAROLE', 'ASIAROLE', 'ASIAROLE']);
      expect(tokens()[0]?.searchParams.get('X-Amz-Security-Token')).toBe('role-session');
      expect(calls('/clusters/prod')).toHaveLength(1);
      expect(aws.requests.find(({ url }) => url === '/clusters/prod')?.headers.authorization).toContain('ASIAROLE');
    }));

  test('is assumed again before its credentials could outlive a token', () =>
    withServers(async ({ connect, calls, now }) => {
      const cluster = await connect('rollout-1', roleARN);
      await cluster.version();
      now.at += 46 * minute;
      await cluster.version();
      expect(calls('AssumeRole')).toHaveLength(2);
    }));

  test('that may only reach Kubernetes lets the worker describe the cluster', () =>
    withServers(
      async ({ connect, calls }) => {
        await (await connect('rollout-1', roleARN)).version();
        expect(calls('/clusters/prod').map(({ headers }) => headers.authorization?.includes('ASIAROLE'))).toEqual([
          true,
          false,
        ]);
      },
      {
        describe: (endpoint, request) =>
          request.headers.authorization?.includes('ASIAROLE') ? denied(403) : scripts.describe(endpoint, request),
      },
    ));

  test.each([
    ['rollout-1', 'rollout-1'],
    ['a', 'a-'],
    ['', '--'],
    ['x'.repeat(70), 'x'.repeat(64)],
    ['a_b=c,d.e@f+g', 'a_b=c,d.e@f+g'],
    ['a b:c/d', 'a-b-c-d'],
  ])('names its session %j as %j', (session, expected) => {
    expect(roleSessionName(session)).toBe(expected);
  });
});

describe('a cluster', () => {
  const cases: [title: string, answer: ScriptedAnswer, expected: object][] = [
    [
      'that does not exist',
      { status: 404, headers: { 'x-amzn-errortype': 'ResourceNotFoundException' }, json: {} },
      { code: 'cluster-not-found', kind: 'permanent' },
    ],
    [
      'that may not be described',
      denied(403),
      { code: 'cluster-denied', kind: 'permanent', details: { action: 'eks:DescribeCluster' } },
    ],
    [
      'that is being created',
      { json: { cluster: { name: 'prod', status: 'CREATING' } } },
      { code: 'cluster-unreachable', kind: 'transient' },
    ],
    [
      'described too often',
      { status: 429, headers: { 'x-amzn-errortype': 'ThrottlingException' }, json: {} },
      { code: 'cluster-throttled', kind: 'transient' },
    ],
  ];
  test.each(cases)('%s', (_title, answer, expected) =>
    withServers(
      async ({ connect }) => {
        expect(await errorFrom(connect('rollout-1'))).toMatchObject(expected);
      },
      { describe: () => answer },
    ),
  );

  test('is described again after ten minutes', () =>
    withServers(async ({ connect, calls, now }) => {
      for (const after of [0, 9, 11]) {
        now.at = start + after * minute;
        await (await connect('rollout-1')).version();
      }
      expect(calls('/clusters/prod')).toHaveLength(2);
    }));

  test('needs AWS clients', async () => {
    const connect = connectCluster({ clock: () => start, random: () => 0 });
    const access = { type: 'eks' as const, name: 'prod', region: 'eu-west-1' };
    const error = await errorFrom(connect({ name: 'prod', labels: {}, annotations: {}, access }, 'rollout-1'));
    expect(error).toMatchObject({ code: 'cluster-access-unsupported', kind: 'permanent' });
  });
});
