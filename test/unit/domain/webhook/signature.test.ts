import { Webhooks } from '@octokit/webhooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWebhookSecrets } from '../../../../src/domain/webhook/secret-values.ts';
import { isProvenBy, proofOf } from '../../../../src/domain/webhook/signature.ts';
import { signedGitLabWebhook } from '../../../fakes/webhook-deliveries.ts';

const proves = (
  forge: 'github' | 'gitlab',
  headers: Record<string, unknown>,
  secret: string,
  body: string,
  now = 0,
) => {
  const proof = proofOf(forge, headers);
  return proof !== undefined && isProvenBy(proof, secret, Buffer.from(body), now);
};

describe('GitHub: X-Hub-Signature-256', () => {
  it('agrees with octokit on every body and secret', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), async (secret, body) => {
        const headers = { 'x-hub-signature-256': await new Webhooks({ secret }).sign(body) };
        expect(proves('github', headers, secret, body)).toBe(true);
        expect(proves('github', headers, `${secret}x`, body)).toBe(false);
        expect(proves('github', headers, secret, `${body} `)).toBe(false);
      }),
    );
  });

  it('agrees with the example in the documentation of GitHub', () => {
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(proves('github', { 'X-Hub-Signature-256': signature }, "It's a Secret to Everybody", 'Hello, World!')).toBe(
      true,
    );
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['without digits', 'sha256='],
    ['SHA-1', 'sha1=0123456789abcdef0123456789abcdef01234567'],
    ['too short', 'sha256=00'],
    ['two at once', `sha256=${'0'.repeat(64)}, sha256=${'0'.repeat(64)}`],
    ['a list', [`sha256=${'0'.repeat(64)}`]],
    ['a number', 42],
  ])('CVE-2022-24912: a signature that is %s is no proof', (_, value) => {
    expect(proofOf('github', { 'x-hub-signature-256': value })).toBeUndefined();
  });

  it('an empty secret proves nothing', async () => {
    const proof = proofOf('github', { 'x-hub-signature-256': await new Webhooks({ secret: 'a' }).sign('b') });
    expect(proof && isProvenBy(proof, '', Buffer.from('b'), 0)).toBe(false);
  });
});

describe('GitLab: X-Gitlab-Token', () => {
  it.each([
    ['the secret', 'secret', true],
    ['another', 'Secret', false],
    ['a longer one', 'secret1', false],
    ['an empty one', '', false],
    ['a list', ['secret'], false],
  ])('%s', (_, token, expected) =>
    expect(proves('gitlab', { 'X-Gitlab-Token': token }, 'secret', '{}')).toBe(expected),
  );
});

describe('GitLab: webhook-signature', () => {
  const example = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const body = '{"test": 2432232314}';
  const at = 1_614_265_330_000;

  it('agrees with the example of Standard Webhooks', () => {
    expect(proves('gitlab', example, secret, body, at)).toBe(true);
    expect(proves('gitlab', example, secret, `${body} `, at)).toBe(false);
  });

  const now = 1_700_000_000;
  const signed = signedGitLabWebhook('{}', { secret: 'raw secret', at: now }).headers;

  it.each([-301, -300, 0, 300, 301])('%i s off', (seconds) => {
    expect(proves('gitlab', signed, 'raw secret', '{}', (now + seconds) * 1000)).toBe(Math.abs(seconds) <= 300);
  });

  it('one of several signatures is enough', () => {
    const several = { ...signed, 'webhook-signature': `v1,${'A'.repeat(43)}= v2,x ${signed['webhook-signature']}` };
    expect(proves('gitlab', several, 'raw secret', '{}', now * 1000)).toBe(true);
  });

  it.each([
    ['empty', ''],
    ['malformed', 'v1,AAAA'],
    ['wrong', `v1,${'A'.repeat(43)}=`],
  ])('is never downgraded to the token: %s', (_, value) => {
    const headers = { ...signed, 'webhook-signature': value, 'x-gitlab-token': 'raw secret' };
    expect(proves('gitlab', headers, 'raw secret', '{}', now * 1000)).toBe(false);
  });

  it.each(['webhook-id', 'webhook-timestamp'])('needs %s, unchanged', (name) => {
    expect(proves('gitlab', { ...signed, [name]: undefined }, 'raw secret', '{}', now * 1000)).toBe(false);
    expect(proves('gitlab', { ...signed, [name]: `${now + 1}` }, 'raw secret', '{}', now * 1000)).toBe(false);
  });

  it('a secret without a key proves nothing', () => {
    const forged = signedGitLabWebhook('{}', { secret: 'whsec_', at: now }).headers;
    expect(proves('gitlab', forged, 'whsec_', '{}', now * 1000)).toBe(false);
  });
});

describe('parseWebhookSecrets', () => {
  it.each([
    ['a secret', ['a secret']],
    ['["current","previous"]', ['current', 'previous']],
    ['{"a":1}', ['{"a":1}']],
  ])('%s', (value, expected) => expect(parseWebhookSecrets('acme', value)).toEqual(expected));

  it.each(['', ' ', '\n'])('refuses to start with an empty one: %j', (value) => {
    expect(() => parseWebhookSecrets('acme', value)).toThrow(expect.objectContaining({ code: 'webhook-secret-empty' }));
  });

  it.each(['[]', '[""]', '["hidden",1]', '["hidden"', '[" "]'])('refuses %s and does not show it', (value) => {
    const attempt = () => parseWebhookSecrets('acme', value);
    expect(attempt).toThrow(expect.objectContaining({ code: 'webhook-secret-invalid' }));
    expect(attempt).not.toThrow(/hidden/);
  });
});
