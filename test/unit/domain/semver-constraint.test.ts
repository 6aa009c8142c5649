import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestMatching, parseConstraint, parseVersion, satisfies } from '../../../src/domain/semver-constraint.ts';

const isIn = (version: string, constraint: string): boolean | undefined => {
  const [range, one] = [parseConstraint(constraint), parseVersion(version)];
  return range && one && satisfies(one, range);
};

describe('constraints by Masterminds’ rules', () => {
  it.each([
    ['1.*', '1.1.0', true],
    ['1.*', '2.0.0', false],
    ['1.x', '1.9.9-rc.1', false],
    ['>=1.0, <2.0', '1.9.9', true],
    ['>=1.0 <2.0', '2.0.0', false],
    ['^1 || ~3.1', '3.1.7', true],
    ['^1 || ~3.1', '3.2.0', false],
    ['1.2 - 1.4.5', '1.4.5', true],
    ['1.2 - 1.4.5', '1.4.6', false],
    ['1.2 - 1.4', '1.4.6', true],
    ['>11', '11.1.0', false],
    ['>11', '12.0.0', true],
    ['>11.1', '11.2.0', true],
    ['<=11', '11.9.9', true],
    ['!=1.2', '1.2.5', false],
    ['!=1.2', '1.3.0', true],
    ['^1, !=1.2.3', '1.2.3', false],
    ['^0.2.3', '0.2.9', true],
    ['^0.2.3', '0.3.0', false],
    ['^0.0.3', '0.0.4', false],
    ['^0', '0.9.0', true],
    ['~1', '1.9.0', true],
    ['~1.2.3', '1.3.0', false],
    ['>=1.0.0', '2.0.0-rc1', false],
    ['>=1.0.0-0', '2.0.0-rc1', true],
    ['>=1.0.0-0, <2', '2.0.0-rc1', true],
    ['1.2.3', 'v1.2.3', true],
    ['v1.x', '1.7.0', true],
    ['=> 1.2', '1.2.0', true],
    ['*', '7.1.0', true],
    ['*', '7.1.0-a', false],
  ])('%s on %s: %s', (constraint, version, expected) => {
    expect(isIn(version, constraint)).toBe(expected);
  });

  it.each(['main', 'release-1.2', 'feature/x', '1.2.3.4', '||', ''])('"%s" is no constraint', (text) => {
    expect(parseConstraint(text)).toBeUndefined();
  });

  it('finds the newest tag, as it is written, and passes over what is no version', () => {
    const tags = ['latest', 'v1.2.0', '1.10.0', 'v1.9.3', '2.0.0', '1.11.0-rc1'];
    expect(newestMatching(tags, '1.x')).toBe('1.10.0');
    expect(newestMatching(tags, '>=1.0.0-0, <2.0.0-0')).toBe('1.11.0-rc1');
    expect(newestMatching(tags, '^3')).toBeUndefined();
  });

  it('a caret holds exactly the versions from its own up to the next major', () => {
    const part = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), part, part, part, part, part, (a, b, c, x, y, z) => {
        const isAtLeast = x > a || (x === a && (y > b || (y === b && z >= c)));
        expect(isIn(`${x}.${y}.${z}`, `^${a}.${b}.${c}`)).toBe(isAtLeast && x === a);
      }),
    );
  });
});
