import { permanent } from '../errors.ts';
import { parseGoDuration } from '../go-duration.ts';
import { isRecord } from '../health/fields.ts';
import { readYaml } from '../sources/yaml-documents.ts';
import { type ArgoSettings, defaultSettings, type ResourceOverride } from './argo-settings.ts';
import {
  isTrackingMethod,
  readCompareOptions,
  readFilters,
  readGlobalProjects,
  readIgnoreRules,
  readTypeFields,
} from './argocd-cm-values.ts';

const PREFIX = 'resource.customizations.';

/** `group_Kind` of a key, as ConfigMap keys cannot hold a slash; `all` is every kind. */
const toGroupKind = (key: string, name: string): string => {
  if (name === 'all') return '*/*';
  const parts = name.split('_');
  const [first = '', second] = parts;
  if (parts.length > 2 || first + (second ?? '') === '')
    throw invalid(key, `names no <group>_<kind>: ${JSON.stringify(name)}`);
  return second === undefined || first === '' ? (second ?? first) : `${first}/${second}`;
};

const invalid = (key: string, reason: string): Error =>
  permanent('settings-invalid', `argocd-cm: ${key} ${reason}`, { details: { key } });

/** Parses a value that holds YAML; the error names the key and the line inside it. */
const yaml = (key: string, text: string): unknown => {
  const { documents, problem } = readYaml(text, { duplicates: 'last' });
  if (!problem) return documents[0]?.value;
  const { line, reason } = problem;
  throw permanent('settings-invalid', `argocd-cm: ${key} is not YAML (its line ${line}): ${reason}`, {
    details: { key, line },
  });
};

const emptyRules = () => ({ jsonPointers: [], jqPathExpressions: [], managedFieldsManagers: [] });

/** Collects what several keys say of one kind, in the order the kinds first appear. */
const createOverrides = () => {
  const byKind = new Map<string, ResourceOverride>();
  const of = (groupKind: string): ResourceOverride => {
    const existing = byKind.get(groupKind);
    if (existing) return existing;
    const fresh: ResourceOverride = {
      groupKind,
      ignoreDifferences: emptyRules(),
      ignoreResourceUpdates: emptyRules(),
      knownTypeFields: [],
    };
    byKind.set(groupKind, fresh);
    return fresh;
  };
  return { of, list: () => [...byKind.values()] };
};

type Overrides = ReturnType<typeof createOverrides>;

const setOpenLibs = (override: ResourceOverride, openLibs: boolean): void => {
  override.health = { lua: override.health?.lua ?? '', openLibs };
};

const setHealth = (override: ResourceOverride, lua: string): void => {
  override.health = { lua, openLibs: override.health?.openLibs ?? false };
};

/** One `resource.customizations.<what>.<group_kind>` key. Actions and what we do not know are left alone. */
const readKey = (overrides: Overrides, key: string, text: string): void => {
  const [what = '', ...rest] = key.slice(PREFIX.length).split('.');
  const name = rest.join('.');
  const known = ['health', 'useOpenLibs', 'ignoreDifferences', 'ignoreResourceUpdates', 'knownTypeFields'];
  if (!known.includes(what)) return;
  const override = overrides.of(toGroupKind(key, name));
  if (what === 'health') setHealth(override, text);
  else if (what === 'useOpenLibs') setOpenLibs(override, text.trim() === 'true');
  else if (what === 'ignoreDifferences') override.ignoreDifferences = readIgnoreRules(key, yaml(key, text));
  else if (what === 'ignoreResourceUpdates') override.ignoreResourceUpdates = readIgnoreRules(key, yaml(key, text));
  else override.knownTypeFields = readTypeFields(key, yaml(key, text));
};

