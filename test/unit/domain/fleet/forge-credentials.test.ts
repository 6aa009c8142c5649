import { describe, expect, it } from 'vitest';
import { forgeCredentials } from '../../../../src/domain/fleet/forge-credentials.ts';
import { readFleetFile } from '../../../../src/domain/fleet/read-fleet-files.ts';

describe('a credentials secret', () => {
  it.each([
    ['ghp_token', 'ghp_token'],
    ['{"appId":1,"privateKey":"PEM"}', '{"appId":1,"privateKey":"PEM"}'],
    ['{"url":"https://github.com/acme","type":"git","username":"x","password":"ghp_token"}', 'ghp_token'],
    [
      '{"githubAppID":"7","githubAppInstallationID":"9","githubAppPrivateKey":"PEM"}',
      '{"appId":"7","privateKey":"PEM","installationId":9}',
    ],
    ['{"githubAppID":7,"githubAppPrivateKey":"PEM"}', '{"appId":"7","privateKey":"PEM"}'],
    ['{"sshPrivateKey":"PEM"}', '{"sshPrivateKey":"PEM"}'],
    ['{ not json', '{ not json'],
  ])('%s', (secret, expected) => expect(forgeCredentials(secret)).toBe(expected));
});

describe("Argo CD's own Secrets among the fleet's documents", () => {
  const secret = (type: string, data: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: acme, labels: { argocd.argoproj.io/secret-type: ${type} } }\n${data}\n`;

  it.each([
    [secret('cluster', 'stringData: { server: "https://10.0.0.1" }'), /spec\.clustersFrom/],
    [secret('other', ''), /no Argo CD kind/],
  ])('are told with what to do, and without what is secret: %#', (text, expected) => {
    const { problems } = readFleetFile('secret.yaml', text);
    expect(problems.map(({ severity }) => severity)).toEqual(['warning']);
    expect(problems[0]?.message).toMatch(expected);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});
