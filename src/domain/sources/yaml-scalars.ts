import { FAILSAFE_SCHEMA, type Schema, Type, types } from 'js-yaml';

/**
 * Plain scalars as the YAML reader of kubectl and Argo CD (sigs.k8s.io/yaml) takes them: YAML 1.1's booleans and octals
 * (`yes`, `0644`), `_` within numbers, but no sexagesimals, and timestamps stay text. Tried against kubectl.
 */
const TRUE = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const FALSE = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const NULL = new Set(['', '~', 'null', 'Null', 'NULL']);

const OCTAL = /^[-+]?0[oO]?[0-7]+$/;
const OTHER_BASE = /^[-+]?0(?:[xX][0-9a-fA-F]+|[bB][01]+)$/;
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NOT_FINITE = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

const mayBeNumber = (first: number): boolean =>
  (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;

const isNumber = (text: string | null): boolean => {
  if (text === null || !mayBeNumber(text.charCodeAt(0))) return false;
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  return DECIMAL.test(plain) || OCTAL.test(plain) || OTHER_BASE.test(plain) || NOT_FINITE.test(plain);
};

const toNumber = (text: string): number => {
  const plain = text.replaceAll('_', '');
  const sign = plain.startsWith('-') ? -1 : 1;
  const digits = plain.replace(/^[-+]/, '');
  const size = OCTAL.test(plain) ? Number.parseInt(digits.replace(/^0[oO]?/, '') || '0', 8) : Number(digits);
  if (!Number.isFinite(size)) throw new RangeError(`${text} cannot be written as JSON`);
  return size === 0 ? 0 : sign * size;
};

const scalar = (tag: string, resolve: (data: string | null) => boolean, construct: (data: string) => unknown): Type =>
  new Type(`tag:yaml.org,2002:${tag}`, { kind: 'scalar', resolve, construct });

const isNull = (data: string | null) => data === null || NULL.has(data);
const isBoolean = (data: string | null) => data !== null && data.length < 6 && (TRUE.has(data) || FALSE.has(data));

/** The schema that gives plain scalars their type. */
export const MANIFEST_SCHEMA: Schema = FAILSAFE_SCHEMA.extend({
  implicit: [
    scalar('null', isNull, () => null),
    scalar('bool', isBoolean, (data) => TRUE.has(data)),
    scalar('int', isNumber, toNumber),
    types.merge,
  ],
  explicit: [
    scalar('float', isNumber, toNumber),
    scalar(
      'binary',
      (data) => data !== null,
      (data) => Buffer.from(data, 'base64').toString('utf8'),
    ),
    scalar(
      'timestamp',
      (data) => data !== null,
      (data) => data,
    ),
  ],
});
