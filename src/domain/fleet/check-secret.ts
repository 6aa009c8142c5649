import type { Problem } from '../problem.ts';
import { isFields } from '../sources/objects.ts';
import { problemAt } from '../validate-document.ts';
import type { Path, YamlDocument } from '../yaml-document.ts';
import { clusterFromSecret } from './cluster-secret.ts';

const LABEL = 'argocd.argoproj.io/secret-type';

/** The field of a Secret and what is wrong with it; `unsupported`: right for Argo CD, but not served here. */
interface Fault {
  path: Path;
  message: string;
  severity?: 'unsupported';
}

/** What is wrong with one of Argo CD's Secrets (a cluster, a repository, or credentials); none for any other document. */
export const checkSecret = (document: YamlDocument, file: string): Problem[] => {
  const { value } = document;
  if (!isFields(value) || value.kind !== 'Secret') return [];
  const type = textsAt(value, ['metadata', 'labels'])[LABEL];
  const check = type === undefined ? undefined : CHECKS[type];
  const fault = check?.(value);
  if (!fault) return [];
  const { path, message, severity = 'error' } = fault;
  return [problemAt(document, file, path, { severity, code: 'secret-invalid', message })];
};

type Fields = Record<string, unknown>;

/** The texts of a mapping within a document; empty where there is none. */
const textsAt = (value: unknown, path: readonly string[]): Record<string, string> => {
  const [first, ...rest] = path;
  if (!isFields(value)) return {};
  if (first !== undefined) return textsAt(value[first], rest);
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => isText(entry[1])));
};

const isText = (value: unknown): value is string => typeof value === 'string';

/** Where a key of the Secret stands, and its text. */
const read = (secret: Fields, key: string): { path: Path; text: string } => {
  const plain = textsAt(secret, ['stringData'])[key];
  if (plain !== undefined) return { path: ['stringData', key], text: plain };
  const coded = textsAt(secret, ['data'])[key];
  if (coded === undefined) return { path: ['stringData' in secret ? 'stringData' : 'data'], text: '' };
  return { path: ['data', key], text: Buffer.from(coded, 'base64').toString('utf8') };
};

const checkEncoding = (secret: Fields): Fault | undefined => {
  const bad = Object.entries(isFields(secret.data) ? secret.data : {}).find(([, value]) => !isBase64(value));
  if (!bad) return undefined;
  return { path: ['data', bad[0]], message: 'is not base64: encode it, or write it plain under stringData' };
};

const isBase64 = (value: unknown): boolean =>
  isText(value) && /^[A-Za-z0-9+/]*={0,2}$/.test(value.replace(/\s/g, '')) && value.replace(/\s/g, '').length % 4 === 0;

const checkCluster = (secret: Fields): Fault | undefined => {
  const server = read(secret, 'server');
  const config = read(secret, 'config');
  if (server.text === '') return { path: server.path, message: 'has no server: the address of the API server' };
  if (!/^https?:\/\/./.test(server.text)) {
    return { path: server.path, message: `server is "${server.text}", not the https:// address of an API server` };
  }
  if (!isJson(config.text || '{}')) return { path: config.path, message: 'config is not a JSON object' };
  const metadata = { name: textsAt(secret, ['metadata']).name ?? '', labels: {} };
  const found = clusterFromSecret({
    metadata,
    data: textsAt(secret, ['data']),
    stringData: textsAt(secret, ['stringData']),
  });
  return 'reason' in found ? { path: config.path, message: found.reason, severity: 'unsupported' } : undefined;
};

/** Whether the text is a JSON object; its content may be secret and is never shown. */
const isJson = (text: string): boolean => {
  try {
    return isFields(JSON.parse(text));
  } catch {
    return false;
  }
};

const TYPES = ['git', 'helm', 'oci'];

const checkRepository = (secret: Fields): Fault | undefined => {
  const url = read(secret, 'url');
  const type = read(secret, 'type');
  const enableOCI = read(secret, 'enableOCI');
  if (url.text === '') return { path: url.path, message: 'has no url: the address of the repository' };
  if (type.text !== '' && !TYPES.includes(type.text)) {
    return { path: type.path, message: `type is "${type.text}", not ${TYPES.join(', ')}` };
  }
  if (!['', 'true', 'false'].includes(enableOCI.text)) {
    return { path: enableOCI.path, message: `enableOCI is "${enableOCI.text}", not "true" or "false"` };
  }
  return undefined;
};

const CHECKS: Readonly<Record<string, (secret: Fields) => Fault | undefined>> = {
  cluster: (secret) => checkEncoding(secret) ?? checkCluster(secret),
  repository: (secret) => checkEncoding(secret) ?? checkRepository(secret),
  'repo-creds': (secret) => checkEncoding(secret) ?? checkRepository(secret),
};
