import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { createSecretsManager } from '../../../../src/adapters/aws/secrets.ts';

const answering = (name: string): SecretsManagerClient => {
  const client = new SecretsManagerClient({ region: 'us-east-1' });
  client.send = (command: unknown) => {
    expect(command).toBeInstanceOf(GetSecretValueCommand);
    return Promise.reject(Object.assign(new Error('no'), { name }));
  };
  return client;
};

describe('a secret that cannot be read', () => {
  it.each([
    ['AccessDeniedException', 'permanent', 'secret-denied', /tag "towline"/],
    ['ResourceNotFoundException', 'permanent', 'secret-missing', /towline\/acme\/token/],
    ['InternalServiceError', 'transient', 'secret-store-unreachable', /towline\/acme\/token/],
  ])('%s is %s %s', async (name, kind, code, message) => {
    const secrets = createSecretsManager(answering(name), 'acme', () => 0);
    await expect(secrets.read('token')).rejects.toMatchObject({ kind, code, message: expect.stringMatching(message) });
  });
});
