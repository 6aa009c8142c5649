import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { parse as parseYaml } from 'yaml';
import type { AppError } from '../../domain/errors.ts';
import { permanent } from '../../domain/errors.ts';
import type { ClusterAccessPoint, ClusterCredentials, ClusterEndpoint } from './endpoint.ts';
import { fixedCredentials } from './endpoint.ts';
import type { ExecCredentials, RunCommand } from './exec-credentials.ts';
import { execCredentials, execSchema } from './exec-credentials.ts';

const clusterSchema = v.looseObject({
  server: v.string(),
  'certificate-authority': v.optional(v.string()),
  'certificate-authority-data': v.optional(v.string()),
  'insecure-skip-tls-verify': v.optional(v.boolean()),
  'tls-server-name': v.optional(v.string()),
  extensions: v.optional(v.nullable(v.array(v.object({ name: v.string(), extension: v.unknown() })))),
});

const userSchema = v.looseObject({
  token: v.optional(v.string()),
  tokenFile: v.optional(v.string()),
  'client-certificate': v.optional(v.string()),
  'client-certificate-data': v.optional(v.string()),
  'client-key': v.optional(v.string()),
  'client-key-data': v.optional(v.string()),
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  exec: v.optional(execSchema),
});

const contextSchema = v.looseObject({ cluster: v.string(), user: v.optional(v.string()) });

const kubeconfigSchema = v.looseObject({
  clusters: v.optional(v.nullable(v.array(v.object({ name: v.string(), cluster: clusterSchema }))), []),
  users: v.optional(v.nullable(v.array(v.object({ name: v.string(), user: v.nullable(userSchema) }))), []),
  contexts: v.optional(v.nullable(v.array(v.object({ name: v.string(), context: contextSchema }))), []),
  'current-context': v.optional(v.string()),
});

type Kubeconfig = v.InferOutput<typeof kubeconfigSchema>;
type User = v.InferOutput<typeof userSchema>;
type Cluster = v.InferOutput<typeof clusterSchema>;

export type ReadFile = (path: string) => Promise<Uint8Array>;

export interface KubeconfigDeps {
  readFile: ReadFile;
  clock: () => number;
  /** Runs what `exec` names; absent: such users are refused. */
  run?: RunCommand | undefined;
}

/** Settings that would need another program, proxy or identity: refused rather than silently ignored. */
const unsupportedUser = ['auth-provider', 'as', 'as-uid', 'as-groups', 'as-user-extra'];
const unsupportedCluster = ['proxy-url'];

const invalid = (path: string, message: string, details: Record<string, unknown> = {}, cause?: unknown): AppError =>
  permanent('kubeconfig-invalid', `${path}: ${message}`, { details: { file: path, ...details }, cause });

const parseKubeconfig = (path: string, text: string): Kubeconfig => {
  let content: unknown;
  try {
    content = parseYaml(text);
  } catch (error) {
    throw invalid(path, 'not YAML', {}, error);
  }
  const result = v.safeParse(kubeconfigSchema, content);
  if (result.success) return result.output;
  const field = v.getDotPath(result.issues[0]) ?? 'kind: Config';
  throw invalid(path, `not a kubeconfig: ${field} is missing or of another type`, { field });
};

const pick = <T extends { name: string }>(
  path: string,
  what: string,
  entries: T[] | null,
  name: string | undefined,
): T => {
  const found = entries?.find((entry) => entry.name === name);
  if (found) return found;
  const there = entries?.length ? entries.map((entry) => entry.name).join(', ') : 'none';
  throw invalid(path, `no ${what} "${name ?? ''}"; there are: ${there}`, { [what]: name });
};

const refuseUnsupported = (path: string, what: string, name: string, entry: object, keys: string[]): void => {
  const found = keys.find((key) => key in entry);
  if (!found) return;
  const message = `${path}: ${what} "${name}" uses ${found}, which is not supported; give a token, a tokenFile or a client certificate`;
  throw permanent('kubeconfig-unsupported', message, { details: { file: path, [what]: name, field: found } });
};

/** Text from the `-data` field (base64) or from the named file, relative to the kubeconfig. */
const fileOrData = async (
  path: string,
  readFile: ReadFile,
  data: string | undefined,
  file: string | undefined,
): Promise<string | undefined> => {
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  if (!file) return undefined;
  const full = resolve(dirname(path), file);
  const bytes = await readFile(full).catch((error: unknown) => {
    throw invalid(path, `cannot read ${full}, which it names`, { field: file }, error);
  });
  return Buffer.from(bytes).toString('utf8');
};

