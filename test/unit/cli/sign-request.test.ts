import { describe, expect, it } from 'vitest';
import { runApp } from '../../../src/cli/app.ts';
import { executeApiRegion, signedHeaders } from '../../../src/cli/sign-request.ts';
import { permanent } from '../../../src/domain/errors.ts';
import { headerSignature } from '../../contracts/sigv4.ts';

const SERVER = 'https://abc123.execute-api.eu-west-1.amazonaws.com';
const identity = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'canary-secret', sessionToken: 'canary-session' };
const NOW = Date.UTC(2026, 0, 31, 12);

describe('executeApiRegion', () => {
  it.each([
    [`${SERVER}/api`, 'eu-west-1'],
    ['https://abc123.execute-api.cn-north-1.amazonaws.com.cn/', 'cn-north-1'],
    ['http://abc123.execute-api.eu-west-1.amazonaws.com', undefined],
    ['https://abc123.execute-api.eu-west-1.amazonaws.com.evil.example.com', undefined],
    ['https://evil.example.com/abc.execute-api.eu-west-1.amazonaws.com', undefined],
    ['http://127.0.0.1:8484', undefined],
  ])('%s: %s', (url, region) => expect(executeApiRegion(new URL(url))).toBe(region));
});

describe('signedHeaders', () => {
  it.each([
    ['GET', '/api/v1/applications', ''],
    ['POST', '/api/v1/applications/argocd/a%20b/sync', '{"generation":1}'],
    ['GET', '/api/v1/rollouts?limit=2&after=a%2Fb', ''],
  ])('%s %s is signed as AWS documents it', async (method, path, body) => {
    const url = new URL(path, SERVER);
    const headers = { 'content-type': 'application/json' };
    const sent = await signedHeaders(
      { method, url, headers, body },
      { identity, region: 'eu-west-1', now: new Date(NOW) },
    );
    const signature = /Signature=([0-9a-f]{64})$/.exec(sent['authorization'] ?? '')?.[1];
    expect(signature).toBe(
      headerSignature({ method, url, body, headers: { ...sent, host: url.host } }, identity.secretAccessKey),
    );
    expect(sent['authorization']).toContain('/20260131/eu-west-1/execute-api/aws4_request');
    expect(sent).toMatchObject({ 'x-amz-security-token': 'canary-session', 'content-type': 'application/json' });
    expect(sent).not.toHaveProperty('host');
    expect(JSON.stringify(sent)).not.toContain('canary-secret');
  });
});

describe('a command against AWS', () => {
  const run = async (more: object) => {
    const seen: Request[] = [];
    let err = '';
    const code = await runApp({
      args: ['sync', 'web', '--server', SERVER],
      cwd: '/',
      environment: {},
      write: () => {},
      writeError: (text) => {
        err += text;
      },
      clock: () => NOW,
      fetch: (input, init) => {
        seen.push(new Request(input, init));
        return Promise.resolve(Response.json({ application: 'argocd/web', generation: 1 }, { status: 202 }));
      },
      identity: () => Promise.resolve(identity),
      ...more,
    });
    return { code, err, seen };
  };

  it('is signed', async () => {
    const { code, seen } = await run({});
    expect(code).toBe(0);
    expect(seen.map(({ url }) => url)).toEqual([`${SERVER}/api/v1/applications/argocd/web/sync`]);
    expect(seen[0]?.headers.get('authorization')).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//);
  });

  it('without credentials says how to get some, and sends nothing', async () => {
    const none = () => Promise.reject(permanent('credentials-missing', 'no AWS credentials found: log in'));
    expect(await run({ identity: none })).toEqual({
      code: 1,
      err: 'towline app: no AWS credentials found: log in\n',
      seen: [],
    });
  });

  it('that API Gateway denies says what is missing', async () => {
    const fetch = () => Promise.resolve(Response.json({ message: 'Forbidden' }, { status: 403 }));
    expect((await run({ fetch })).err).toMatch(/answered 403 .*execute-api:Invoke/);
  });

  it('asks nobody for credentials where the server is another host', async () => {
    const fetch = () => Promise.resolve(Response.json({ items: [] }));
    const never = () => Promise.reject(new Error('asked'));
    const code = await run({ args: ['list', '--server', 'https://towline.example.com'], fetch, identity: never });
    expect(code).toMatchObject({ code: 0 });
  });
});
