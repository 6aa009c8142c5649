import { stringify } from 'yaml';

/** What a kubeconfig says of one embedded cluster. */
export interface KubeconfigCluster {
  /** Also the name of the context and the user. */
  name: string;
  url: string;
  token: string;
  /** PEM text. */
  certificateAuthority?: string;
}

/**
 * One kubeconfig (YAML text) with a context per embedded cluster, named like the cluster; the first is the current one.
 * It holds the tokens: write it for its owner only.
 */
export const embeddedKubeconfig = (clusters: readonly KubeconfigCluster[]): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: clusters.map(({ name, url, certificateAuthority }) => ({
      name,
      cluster: {
        server: url,
        ...(certificateAuthority === undefined
          ? {}
          : { 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') }),
      },
    })),
    users: clusters.map(({ name, token }) => ({ name, user: { token } })),
    contexts: clusters.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
    'current-context': clusters[0]?.name ?? '',
  });
