import { permanent } from '../errors.ts';
import { isRecord } from '../health/fields.ts';
import type { CompareOptions, FilteredResource, GlobalProject, IgnoreRules, TrackingMethod } from './argo-settings.ts';

const invalid = (key: string, reason: string): Error =>
  permanent('settings-invalid', `argocd-cm: ${key} ${reason}`, { details: { key } });

/** A list of strings; absent and null are []. */
const strings = (key: string, value: unknown): string[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(key, 'must be a list of texts');
  return value.map((item) => {
    if (typeof item !== 'string') throw invalid(key, `holds ${JSON.stringify(item)}, which is not a text`);
    return item;
  });
};

const record = (key: string, value: unknown): Record<string, unknown> => {
  if (value === null || value === undefined) return {};
  if (!isRecord(value)) throw invalid(key, 'must be a map');
  return value;
};

/** Reads jsonPointers, jqPathExpressions and managedFieldsManagers; the key is for the error. */
export const readIgnoreRules = (key: string, value: unknown): IgnoreRules => {
  const rules = record(key, value);
  return {
    jsonPointers: strings(`${key} jsonPointers`, rules['jsonPointers']),
    jqPathExpressions: strings(`${key} jqPathExpressions`, rules['jqPathExpressions']),
    managedFieldsManagers: strings(`${key} managedFieldsManagers`, rules['managedFieldsManagers']),
  };
};

/** Reads `knownTypeFields`: a list of {field, type}. */
export const readTypeFields = (key: string, value: unknown): { field: string; type: string }[] => {
  if (!Array.isArray(value)) throw invalid(key, 'must be a list of {field, type}');
  return value.map((item) => {
    const { field, type } = record(key, item);
    if (typeof field !== 'string' || typeof type !== 'string') throw invalid(key, 'must be a list of {field, type}');
    return { field, type };
  });
};

/** Reads exclusions or inclusions: a list of {apiGroups, kinds, clusters}. */
export const readFilters = (key: string, value: unknown): FilteredResource[] => {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(key, 'must be a list');
  return value.map((item) => {
    const filter = record(key, item);
    return {
      apiGroups: strings(`${key} apiGroups`, filter['apiGroups']),
      kinds: strings(`${key} kinds`, filter['kinds']),
      clusters: strings(`${key} clusters`, filter['clusters']),
    };
  });
};

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Reads `globalProjects`: a list of {projectName, labelSelector}. */
export const readGlobalProjects = (key: string, value: unknown): GlobalProject[] => {
  if (!Array.isArray(value)) throw invalid(key, 'must be a list of {projectName, labelSelector}');
  return value.map((item) => {
    const { projectName, labelSelector } = record(key, item);
    if (typeof projectName !== 'string') throw invalid(key, 'must name a project in each entry (projectName)');
    const { matchLabels, matchExpressions = [] } = record(`${key} labelSelector`, labelSelector);
    if (!Array.isArray(matchExpressions)) throw invalid(`${key} matchExpressions`, 'must be a list');
    const labels = Object.entries(record(`${key} matchLabels`, matchLabels)).map(([name, text]) => {
      if (typeof text === 'string') return [name, text] as const;
      throw invalid(`${key} matchLabels ${name}`, 'must be a text: write it in quotes');
    });
    return {
      projectName,
      labelSelector: {
        matchLabels: Object.fromEntries(labels),
        matchExpressions: matchExpressions.map((one) => readExpression(key, one)),
      },
    };
  });
};

const readExpression = (key: string, value: unknown): { key: string; operator: string; values: string[] } => {
  const { key: label, operator, values } = record(`${key} matchExpressions`, value);
  if (typeof label !== 'string' || typeof operator !== 'string' || !OPERATORS.includes(operator)) {
    throw invalid(`${key} matchExpressions`, `must be a list of {key, operator (${OPERATORS.join(', ')}), values}`);
  }
  const texts = strings(`${key} matchExpressions values`, values);
  if (operator.endsWith('In') && texts.length === 0)
    throw invalid(`${key} matchExpressions`, `${operator} needs values`);
  return { key: label, operator, values: texts };
};

const flag = (key: string, value: unknown, otherwise: boolean): boolean => {
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== 'boolean') throw invalid(key, 'must be true or false');
  return value;
};

/** `off` and `false` are older words for none; YAML may have made a boolean of them. */
const STATUS_FIELD = new Map<unknown, CompareOptions['ignoreResourceStatusField']>([
  ['all', 'all'],
  ['crd', 'crd'],
  ['none', 'none'],
  ['off', 'none'],
  ['false', 'none'],
  [false, 'none'],
]);

/** Reads `resource.compareoptions`; what it leaves out is as in `defaults`. */
export const readCompareOptions = (key: string, value: unknown, defaults: CompareOptions): CompareOptions => {
  const options = record(key, value);
  const field = options['ignoreResourceStatusField'];
  const status = field === undefined || field === null ? defaults.ignoreResourceStatusField : STATUS_FIELD.get(field);
  if (!status) throw invalid(key, `ignoreResourceStatusField is ${JSON.stringify(field)}, not all, crd or none`);
  return {
    ignoreAggregatedRoles: flag(`${key} ignoreAggregatedRoles`, options['ignoreAggregatedRoles'], false),
    ignoreResourceStatusField: status,
    ignoreDifferencesOnResourceUpdates: flag(
      `${key} ignoreDifferencesOnResourceUpdates`,
      options['ignoreDifferencesOnResourceUpdates'],
      defaults.ignoreDifferencesOnResourceUpdates,
    ),
  };
};

/** Whether a text is one of the three tracking methods. */
export const isTrackingMethod = (text: string): text is TrackingMethod =>
  text === 'annotation' || text === 'label' || text === 'annotation+label';
