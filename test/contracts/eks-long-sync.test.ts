import { EKSClient } from '@aws-sdk/client-eks';
import { STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { connectCluster } from '../../src/adapters/kubernetes/connect-cluster.ts';
import type { AwsCredentials } from '../../src/adapters/kubernetes/eks-token.ts';
import type { KubernetesObject } from '../../src/domain/kubernetes-object.ts';
import { createSyncStack } from '../fakes/sync-stack.ts';
import { assumed, minute, ownKey, roleARN, start, urlOf, whoSigned } from './fake-eks.ts';
import { startScriptedServer } from './scripted-server.ts';
import { createSmallApi } from './small-api.ts';

/** How long EKS takes a token, from when it was signed. */
const TOKEN_LIFE = 15 * minute;
const JOB_TAKES = 40 * minute;

const job = (name: string, hook: string): KubernetesObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, annotations: { 'argocd.argoproj.io/hook': hook } },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'example.com/work:1' }] } } },
});

const configMap = (name: string, wave: number): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, annotations: { 'argocd.argoproj.io/sync-wave': String(wave) } },
  data: { wave: String(wave) },
});

const signedAt = (authorization: string | undefined): number => {
  const date = urlOf(authorization).searchParams.get('X-Amz-Date') ?? '';
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
};

const UNAUTHORIZED = { status: 401, json: { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' } };

/** An EKS cluster whose Jobs take 40 minutes, refuses old tokens, and once, after 50 minutes, a good one. */
const startEks = async (now: { at: number }) => {
  const begun = new Map<string | undefined, number>();
  const api = createSmallApi(({ kind, metadata }) => {
    if (kind !== 'Job') return undefined;
    const since = begun.get(metadata.name) ?? now.at;
    begun.set(metadata.name, since);
    return now.at - since < JOB_TAKES ? { active: 1 } : { conditions: [{ type: 'Complete', status: 'True' }] };
  });
  const seen = { expired: 0, refused: 0, signers: new Set<string | undefined>() };
  const server = await startScriptedServer((request) => {
    const { authorization } = request.headers;
    seen.signers.add(whoSigned(urlOf(authorization), 'prod'));
    if (now.at - signedAt(authorization) >= TOKEN_LIFE) {
      seen.expired += 1;
      return UNAUTHORIZED;
    }
    if (now.at - start > 50 * minute && seen.refused === 0) {
      seen.refused += 1;
      return UNAUTHORIZED;
    }
    return api.answer(request);
  });
  return { server, seen, api };
};

test('a sync of an hour and a half goes through with new tokens, and one that was refused is made anew', async () => {
  const now = { at: start };
  const { server, seen, api } = await startEks(now);
  await using kubernetes = server;
  await using aws = await startScriptedServer(({ url }) =>
    url.startsWith('/clusters/')
      ? { json: { cluster: { status: 'ACTIVE', endpoint: kubernetes.url, certificateAuthority: { data: 'Q0E=' } } } }
      : assumed(new Date(now.at + 60 * minute)),
  );
  const client = { endpoint: aws.url, maxAttempts: 1 };
  const pass = async (milliseconds: number): Promise<void> => {
    now.at += milliseconds < 1_000 ? milliseconds : Math.max(milliseconds, 10_000);
  };
  const stack = await createSyncStack({
    name: 'long',
    spec: '  syncPolicy: { automated: {}, syncOptions: [CreateNamespace=true] }',
    cluster: `eks: { name: prod, region: eu-west-1, roleARN: '${roleARN}' }`,
    connect: connectCluster({
      clock: () => now.at,
      random: () => 0,
      sleep: pass,
      aws: {
        eks: (region, credentials: AwsCredentials = ownKey) => new EKSClient({ ...client, region, credentials }),
        sts: (region) => new STSClient({ ...client, region, credentials: ownKey }),
      },
    }),
    clock: () => now.at,
    pass,
    pause: pass,
  });
  await stack.plan([job('before', 'PreSync'), configMap('one', -1), configMap('two', 3), job('after', 'PostSync')]);
  await stack.settle();

  expect(stack.row()).toMatchObject({ sync: 'Synced', operation: { phase: 'Succeeded', retryCount: 0 } });
  expect(api.applied.map((path) => path.split('/').at(-1))).toEqual(['long', 'before', 'one', 'two', 'after']);
  expect(now.at - start).toBeGreaterThan(2 * JOB_TAKES);
  expect(seen).toMatchObject({ expired: 0, refused: 1 });
  expect([...seen.signers]).toEqual(['ASIAROLE']);
  const signed = new Set(kubernetes.requests.map(({ headers }) => signedAt(headers.authorization)));
  // Every 13 minutes, and where one was refused.
  expect([...signed].map((at) => Math.floor((at - start) / minute))).toEqual([0, 13, 26, 39, 50, 63, 76]);
  // Assumed again 15 minutes before an hour is over.
  expect(aws.requests.filter(({ body }) => body.includes('Action=AssumeRole'))).toHaveLength(2);
});