const endpointOf = async (path: string, cluster: Cluster, user: User, readFile: ReadFile): Promise<ClusterEndpoint> => {
  const read = (data: string | undefined, file: string | undefined) => fileOrData(path, readFile, data, file);
  const certificateAuthority = await read(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const clientCertificate = await read(user['client-certificate-data'], user['client-certificate']);
  const clientKey = await read(user['client-key-data'], user['client-key']);
  if (!URL.canParse(cluster.server)) throw invalid(path, `server "${cluster.server}" is not a URL`);
  return {
    url: cluster.server,
    ...(certificateAuthority ? { certificateAuthority } : {}),
    ...(cluster['tls-server-name'] ? { serverName: cluster['tls-server-name'] } : {}),
    ...(cluster['insecure-skip-tls-verify'] ? { skipVerify: true } : {}),
    ...(clientCertificate && clientKey ? { clientCertificate, clientKey } : {}),
  };
};

/** A token file is read again every minute and after a 401: whoever writes it rotates it. */
const tokenFileCredentials = (read: () => Promise<string | undefined>, clock: () => number): ClusterCredentials => {
  let cached: { at: number; token: Promise<string | undefined> } | undefined;
  const forget = (error: unknown): never => {
    cached = undefined;
    throw error;
  };
  return {
    header: async () => {
      if (!cached || clock() - cached.at > 60_000) cached = { at: clock(), token: read().catch(forget) };
      return `Bearer ${(await cached.token)?.trim() ?? ''}`;
    },
    renew: () => {
      cached = undefined;
      return true;
    },
  };
};

const credentialsOf = (path: string, user: User, readFile: ReadFile, clock: () => number): ClusterCredentials => {
  if (user.token) return fixedCredentials(`Bearer ${user.token.trim()}`);
  if (user.tokenFile) {
    const { tokenFile } = user;
    return tokenFileCredentials(() => fileOrData(path, readFile, undefined, tokenFile), clock);
  }
  if (user.username === undefined) return fixedCredentials(undefined);
  return fixedCredentials(`Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`);
};

/** What a file says; `made`: who makes the credentials, a client certificate among them. */
interface Access extends ClusterAccessPoint {
  made?: ExecCredentials;
}

const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

/** The cluster as a command is told of it. */
const clusterInfo = (cluster: Cluster, { url, certificateAuthority }: ClusterEndpoint): Record<string, unknown> => {
  const extension = cluster.extensions?.find(({ name }) => name === EXEC_EXTENSION)?.extension;
  const authority = certificateAuthority && Buffer.from(certificateAuthority).toString('base64');
  return {
    server: url,
    ...(cluster['tls-server-name'] ? { 'tls-server-name': cluster['tls-server-name'] } : {}),
    ...(cluster['insecure-skip-tls-verify'] ? { 'insecure-skip-tls-verify': true } : {}),
    ...(authority ? { 'certificate-authority-data': authority } : {}),
    ...(extension === undefined ? {} : { config: extension }),
  };
};

/** The access as it is now, with the certificate that a command made. */
const withCertificate = async ({ made, ...access }: Access): Promise<ClusterAccessPoint> => {
  const { clientCertificateData, clientKeyData } = (await made?.status()) ?? {};
  if (clientCertificateData === undefined || clientKeyData === undefined) return access;
  const pair = { clientCertificate: clientCertificateData, clientKey: clientKeyData };
  return { ...access, endpoint: { ...access.endpoint, ...pair } };
};

const accessOf = async (
  path: string,
  text: string,
  context: string | undefined,
  { readFile, clock, run }: KubeconfigDeps,
): Promise<Access> => {
  const config = parseKubeconfig(path, text);
  const chosen = pick(path, 'context', config.contexts, context ?? config['current-context']).context;
  const { cluster } = pick(path, 'cluster', config.clusters, chosen.cluster);
  const user = chosen.user ? (pick(path, 'user', config.users, chosen.user).user ?? {}) : {};
  refuseUnsupported(path, 'cluster', chosen.cluster, cluster, unsupportedCluster);
  const name = chosen.user ?? '';
  refuseUnsupported(path, 'user', name, user, run ? unsupportedUser : ['exec', ...unsupportedUser]);
  const endpoint = await endpointOf(path, cluster, user, readFile);
  const told = { path, user: name, cluster: clusterInfo(cluster, endpoint), clock };
  const made = user.exec && run ? execCredentials({ ...told, exec: user.exec, run }) : undefined;
  return {
    ...(made ? { made } : {}),
    endpoint,
    credentials: made?.credentials ?? credentialsOf(path, user, readFile, clock),
    remedy: `Check what user "${chosen.user ?? ''}" of ${path} may do there.`,
  };
};

/** The API server and user of one context. */
export type KubeconfigAccess = (at: { path: string; context?: string }) => Promise<ClusterAccessPoint>;

/** What became of the file's text, kept as long as the text stays: parsing costs more than a request. */
interface Kept {
  at: number;
  text: string;
  access: Promise<Access>;
}

const rereadMilliseconds = 1_000;

/**
 * Reads one context of a kubeconfig, at most once a second; files it names are relative to it. Errors:
 * `kubeconfig-invalid`, `kubeconfig-unsupported` (auth-provider, impersonation, proxies; exec where no command may be
 * run), `kubeconfig-exec-failed`, all permanent.
 */
export const kubeconfigAccess = (deps: KubeconfigDeps): KubeconfigAccess => {
  const kept = new Map<string, Kept>();
  return async ({ path, context }) => {
    const key = JSON.stringify([path, context]);
    const before = kept.get(key);
    const at = deps.clock();
    if (before && at - before.at < rereadMilliseconds) return withCertificate(await before.access);
    const bytes = await deps.readFile(path).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
      throw invalid(path, `the kubeconfig cannot be read${code}`, {}, error);
    });
    const text = Buffer.from(bytes).toString('utf8');
    const access = before?.text === text ? before.access : accessOf(path, text, context, deps);
    kept.set(key, { at, text, access });
    // Certificate files may be put right without a change of the kubeconfig.
    access.catch(() => kept.delete(key));
    return withCertificate(await access);
  };
};
