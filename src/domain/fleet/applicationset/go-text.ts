/** A value as Go prints it (`%v`): what a number or list looks like in a param that has to be text. */
export const goText = (value: unknown): string => {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'number') return goNumber(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value !== 'object') return '';
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${sorted.map(([key, one]) => `${key}:${goText(one)}`).join(' ')}]`;
};

/** Go's shortest float64: an exponent from a million up and below 0.0001, of two digits at least. */
const goNumber = (value: number): string => {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const [digits = '0', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
};

/** Nested mappings and lists as one flat mapping with dotted names (`a.b`, `list.0`); empty ones leave nothing, as in Argo CD. */
export const flatten = (value: Record<string, unknown>): Record<string, unknown> => {
  const flat: Record<string, unknown> = {};
  const visit = (name: string, one: unknown): void => {
    if (typeof one !== 'object' || one === null) flat[name] = one;
    else for (const [key, each] of Object.entries(one)) visit(`${name}.${key}`, each);
  };
  for (const [key, one] of Object.entries(value)) visit(key, one);
  return flat;
};

const MAX_NAME = 253;

/** A DNS name made of any text: lower case, other characters become `-`. */
export const normalizeName = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^-a-z0-9.]/g, '-')
    .slice(0, MAX_NAME)
    .replaceAll(/^[-.]+|[-.]+$/g, '');

/** Words for signs, as in a URL. */
const SIGNS: Record<string, string> = { '&': ' and ', '@': ' at ' };

/**
 * A text as part of a URL, at most `length` characters: cut between words where `smart` (a first word that is too long is
 * cut anyway). Letters with accents lose them.
 */
export const slugify = (text: string, length: number, smart: boolean): string => {
  const plain = text
    .replaceAll(/[&@]/g, (sign) => SIGNS[sign] ?? '-')
    .replaceAll(/['"‘’“”]/g, '')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .toLowerCase();
  const slug = plain
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replaceAll(/-+/g, '-')
    .replaceAll(/^-|-$/g, '');
  if (slug.length <= length) return slug;
  return (smart ? cutBetweenWords(slug, length) : slug.slice(0, length)).replaceAll(/^-|-$/g, '');
};

const cutBetweenWords = (slug: string, length: number): string => {
  const cut = slug[length] === '-' ? length : slug.lastIndexOf('-', length - 1);
  return cut > 0 ? slug.slice(0, cut) : slug.slice(0, length);
};
