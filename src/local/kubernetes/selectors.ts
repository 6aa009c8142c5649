import type { KubernetesObject } from '../../domain/kubernetes-object.ts';
import { badRequest } from './api-status.ts';
import { at, listOf, recordOf, textOf } from './json.ts';

type Labels = Record<string, unknown>;
type Requirement = (labels: Labels) => boolean;

const memberOf = (values: readonly unknown[]) => (value: unknown) => values.includes(value);

/** A `LabelSelector` object (matchLabels, matchExpressions); an empty one selects everything. */
export const selects = (selector: Record<string, unknown>, labels: Labels): boolean =>
  Object.entries(recordOf(selector.matchLabels)).every(([key, value]) => labels[key] === value) &&
  listOf(selector.matchExpressions).every((expression) => {
    const { key, operator, values } = recordOf(expression);
    const value = labels[textOf(key)];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const member = memberOf(listOf(values))(value);
    return operator === 'In' ? value !== undefined && member : !member;
  });

/** Splits at commas outside of brackets. */
const terms = (selector: string): string[] => selector.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];

const requirement = (term: string): Requirement => {
  const text = term.trim();
  const set = /^([^\s!=<>()]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) =>
      values.includes(textOf(labels[key])) === (operator === 'in') && (operator !== 'in' || key in labels);
  }
  const comparison = /^([^\s!=<>()]+)\s*(==|=|!=|>|<)\s*([^\s!=<>()]*)$/.exec(text);
  if (comparison) {
    const [, key = '', operator, value = ''] = comparison;
    if (operator === '!=') return (labels) => labels[key] !== value;
    if (operator === '>') return (labels) => Number(labels[key]) > Number(value);
    if (operator === '<') return (labels) => Number(labels[key]) < Number(value);
    return (labels) => labels[key] === value;
  }
  const existence = /^(!?)\s*([^\s!=<>()]+)$/.exec(text);
  if (!existence) throw badRequest(`unable to parse requirement: ${text}`);
  const [, not, key = ''] = existence;
  return (labels) => key in labels === (not === '');
};

/** Reads a `labelSelector` parameter. Errors: ApiStatus 400. */
export const labelFilter = (selector: string): ((object: KubernetesObject) => boolean) => {
  const requirements = terms(selector).map(requirement);
  return ({ metadata }) => requirements.every((holds) => holds(metadata.labels ?? {}));
};

const anyKind = ['metadata.name', 'metadata.namespace'];
const selectable: Readonly<Record<string, readonly string[]>> = {
  '/Pod': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
  ],
  '/Event': [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.fieldPath',
    'reason',
    'type',
    'reportingComponent',
  ],
  '/Secret': ['type'],
  '/Namespace': ['status.phase'],
  '/Service': ['spec.clusterIP', 'spec.type'],
  '/Node': ['spec.unschedulable'],
  'batch/Job': ['status.successful'],
};

/** Reads a `fieldSelector` parameter for a kind. Errors: ApiStatus 400 for a field that cannot be selected by. */
export const fieldFilter = (selector: string, group: string, kind: string): ((object: KubernetesObject) => boolean) => {
  const fields = [...anyKind, ...(selectable[`${group}/${kind}`] ?? [])];
  const tests = terms(selector).map((term) => {
    const [, field = '', operator = '=', value = ''] = /^([^!=]+)(==|=|!=)(.*)$/.exec(term.trim()) ?? [];
    if (!fields.includes(field)) throw badRequest(`field label not supported: ${field}`);
    return (object: KubernetesObject) => (String(at(object, field) ?? '') === value) === (operator !== '!=');
  });
  return (object) => tests.every((test) => test(object));
};
