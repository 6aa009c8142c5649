import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { permanent, transient } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Secrets } from '../../ports/secrets.ts';

const CACHE_MS = 5 * 60_000;

/** Reads `towline/<fleet>/<name>` from Secrets Manager; values are kept for five minutes, failures not at all. */
export const createSecretsManager = (client: SecretsManagerClient, fleet: string, clock: Clock): Secrets => {
  const cache = new Map<string, { value: string; until: number }>();
  return {
    read: async (name) => {
      const cached = cache.get(name);
      if (cached && cached.until > clock()) return cached.value;
      const id = `towline/${fleet}/${name}`;
      const value = await fetchSecret(client, id);
      cache.set(name, { value, until: clock() + CACHE_MS });
      return value;
    },
  };
};

const fetchSecret = async (client: SecretsManagerClient, id: string): Promise<string> => {
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: id }));
    if (answer.SecretString !== undefined) return answer.SecretString;
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDeniedException') {
      const remedy = 'give it the tag "towline" with the value forge, webhook or slack (README: Deploy to AWS)';
      throw permanent('secret-denied', `this function may not read secret ${id}: ${remedy}`, { cause: error });
    }
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') {
      throw transient('secret-store-unreachable', `Secrets Manager did not answer for ${id}`, { cause: error });
    }
  }
  throw permanent('secret-missing', `secret ${id} does not exist in Secrets Manager: create it with a string value`);
};

/** `acme-github` → `TOWLINE_SECRET_ACME_GITHUB`. */
export const secretVariable = (name: string): string => `TOWLINE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`;

/** Reads secrets from environment variables: local mode. Errors: AppError `secret-missing` naming the variable. */
export const createVariableSecrets = (environment: Readonly<Record<string, string | undefined>>): Secrets => ({
  read: (name) => {
    const value = environment[secretVariable(name)];
    if (value !== undefined) return Promise.resolve(value);
    return Promise.reject(
      permanent('secret-missing', `secret ${name} is not set: export ${secretVariable(name)}=… before the start`),
    );
  },
});
