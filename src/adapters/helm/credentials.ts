import { permanent } from '../../domain/errors.ts';

const COLON = ':';

/**
 * The Authorization header out of a secret's text: JSON `{"username": …, "password": …}`, or `username:password`. Errors:
 * AppError `chart-credentials-invalid` (permanent), which does not show it.
 */
export const basicAuthorization = (secret: string): string => {
  const pair = readJson(secret) ?? secret.trim();
  if (!pair.includes(COLON) || pair.startsWith('{')) {
    const form = 'JSON with username and password, or username:password';
    throw permanent('chart-credentials-invalid', `the secret with a chart repository's credentials must be ${form}`);
  }
  return `Basic ${Buffer.from(pair).toString('base64')}`;
};

const readJson = (text: string): string | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('username' in value) || !('password' in value))
      return undefined;
    return `${String(value.username)}${COLON}${String(value.password)}`;
  } catch {
    return undefined;
  }
};