/** The legacy form: one key whose YAML maps `group/Kind` to everything said of it. */
const readLegacy = (overrides: Overrides, key: string, text: string): void => {
  const all = yaml(key, text) ?? {};
  if (!isRecord(all)) throw invalid(key, 'must be a map of group/kind');
  for (const [groupKind, value] of Object.entries(all)) {
    if (!isRecord(value)) throw invalid(key, `${groupKind} must be a map`);
    const override = overrides.of(groupKind);
    const lua = value['health.lua'];
    if (typeof lua === 'string') setHealth(override, lua);
    if (value['health.lua.useOpenLibs'] === true) setOpenLibs(override, true);
    const rules = (field: string) => readIgnoreRules(`${key} ${groupKind} ${field}`, nested(key, value[field]));
    if (value['ignoreDifferences']) override.ignoreDifferences = rules('ignoreDifferences');
    if (value['ignoreResourceUpdates']) override.ignoreResourceUpdates = rules('ignoreResourceUpdates');
    if (value['knownTypeFields']) override.knownTypeFields = readTypeFields(key, nested(key, value['knownTypeFields']));
  }
};

/** Inside the legacy form, rules are YAML in a text; written as a map they mean the same. */
const nested = (key: string, value: unknown): unknown => (typeof value === 'string' ? yaml(key, value) : value);

const readOverrides = (data: Readonly<Record<string, string>>): ResourceOverride[] => {
  const overrides = createOverrides();
  const legacy = data['resource.customizations'];
  if (legacy) readLegacy(overrides, 'resource.customizations', legacy);
  for (const [key, text] of Object.entries(data)) if (key.startsWith(PREFIX)) readKey(overrides, key, text);
  return overrides.list();
};

const readTracking = (text: string | undefined): ArgoSettings['trackingMethod'] => {
  if (!text) return 'annotation';
  if (isTrackingMethod(text)) return text;
  throw invalid('application.resourceTrackingMethod', `is ${JSON.stringify(text)}, not annotation, label or both`);
};

const TOOLS = ['kustomize', 'helm', 'jsonnet'] as const;

const readSources = (data: Readonly<Record<string, string>>): Pick<ArgoSettings, 'sources'> => {
  const schemes = data['helm.valuesFileSchemes'];
  const disabled = TOOLS.filter((tool) => data[`${tool}.enable`]?.trim() === 'false');
  if (schemes === undefined && disabled.length === 0) return {};
  return {
    sources: {
      ...(schemes === undefined ? {} : { valuesFileSchemes: listed(schemes.toLowerCase()) }),
      ...(disabled.length > 0 ? { disabled } : {}),
    },
  };
};

const listed = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

/** `schedule` looks once a minute: nothing is compared more often. */
const SHORTEST_SECONDS = 60;

const readInterval = (text: string | undefined): Pick<ArgoSettings, 'reconciliationSeconds'> => {
  if (!text) return {};
  const milliseconds = parseGoDuration(text);
  if (milliseconds === undefined || milliseconds < 0)
    throw invalid('timeout.reconciliation', `is ${JSON.stringify(text)}, not a duration such as 180s`);
  return { reconciliationSeconds: milliseconds === 0 ? 0 : Math.max(SHORTEST_SECONDS, milliseconds / 1_000) };
};

/**
 * Reads the `data` of Argo CD's `argocd-cm` as far as it bears on sources and on comparing and judging resources; other keys are left
 * alone. Errors: AppError `settings-invalid` (permanent) naming the key and, inside YAML, the line.
 */
export const parseArgoSettings = (data: Readonly<Record<string, string>>): ArgoSettings => {
  const filters = (key: string) => (data[key] ? readFilters(key, yaml(key, data[key])) : []);
  const defaults = defaultSettings();
  const compare = data['resource.compareoptions'];
  return {
    resourceOverrides: readOverrides(data),
    exclusions: filters('resource.exclusions'),
    inclusions: filters('resource.inclusions'),
    compareOptions: compare
      ? readCompareOptions('resource.compareoptions', yaml('resource.compareoptions', compare), defaults.compareOptions)
      : defaults.compareOptions,
    trackingMethod: readTracking(data['application.resourceTrackingMethod']),
    installationID: data['installationID'] ?? '',
    instanceLabelKey: data['application.instanceLabelKey'] || defaults.instanceLabelKey,
    sensitiveAnnotations: listed(data['resource.sensitive.mask.annotations'] ?? ''),
    ...readSources(data),
    ...(data['application.sync.impersonation.enabled'] === 'true' ? { impersonation: true } : {}),
    ...(data['globalProjects']
      ? { globalProjects: readGlobalProjects('globalProjects', yaml('globalProjects', data['globalProjects'])) }
      : {}),
    ...readInterval(data['timeout.reconciliation']),
  };
};
