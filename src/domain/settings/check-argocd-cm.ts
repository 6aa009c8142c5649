import { AppError } from '../errors.ts';
import type { Problem } from '../problem.ts';
import { isFields } from '../sources/objects.ts';
import { problemAt } from '../validate-document.ts';
import type { YamlDocument } from '../yaml-document.ts';
import { parseArgoSettings } from './argocd-cm.ts';

/** Keys that bear on planning in Argo CD and do nothing here, where they say something else than its default. */
const WITHOUT_EFFECT: readonly { key: RegExp; value?: RegExp; reason: string }[] = [
  { key: /^kustomize\.buildOptions/, value: /\S/, reason: 'kustomize is run without options' },
  { key: /^kustomize\.(?:path|version)\./, reason: 'one version of kustomize renders everything' },
  {
    key: /^cluster\.inClusterEnabled$/,
    value: /^false$/,
    reason: 'the fleet file says which cluster is the in-cluster one',
  },
  { key: /^configManagementPlugins$/, value: /\S/, reason: 'config management plugins do not run here' },
];

/**
 * What is wrong with the ConfigMap `argocd-cm`: the first key that cannot be read, at its line or, in a block of YAML, at
 * the line inside it; and warnings of keys that do nothing. None for any other document. `text` is the file's.
 */
export const checkArgoSettings = (document: YamlDocument, file: string, text: string): Problem[] => {
  const { value } = document;
  if (!isFields(value) || value.kind !== 'ConfigMap') return [];
  if (!isFields(value.metadata) || value.metadata.name !== 'argocd-cm') return [];
  const data = isFields(value.data) ? value.data : {};
  const wrong = Object.keys(data).find((key) => typeof data[key] !== 'string');
  const say = (key: string, message: string): Problem =>
    problemAt(document, file, ['data', key], { severity: 'error', code: 'settings-invalid', message });
  if (wrong !== undefined) return [say(wrong, 'must be a string: write it in quotes, or as a block (|)')];
  const fault = faultOf(data);
  if (!fault) return withoutEffect(data, document, file);
  const problem = say(fault.key, fault.message);
  const isBlock = /[|>][-+\d]*\s*(?:#.*)?$/.test(text.split('\n')[problem.line - 1] ?? '');
  return [{ ...problem, line: problem.line + (isBlock && fault.line !== undefined ? fault.line : 0) }];
};

const withoutEffect = (data: Record<string, unknown>, document: YamlDocument, file: string): Problem[] =>
  Object.entries(data).flatMap(([name, text]) => {
    const found = WITHOUT_EFFECT.find(({ key, value }) => key.test(name) && (!value || value.test(String(text))));
    if (!found) return [];
    const message = `does nothing: ${found.reason}`;
    return [
      problemAt(document, file, ['data', name], { severity: 'warning', code: 'setting-without-effect', message }),
    ];
  });

interface SettingFault {
  key: string;
  message: string;
  /** Within the key's value, from 1. */
  line?: number;
}

const faultOf = (data: Record<string, unknown>): SettingFault | undefined => {
  const texts = Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  try {
    parseArgoSettings(Object.fromEntries(texts));
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'settings-invalid') throw error;
    const { key: named, line } = error.details;
    // The key may be followed by the field within its value.
    const key = texts.map(([one]) => one).find((one) => String(named) === one || String(named).startsWith(`${one} `));
    const message = error.message.replace(/^argocd-cm: /, '').replace(`${key} `, '');
    return { key: key ?? String(named), message, ...(typeof line === 'number' ? { line } : {}) };
  }
};
