import type { Problem } from '../problem.ts';
import { isFields } from '../sources/objects.ts';
import { problemAt } from '../validate-document.ts';
import type { Path, YamlDocument } from '../yaml-document.ts';
import type { Origin } from './application.ts';
import { checkSecret } from './check-secret.ts';
import type { Forge } from './fleet-file.ts';
import { CONTROL_NAMESPACE } from './read-manifests.ts';

/** What one of Argo CD's repository or repo-creds Secrets says, but for what is secret in it. */
export interface RepositorySecret {
  namespace: string;
  name: string;
  origin: Origin;
  /** `repo-creds`: stands for every repository whose URL begins with its own. */
  isTemplate: boolean;
  url: string;
  type: 'git' | 'helm' | 'oci';
  /** The AppProject whose Applications alone may use it. */
  project?: string;
  /** Names of secrets of Towline's own. */
  credentials?: string;
  webhookSecret?: string;
  forge?: Forge;
}

const TYPE = 'argocd.argoproj.io/secret-type';
const CREDENTIALS = 'towline.dev/credentials';
const WEBHOOK_SECRET = 'towline.dev/webhook-secret';
const FORGE = 'towline.dev/forge';
const NAME = /^[a-z0-9]([a-z0-9_/.-]{0,61}[a-z0-9])?$/;
/** Keys of Argo CD's Secrets whose values nobody may read in Git. */
const SECRET_KEYS = ['password', 'bearerToken', 'sshPrivateKey', 'githubAppPrivateKey', 'tlsClientCertKey'].concat(
  'gcpServiceAccountKey',
);

type Fields = Record<string, unknown>;

/** The Secret that a document is, or makes (External Secrets' template): labels and texts of both look alike. */
const secretIn = (document: unknown): Fields | undefined => {
  if (!isFields(document)) return undefined;
  if (document['kind'] === 'Secret') return document;
  if (document['kind'] !== 'ExternalSecret') return undefined;
  const template = fieldsAt(document, ['spec', 'target', 'template']);
  const metadata = { ...fieldsAt(document, ['metadata']), labels: fieldsAt(template, ['metadata', 'labels']) };
  return { kind: 'Secret', metadata, stringData: fieldsAt(template, ['data']) };
};

const fieldsAt = (value: unknown, path: readonly string[]): Fields => {
  const [first, ...rest] = path;
  if (!isFields(value)) return {};
  return first === undefined ? value : fieldsAt(value[first], rest);
};

const textsAt = (value: unknown, path: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fieldsAt(value, path)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );

/** Whether a document is, or makes, one of Argo CD's repository or repo-creds Secrets. */
export const isRepositorySecret = (document: unknown): boolean => {
  const type = textsAt(secretIn(document), ['metadata', 'labels'])[TYPE];
  return type === 'repository' || type === 'repo-creds';
};

/**
 * Reads such a Secret: address, type and project; which secret of Towline's has its credentials is said by annotations. What
 * is secret in it is neither read nor kept, and warned about. Without `secret` where it is wrong, which `problems` names.
 */
export const readRepositorySecret = (
  document: YamlDocument,
  file: string,
): { secret?: RepositorySecret; problems: Problem[] } => {
  const secret = secretIn(document.value) ?? {};
  const wrong = checkSecret(document, file);
  const values = { ...decoded(textsAt(secret, ['data'])), ...textsAt(secret, ['stringData']) };
  const annotations = textsAt(secret, ['metadata', 'annotations']);
  const say = (severity: Problem['severity'], path: Path, message: string): Problem =>
    problemAt(document, file, path, { severity, code: 'secret-invalid', message });
  const faults = annotationFaults(annotations).map(({ key, message }) =>
    say('error', ['metadata', 'annotations', key], message),
  );
  const { url = '', project, enableOCI } = values;
  if (wrong.length + faults.length > 0) return { problems: [...wrong, ...faults] };
  const type = enableOCI === 'true' || url.startsWith('oci://') ? 'oci' : typeOf(values['type']);
  const plain = SECRET_KEYS.filter((key) => values[key] && !isPlaceholder(values[key]));
  const problems = document.value === secret && plain.length > 0 ? [say('warning', [], plainText(plain))] : [];
  const metadata = textsAt(secret, ['metadata']);
  return {
    secret: {
      namespace: metadata['namespace'] ?? CONTROL_NAMESPACE,
      name: metadata['name'] ?? '',
      origin: { file, line: document.lineOf([]) },
      isTemplate: textsAt(secret, ['metadata', 'labels'])[TYPE] === 'repo-creds',
      url: withoutUser(url.trim()),
      type,
      ...(project ? { project } : {}),
      ...(annotations[CREDENTIALS] ? { credentials: annotations[CREDENTIALS] } : {}),
      ...(annotations[WEBHOOK_SECRET] ? { webhookSecret: annotations[WEBHOOK_SECRET] } : {}),
      ...(isForge(annotations[FORGE]) ? { forge: annotations[FORGE] } : githubOf(values)),
    },
    problems,
  };
};

const typeOf = (type: string | undefined): 'git' | 'helm' | 'oci' => (type === 'helm' || type === 'oci' ? type : 'git');

/** An App of GitHub's serves GitHub alone. */
const githubOf = (values: Record<string, string>): { forge?: Forge } =>
  values['githubAppID'] ? { forge: 'github' } : {};

const isForge = (text: string | undefined): text is Forge => text === 'github' || text === 'gitlab' || text === 'git';

const annotationFaults = (annotations: Record<string, string>): { key: string; message: string }[] => [
  ...[CREDENTIALS, WEBHOOK_SECRET].flatMap((key) =>
    annotations[key] === undefined || NAME.test(annotations[key])
      ? []
      : [{ key, message: 'must be the name of a secret: lower-case letters, digits and "-", at most 63' }],
  ),
  ...(annotations[FORGE] === undefined || isForge(annotations[FORGE])
    ? []
    : [{ key: FORGE, message: `must be github, gitlab or git, not "${annotations[FORGE]}"` }]),
];

const decoded = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]));

/** What argocd-vault-plugin and the like fill in is no secret itself. */
const isPlaceholder = (text: string | undefined): boolean =>
  /^\s*<[^<>]+>\s*$|^\s*\{\{.*\}\}\s*$|^\s*\$/.test(text ?? '');

const plainText = (keys: readonly string[]): string =>
  `holds ${keys.join(' and ')} in plain text: whoever reads the repository knows it, and Towline does not use it; ` +
  `take it out, renew it, and name the secret that has it in the annotation ${CREDENTIALS}`;

/** Without what may be a password. */
const withoutUser = (url: string): string =>
  url.replace(/^([a-z]+:\/\/)[^@/]*@/i, (match, scheme: string) =>
    scheme.toLowerCase() === 'ssh://' ? match : scheme,
  );
