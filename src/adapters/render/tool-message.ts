import type { HelmRequest, KustomizeRequest, RenderError } from '../../domain/sources/bundle.ts';
import { KUSTOMIZATION_NAMES } from '../../domain/sources/file-selection.ts';
import type { RenderFolder } from './bundle-folder.ts';
import type { ValueCopies } from './tool-arguments.ts';

export interface MessageContext {
  folder: RenderFolder;
  request: HelmRequest | KustomizeRequest;
  copies?: ValueCopies;
  /** Paths of the bundle, to recognise them in what a tool says. */
  files: readonly string[];
}

const MESSAGE_LENGTH = 1_000;

/**
 * A tool's complaint as a typed error: temporary paths become paths of the repository, what looks like a secret is
 * blanked, and file and line are taken out where the tool names them.
 */
export const toRenderError = (stderr: string, context: MessageContext): RenderError => {
  const message = redact(withoutFolders(withoutNoise(stderr), context)).slice(0, MESSAGE_LENGTH);
  const at = locate(message, context);
  const named = at.file !== undefined && message.includes(at.file);
  const line = at.line === undefined ? '' : `:${at.line}`;
  const where = named ? '' : `${at.file ?? (context.request.path || '.')}${line}: `;
  return { code: 'render-failed', message: `${where}${message || 'the tool failed and said nothing'}`, ...at };
};

const NOISE = /^(?:Use --debug flag.*|level=\w+ .*|walk\.go.*|# Warning:.*|coalesce\.go.*|WARNING: .*|)$/;

const withoutNoise = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => !NOISE.test(line.trim()))
    .join('\n')
    .replace(/^(?:Error|error): /, '')
    .trim();

const withoutFolders = (text: string, { folder, copies }: MessageContext): string => {
  let plain = text;
  for (const { from, name } of [...(copies?.values ?? []), ...(copies?.parameters ?? [])]) {
    plain = plain.replaceAll(`${folder.values}/${name}`, from);
  }
  if (copies?.inline) plain = plain.replaceAll(`${folder.values}/${copies.inline}`, "the Application's inline values");
  return plain
    .replaceAll(`${folder.repository}/`, '')
    .replaceAll(folder.repository, '.')
    .replaceAll(`${folder.root}/`, '')
    .replaceAll(folder.root, '.');
};

const ASSIGNED =
  /((?:password|passwd|secret|token|api[_-]?key|credential)s?["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,}\]]+)/gi;
const TOKENS = /\b(?:gh[pousr]_[\w.-]{20,}|glpat-[\w-]{15,}|xox[a-z]-[\w-]{10,}|A(?:KI|SI)A[A-Z0-9]{16})/g;
const PEM = /-----BEGIN [\s\S]*?(?:-----END [A-Z ]+-----|$)/g;
const ENCODED = /[A-Za-z0-9+_=]{24,}/g;
/** What is encoded has digits and letters of both cases. */
const isEncoded = (text: string): boolean => /\d/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text);

/** Blanks what looks like a secret's value. */
export const redact = (text: string): string =>
  text
    .replace(PEM, '•••')
    .replace(TOKENS, '•••')
    .replace(ASSIGNED, '$1•••')
    .replace(ENCODED, (found) => (isEncoded(found) ? '•••' : found));

const NAMED = /([\w@$.~+-][\w@$.~+/ -]*\.(?:ya?ml|tpl|json|txt|env))(?::(\d+))?/g;
const LINE = /\bline (\d+)/;

/** The first file of the bundle that the message names. Helm writes `chart-name/templates/…` for the chart's files. */
const locate = (message: string, { files, request }: MessageContext): { file?: string; line?: number } => {
  const known = new Set(files);
  for (const [, named = '', line] of message.matchAll(NAMED)) {
    const file = candidates(named, request.path).find((path) => known.has(path));
    if (file === undefined) continue;
    const number = line ?? LINE.exec(message)?.[1];
    return { file, ...(number === undefined ? {} : { line: Number(number) }) };
  }
  if (request.tool === 'helm') return {};
  const file = KUSTOMIZATION_NAMES.map((name) => candidates(name, request.path)[1]).find(
    (path) => path && known.has(path),
  );
  return file === undefined ? {} : { file };
};

const candidates = (named: string, directory: string): string[] => {
  const words = named.split(' ');
  return words.flatMap((_word, index) => {
    const path = words.slice(index).join(' ');
    const inChart = path.slice(path.indexOf('/') + 1);
    return [path, `${directory}/${path}`, `${directory}/${inChart}`, inChart];
  });
};
