import semver from 'semver';

/**
 * The newest of `versions` (tags, with or without `v`) in a range written by Masterminds' rules, where npm's differ: a
 * comma is "and", prereleases match only where the range names one. Undefined: none.
 * Source: https://github.com/Masterminds/semver#checking-version-constraints
 */
export const newestMatching = (versions: readonly string[], constraint: string): string | undefined => {
  const range = constraint.replaceAll(',', ' ').replaceAll(/!=\s*/g, '!=');
  if (range.includes('!=')) return newestExcept(versions, range);
  const valid = versions.flatMap((tag) => {
    const version = semver.parse(tag, { loose: true });
    return version && semver.satisfies(version, range, { loose: true }) ? [{ tag, version }] : [];
  });
  return valid.sort((a, b) => semver.rcompare(a.version, b.version))[0]?.tag;
};

const newestExcept = (versions: readonly string[], range: string): string | undefined => {
  const excluded = [...range.matchAll(/!=(\S+)/g)].map(([, version]) => version ?? '');
  const rest = range.replaceAll(/!=\S+/g, '').trim() || '*';
  const left = versions.filter((tag) => !excluded.some((one) => semver.satisfies(semver.coerce(tag) ?? tag, one)));
  return newestMatching(left, rest);
};
