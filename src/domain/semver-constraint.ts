import { parse, rcompare, type SemVer } from 'semver';

/** How exactly a constraint names its version: `1.2.3`, `1.2` (or `1.2.x`), `1` (or `1.x`), `*`. */
type Precision = 'patch' | 'minor' | 'major' | 'any';

interface Comparator {
  operator: string;
  version: SemVer;
  precision: Precision;
}

/** Alternatives (`||`) of comparators that all have to hold. */
export type Constraint = readonly (readonly Comparator[])[];

const LOOSE = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;

/** A version as Masterminds coerces it: `v` in front, parts left out, zeros in front of numbers. Undefined: it is none. */
export const parseVersion = (text: string): SemVer | undefined => {
  const match = LOOSE.exec(text);
  if (!match) return undefined;
  const [, major = '0', minor = '0', patch = '0', prerelease] = match;
  const numbers = [major, minor, patch].map((part) => part.replace(/^0+(?=\d)/, '')).join('.');
  return parse(prerelease === undefined ? numbers : `${numbers}-${prerelease}`) ?? undefined;
};

const VERSION = String.raw`v?(?:\d+|[xX*])(?:\.(?:\d+|[xX*]))?(?:\.(?:\d+|[xX*]))?(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?`;
const OPERATOR = String.raw`(?:!=|>=|=>|<=|=<|~>|=|>|<|~|\^)?`;
const COMPARATOR = new RegExp(`(${OPERATOR})\\s*(${VERSION})(?=[\\s,]|$)`, 'g');
const GROUP = new RegExp(`^\\s*${OPERATOR}\\s*${VERSION}\\s*(?:(?:\\s+|,\\s*)${OPERATOR}\\s*${VERSION}\\s*)*$`);
const HYPHEN = new RegExp(`\\s*(${VERSION})\\s+-\\s+(${VERSION})\\s*`, 'g');

/**
 * Reads a constraint by Masterminds' rules, which are Argo CD's and Helm's: comma or space is "and", `||` is "or", with
 * `1.2 - 2.0`, `~`, `^`, `!=` and wildcards. Undefined: it is none.
 * Source: https://github.com/Masterminds/semver#checking-version-constraints
 */
export const parseConstraint = (text: string): Constraint | undefined => {
  const groups = text.split('||').map(readGroup);
  return groups.every((group) => group !== undefined) ? groups : undefined;
};

const readGroup = (text: string): Comparator[] | undefined => {
  const spelled = text.replaceAll(HYPHEN, '>= $1, <= $2 ').trim();
  if (!GROUP.test(spelled)) return undefined;
  const found = [...spelled.matchAll(COMPARATOR)].map(([, operator = '', version = '']) => readOne(operator, version));
  return found.every((one) => one !== undefined) ? found : undefined;
};

const PARTS = /^v?([^.+-]+)(?:\.([^.+-]+))?(?:\.([^.+-]+))?(-[^+]+)?/;

const readOne = (operator: string, text: string): Comparator | undefined => {
  const [, major = '', minor = '', patch = '', prerelease = ''] = PARTS.exec(text) ?? [];
  const isOpen = (part: string): boolean => /^[xX*]?$/.test(part);
  const precision: Precision = isOpen(major) ? 'any' : isOpen(minor) ? 'major' : isOpen(patch) ? 'minor' : 'patch';
  const given = { any: [], major: [major], minor: [major, minor], patch: [major, minor, patch] }[precision];
  const version = parseVersion(`${[...given, '0', '0', '0'].slice(0, 3).join('.')}${prerelease}`);
  return version && { operator, version, precision };
};

/** Whether a version is in the range. Prereleases are only where the same alternative names one. */
export const satisfies = (version: SemVer, constraint: Constraint): boolean =>
  constraint.some((group) => {
    const withPrereleases = group.some((one) => one.version.prerelease.length > 0);
    if (version.prerelease.length > 0 && !withPrereleases) return false;
    return group.every((one) => holds(version, one));
  });

const holds = (version: SemVer, one: Comparator): boolean => {
  switch (one.operator) {
    case '>':
      return isAbove(version, one);
    case '<':
      return version.compare(one.version) < 0;
    case '>=':
    case '=>':
      return version.compare(one.version) >= 0;
    case '<=':
    case '=<':
      return !isAboveAll(version, one);
    case '~':
    case '~>':
      return isNear(version, one);
    case '^':
      return isCompatible(version, one);
    case '!=':
      return !isSame(version, one);
    default:
      return one.precision === 'patch' ? version.compare(one.version) === 0 : isNear(version, one);
  }
};

/** `>11` begins at 12, `>11.1` at 11.2. */
const isAbove = (version: SemVer, { version: bound, precision }: Comparator): boolean => {
  if (precision === 'patch' || precision === 'any') return version.compare(bound) > 0;
  if (version.major !== bound.major) return version.major > bound.major;
  return precision === 'minor' && version.minor > bound.minor;
};

/** `<=11` ends before 12, `<=11.1` before 11.2. */
const isAboveAll = (version: SemVer, { version: bound, precision }: Comparator): boolean => {
  if (precision === 'patch') return version.compare(bound) > 0;
  if (version.major !== bound.major) return version.major > bound.major;
  return precision !== 'major' && version.minor > bound.minor;
};

const isNear = (version: SemVer, { version: bound, precision }: Comparator): boolean => {
  if (version.compare(bound) < 0) return false;
  const isZero = bound.major === 0 && bound.minor === 0 && bound.patch === 0;
  if (isZero && (precision === 'any' || precision === 'patch')) return true;
  return version.major === bound.major && (precision === 'major' || version.minor === bound.minor);
};

/** `^`: the leftmost part that is not zero stays. */
const isCompatible = (version: SemVer, { version: bound, precision }: Comparator): boolean => {
  if (version.compare(bound) < 0 || version.major !== bound.major) return false;
  if (bound.major > 0 || precision === 'major') return true;
  if (version.minor !== bound.minor) return false;
  return bound.minor > 0 || precision === 'minor' || version.patch === bound.patch;
};

const isSame = (version: SemVer, { version: bound, precision }: Comparator): boolean => {
  if (precision === 'patch' || precision === 'any') return version.compare(bound) === 0;
  if (version.major !== bound.major) return false;
  if (precision === 'major') return true;
  return version.minor === bound.minor && version.comparePre(bound) === 0;
};

/** The newest of `versions` (tags, with or without `v`) that is in the range; tags that are no version do not count. */
export const newestMatching = (versions: readonly string[], constraint: string): string | undefined => {
  const range = parseConstraint(constraint);
  if (!range) return undefined;
  const found = versions.flatMap((tag) => {
    const version = parseVersion(tag);
    return version && satisfies(version, range) ? [{ tag, version }] : [];
  });
  // `1.2.3` and `v1.2.3` are one version: whatever order the host lists them in, the same one is taken.
  return found.toSorted((a, b) => rcompare(a.version, b.version) || (a.tag < b.tag ? -1 : 1))[0]?.tag;
};
