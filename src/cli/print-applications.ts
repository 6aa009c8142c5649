import { stringify } from 'yaml';
import { printedApplication } from '../domain/fleet/applicationset/printed-application.ts';
import { stableText } from '../domain/stable-digest.ts';
import { table } from './table.ts';

/** What `-o` of `towline appset generate` takes; the first is the default. */
export const OUTPUTS = ['yaml', 'json', 'wide'] as const;

type Manifest = Record<string, unknown>;

/**
 * Applications (manifests) as text, as `argocd appset generate` prints them: one by itself, several as a list, none as an
 * empty list (where Argo CD says `null`, which whatever goes through the list trips over); fields by name.
 */
export const printApplications = (manifests: readonly Manifest[], output: (typeof OUTPUTS)[number]): string => {
  if (output === 'wide') return asTable(manifests);
  const made = manifests.map((one): unknown => JSON.parse(stableText(printedApplication(one))));
  const printed = made.length === 1 ? made[0] : made;
  return output === 'json' ? asJson(printed) : asYaml(printed);
};

/** Go's encoder writes these so that JSON may stand in HTML. */
const asJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replaceAll(/[<>&\u2028\u2029]/g, escaped)}\n`;

const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Texts that YAML 1.1 would read as something else are quoted, as kubectl reads YAML so. */
const asYaml = (value: unknown): string =>
  stringify(value, {
    aliasDuplicateObjects: false,
    lineWidth: 0,
    compat: 'yaml-1.1',
    indentSeq: false,
    singleQuote: true,
  });

const HEADER = ['NAME', 'CLUSTER', 'NAMESPACE', 'PROJECT', 'STATUS', 'HEALTH', 'SYNCPOLICY', 'CONDITIONS'];
const SOURCE = ['REPO', 'PATH', 'TARGET'];

const asTable = (manifests: readonly Manifest[]): string => table([...HEADER, ...SOURCE], manifests.map(rowOf));

/** Nothing is known of an Application's status before there is one. */
const rowOf = (manifest: Manifest): string[] => {
  const [metadata, spec] = [recordAt(manifest, 'metadata'), recordAt(manifest, 'spec')];
  const destination = recordAt(spec, 'destination');
  const sources = Array.isArray(spec['sources']) ? spec['sources'] : [];
  const [first]: unknown[] = sources;
  const source = first === undefined ? recordAt(spec, 'source') : recordOf(first);
  return [
    [textAt(metadata, 'namespace'), textAt(metadata, 'name')].filter((part) => part !== '').join('/'),
    textAt(destination, 'server') || textAt(destination, 'name'),
    textAt(destination, 'namespace'),
    textAt(spec, 'project') || 'default',
    '',
    '',
    policyOf(recordAt(spec, 'syncPolicy')),
    '<none>',
    ...['repoURL', 'path', 'targetRevision'].map((field) => textAt(source, field)),
  ];
};

const policyOf = ({ automated }: Record<string, unknown>): string => {
  const policy = recordOf(automated);
  if (automated === undefined || automated === null || policy['enabled'] === false) return 'Manual';
  return policy['prune'] === true ? 'Auto-Prune' : 'Auto';
};

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

const recordAt = (value: Record<string, unknown>, key: string): Record<string, unknown> => recordOf(value[key]);

const textAt = (value: Record<string, unknown>, key: string): string => {
  const found = value[key];
  return typeof found === 'string' ? found : '';
};
