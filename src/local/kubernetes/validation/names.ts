import type { StatusCause } from '../api-status.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualified =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const label1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const qualifiedText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** A cause with reason FieldValueInvalid. */
export const invalidValue = (field: string, value: unknown, why: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${value === undefined ? 'null' : JSON.stringify(value)}: ${why}`,
  field,
});

/** A cause with reason FieldValueRequired. */
export const requiredValue = (field: string, why = ''): StatusCause => ({
  reason: 'FieldValueRequired',
  message: `Required value${why ? `: ${why}` : ''}`,
  field,
});

interface NameRule {
  pattern: RegExp;
  text: string;
  longest: number;
}

const subdomainRule: NameRule = { pattern: subdomain, text: subdomainText, longest: 253 };
const labelRule: NameRule = { pattern: label, text: labelText, longest: 63 };
// RBAC and a few more take whatever fits a path segment.
const pathRule: NameRule = {
  pattern: /^(?!\.\.?$)[^/%]+$/,
  text: "may not be '.' or '..' or contain '/' or '%'",
  longest: 253,
};

const rules: Readonly<Record<string, NameRule>> = {
  '/Namespace': labelRule,
  '/Service': { pattern: label1035, text: label1035Text, longest: 63 },
  'rbac.authorization.k8s.io/Role': pathRule,
  'rbac.authorization.k8s.io/ClusterRole': pathRule,
  'rbac.authorization.k8s.io/RoleBinding': pathRule,
  'rbac.authorization.k8s.io/ClusterRoleBinding': pathRule,
};

/** What is wrong with an object's name; empty: nothing. */
export const nameCauses = (group: string, kind: string, name: string): StatusCause[] => {
  if (!name) return [requiredValue('metadata.name', 'name or generateName is required')];
  const { pattern, text, longest } = rules[`${group}/${kind}`] ?? subdomainRule;
  if (name.length > longest) return [invalidValue('metadata.name', name, `must be no more than ${longest} characters`)];
  return pattern.test(name) ? [] : [invalidValue('metadata.name', name, text)];
};

/** What is wrong with labels, annotations' keys and finalizers. */
export const metadataCauses = (metadata: { labels?: unknown; annotations?: unknown }): StatusCause[] => [
  ...Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => [
    ...(qualified.test(key) ? [] : [invalidValue('metadata.labels', key, qualifiedText)]),
    ...(typeof value === 'string' && labelValue.test(value) && value.length <= 63
      ? []
      : [invalidValue('metadata.labels', value, labelValueText)]),
  ]),
  ...Object.keys(metadata.annotations ?? {}).flatMap((key) =>
    qualified.test(key.toLowerCase()) ? [] : [invalidValue('metadata.annotations', key, qualifiedText)],
  ),
];
