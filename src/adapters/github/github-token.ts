import type { Octokit } from '@octokit/core';
import * as v from 'valibot';
import { type AppError, permanent } from '../../domain/errors.ts';

const AppSchema = v.object({
  appId: v.union([v.pipe(v.string(), v.nonEmpty()), v.pipe(v.number(), v.integer())]),
  privateKey: v.pipe(v.string(), v.nonEmpty()),
  installationId: v.optional(v.pipe(v.number(), v.integer())),
});

/** What a credentials secret holds: a token, or a GitHub App that makes one. */
export type GitHubCredentials =
  | { type: 'token'; token: string }
  | { type: 'app'; appId: string; privateKey: string; installationId?: number };

const parseJSON = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Reads a credentials secret: a token, or JSON `{appId, privateKey, installationId?}`.
 * Errors: AppError `forge-credentials-invalid` (permanent), which never repeats the value.
 */
export const parseGitHubCredentials = (value: string): GitHubCredentials => {
  const text = value.trim();
  if (text !== '' && !text.startsWith('{')) return { type: 'token', token: text };
  const app = v.safeParse(AppSchema, parseJSON(text));
  if (!app.success) {
    throw permanent(
      'forge-credentials-invalid',
      'the GitHub credentials secret must be a token or JSON {"appId": …, "privateKey": "-----BEGIN …"}',
    );
  }
  const { appId, privateKey, installationId } = app.output;
  return {
    type: 'app',
    appId: String(appId),
    // A key pasted into one line keeps its line ends as \n.
    privateKey: privateKey.replaceAll('\\n', '\n'),
    ...(installationId === undefined ? {} : { installationId }),
  };
};

/** True for an error of a request; one without a status came from signing with the key. */
const isAnswer = (error: unknown): boolean => error instanceof Error && 'status' in error;

const unusableKey = (appId: string): AppError =>
  permanent(
    'forge-credentials-invalid',
    `GitHub App ${appId}: its privateKey is no usable PEM key; copy the file whole`,
  );

export interface InstallationScope {
  owner: string;
  repo: string;
  /** As little as the caller needs, as in GitHub's `permissions`: `{statuses: 'write'}`, `{contents: 'read'}`. */
  permissions: Record<string, 'read' | 'write'>;
  /** For every repository of the installation, not this one alone. */
  wholeInstallation?: boolean;
}

/**
 * A token that can do no more than `scope` says: the token itself, or an installation token of the App for that one
 * repository (an hour; the App's library keeps it until a minute before). The App's library is loaded when it is needed.
 * Errors: octokit's; AppError `forge-credentials-invalid` (permanent) where the App's key signs nothing.
 */
export const createTokenSource = (
  credentials: GitHubCredentials,
  octokit: Pick<Octokit, 'request'>,
): ((scope: InstallationScope) => Promise<string>) => {
  if (credentials.type === 'token') return () => Promise.resolve(credentials.token);
  const { appId, privateKey } = credentials;
  const installations = new Map<string, number>();
  const loading = import('@octokit/auth-app').then(({ createAppAuth }) =>
    createAppAuth({ appId, privateKey, request: octokit.request }),
  );
  // Awaited by every call; without this a failure before the first one would be an unhandled rejection.
  loading.catch(() => {});
  const find = async ({ owner, repo }: InstallationScope): Promise<number> => {
    const known = credentials.installationId ?? installations.get(`${owner}/${repo}`);
    if (known !== undefined) return known;
    const { token } = await (await loading)({ type: 'app' });
    const headers = { authorization: `Bearer ${token}` };
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/installation', { owner, repo, headers });
    installations.set(`${owner}/${repo}`, data.id);
    return data.id;
  };
  return async (scope) => {
    const { repo, permissions, wholeInstallation } = scope;
    try {
      const installationId = await find(scope);
      const auth = await loading;
      const { token } = await auth({
        type: 'installation',
        installationId,
        ...(wholeInstallation ? {} : { repositoryNames: [repo] }),
        permissions,
      });
      return token;
    } catch (error) {
      throw isAnswer(error) ? error : unusableKey(appId);
    }
  };
};
