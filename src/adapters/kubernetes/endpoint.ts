/** Where an API server is and how its certificate is verified. PEM texts, never paths. */
export interface ClusterEndpoint {
  /** `https://host:port`, without a path's trailing slash; `http://` only in local mode. */
  url: string;
  certificateAuthority?: string;
  /** Name to verify the certificate against, where it is not the URL's host (`tls-server-name`). */
  serverName?: string;
  skipVerify?: boolean;
  clientCertificate?: string;
  clientKey?: string;
}

/**
 * What authenticates a request. `header` answers with the value of `Authorization`, undefined where a client certificate
 * does it alone. `renew` is asked for once after a 401, with the value that was refused; false: there is nothing newer to try.
 */
export interface ClusterCredentials {
  header(): Promise<string | undefined>;
  renew(refused: string | undefined): boolean;
}

/** Endpoint and credentials of one (cluster, session), with the words that explain a refusal. */
export interface ClusterAccessPoint {
  endpoint: ClusterEndpoint;
  credentials: ClusterCredentials;
  /** What to check after a 401 or 403; ends the error's message. */
  remedy: string;
}

/** Credentials that never change: a token, a `user:password`, or none. */
export const fixedCredentials = (header: string | undefined): ClusterCredentials => ({
  header: async () => header,
  renew: () => false,
});
