import { isFields } from '../sources/objects.ts';

/**
 * A credentials secret as the forges' adapters take it: a token, or JSON `{appId, privateKey, installationId?}`. A secret
 * that holds the data of Argo CD's repository or repo-creds Secret as JSON (`password`, or `githubAppID` and
 * `githubAppPrivateKey`) says the same in other words; anything else is left as it is. Source: Argo CD docs, Declarative
 * Setup, Repositories.
 */
export const forgeCredentials = (secret: string): string => {
  const fields = readJson(secret);
  if (!fields) return secret;
  const { password, githubAppID, githubAppPrivateKey, githubAppInstallationID } = fields;
  if (isText(githubAppPrivateKey) && (isText(githubAppID) || typeof githubAppID === 'number')) {
    const installation = Number(githubAppInstallationID);
    const installationId = Number.isInteger(installation) && installation > 0 ? { installationId: installation } : {};
    return JSON.stringify({ appId: String(githubAppID), privateKey: githubAppPrivateKey, ...installationId });
  }
  return isText(password) && !('appId' in fields) ? password : secret;
};

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const readJson = (text: string): Record<string, unknown> | undefined => {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
