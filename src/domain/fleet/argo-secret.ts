import { isFields } from '../sources/objects.ts';

const LABEL = 'argocd.argoproj.io/secret-type';

/**
 * What to do instead of one of Argo CD's own Secrets among the fleet's documents; undefined for any other document. Nothing
 * of its content but the address is said.
 */
export const argoSecretAdvice = (value: unknown): string | undefined => {
  if (!isFields(value) || value['kind'] !== 'Secret') return undefined;
  const type = textAt(value, ['metadata', 'labels', LABEL]);
  const url = textAt(value, ['stringData', 'url']) ?? decoded(textAt(value, ['data', 'url']));
  const what = url === undefined ? 'this' : withoutUser(url);
  switch (type) {
    case 'repository':
    case 'repo-creds':
      return `Argo CD's ${type} Secret is not read: for ${what} an entry of spec.repositories in the fleet file counts; its data as JSON ({"password": …}, {"githubAppID": …, "githubAppPrivateKey": …}) may be the secret that credentials names there`;
    case 'cluster':
      return "Argo CD's cluster Secret is not read from Git: clusters are those of spec.clusters and spec.clustersFrom in the fleet file";
    default:
      return undefined;
  }
};

const textAt = (value: unknown, path: readonly string[]): string | undefined => {
  const [first, ...rest] = path;
  if (first === undefined) return typeof value === 'string' ? value : undefined;
  return isFields(value) ? textAt(value[first], rest) : undefined;
};

const decoded = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8').replaceAll(/\s/g, '');

/** Without what may be a password. */
const withoutUser = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');
