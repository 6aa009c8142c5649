import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import type { AppError } from '../../domain/errors.ts';
import { permanent } from '../../domain/errors.ts';
import type { ClusterCredentials } from './endpoint.ts';
import { parseJson } from './status.ts';

/** How the user's own kubeconfig has credentials made: a command that prints an ExecCredential. */
export const execSchema = v.looseObject({
  apiVersion: v.picklist(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
  command: v.pipe(v.string(), v.nonEmpty()),
  args: v.optional(v.nullable(v.array(v.string()))),
  env: v.optional(v.nullable(v.array(v.object({ name: v.string(), value: v.string() })))),
  installHint: v.optional(v.string()),
  provideClusterInfo: v.optional(v.boolean(), false),
  interactiveMode: v.optional(v.string()),
});
export type ExecConfig = v.InferOutput<typeof execSchema>;

/** Runs a program with these variables beside its user's; `code` is undefined where it could not be started. */
export type RunCommand = (asked: {
  command: string;
  args: string[];
  env: Record<string, string>;
}) => Promise<{ code: number | undefined; stdout: string; stderr: string }>;

const statusSchema = v.looseObject({
  token: v.optional(v.string()),
  clientCertificateData: v.optional(v.string()),
  clientKeyData: v.optional(v.string()),
  expirationTimestamp: v.optional(v.string()),
});
const credentialSchema = v.looseObject({ apiVersion: v.string(), kind: v.string(), status: statusSchema });

/** What a command answered with: at least a token, or a certificate and its key (PEM). */
export type ExecStatus = v.InferOutput<typeof statusSchema>;

export interface ExecCredentials {
  /** What is good now: kept until it expires. Errors: AppError `kubeconfig-exec-failed` (permanent). */
  status(): Promise<ExecStatus>;
  credentials: ClusterCredentials;
}

export interface ExecInput {
  /** The kubeconfig: a command with a slash in its name is relative to it. */
  path: string;
  user: string;
  exec: ExecConfig;
  /** `spec.cluster` of what the command is told, where it asks for it. */
  cluster: Record<string, unknown>;
  run: RunCommand;
  clock: () => number;
}

const SHOWN = 400;

const failed = ({ path, user, exec }: ExecInput, message: string): AppError => {
  const hint = exec.installHint ? `. ${exec.installHint.trim()}` : '';
  const text = `${path}: command ${exec.command} of user "${user}" ${message}${hint}`;
  return permanent('kubeconfig-exec-failed', text, { details: { file: path, user, command: exec.command } });
};

/** What the command printed for people, never what it answered with. */
const saidOf = (stderr: string): string => {
  const text = stderr.trim();
  return text ? `: ${text.slice(-SHOWN)}` : '';
};

const readCredential = (input: ExecInput, stdout: string): ExecStatus => {
  const read = v.safeParse(credentialSchema, parseJson(stdout));
  if (!read.success || read.output.kind !== 'ExecCredential') throw failed(input, 'printed no ExecCredential');
  const { apiVersion, status } = read.output;
  const wanted = input.exec.apiVersion;
  if (apiVersion !== wanted) throw failed(input, `answered in ${apiVersion}, the kubeconfig wants ${wanted}`);
  const hasCertificate = status.clientCertificateData !== undefined && status.clientKeyData !== undefined;
  if (!status.token && !hasCertificate) throw failed(input, 'answered with neither a token nor a client certificate');
  return status;
};

const runOnce = async (input: ExecInput): Promise<ExecStatus> => {
  const { path, exec, cluster, run } = input;
  if (exec.interactiveMode === 'Always') throw failed(input, 'has to ask somebody (interactiveMode: Always)');
  const spec = { interactive: false, ...(exec.provideClusterInfo ? { cluster } : {}) };
  const told = { kind: 'ExecCredential', apiVersion: exec.apiVersion, spec };
  const own = (exec.env ?? []).map(({ name, value }) => [name, value]);
  const { code, stdout, stderr } = await run({
    command: exec.command.includes('/') ? resolve(dirname(path), exec.command) : exec.command,
    args: exec.args ?? [],
    env: { ...Object.fromEntries(own), KUBERNETES_EXEC_INFO: JSON.stringify(told) },
  });
  if (code === undefined) throw failed(input, `could not be run${saidOf(stderr)}`);
  if (code !== 0) throw failed(input, `failed with exit code ${code}${saidOf(stderr)}`);
  return readCredential(input, stdout);
};

const headerOf = ({ token }: ExecStatus): string | undefined => (token ? `Bearer ${token}` : undefined);

/** So long before it expires a credential is made anew (ms): a request takes its time. */
const MARGIN_MS = 10_000;

/**
 * Credentials that a command makes, as client-go has them made: kept until they expire, made anew after a 401, once
 * however many ask. Source: Kubernetes docs, client-go credential plugins.
 */
export const execCredentials = (input: ExecInput): ExecCredentials => {
  let kept: { until: number; made?: ExecStatus; status: Promise<ExecStatus> } | undefined;
  const renewed = (): Promise<ExecStatus> => {
    const entry: NonNullable<typeof kept> = { until: Number.POSITIVE_INFINITY, status: runOnce(input) };
    kept = entry;
    entry.status.then(
      (made) => {
        entry.made = made;
        const expires = Date.parse(made.expirationTimestamp ?? '');
        if (!Number.isNaN(expires)) entry.until = expires - MARGIN_MS;
      },
      () => {
        if (kept === entry) kept = undefined;
      },
    );
    return entry.status;
  };
  const status = (): Promise<ExecStatus> => (kept && kept.until > input.clock() ? kept.status : renewed());
  return {
    status,
    credentials: {
      header: async () => headerOf(await status()),
      renew: (refused) => {
        if (kept?.made && headerOf(kept.made) === refused) kept = undefined;
        return true;
      },
    },
  };
};
