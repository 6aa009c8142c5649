import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecretsManager } from '../../src/adapters/aws/secrets.ts';
import type { Config } from '../../src/config.ts';
import type { Secrets } from '../../src/ports/secrets.ts';

/** The fleet's secrets, as far as the function's role lets it read them. */
export const secretsManager = ({ fleetName }: Config): Secrets =>
  createSecretsManager(new SecretsManagerClient({}), fleetName, Date.now);
