import { describe, expect, it } from 'vitest';
import { startGoTemplates } from '../../../../src/adapters/gotemplate/go-templates.ts';
import { loadGoTemplates } from '../../../../src/adapters/gotemplate/load-program.ts';
import { parseConstraint, parseVersion, satisfies } from '../../../../src/domain/semver-constraint.ts';

const render = await startGoTemplates(await loadGoTemplates());

const OPERATORS = ['', '=', '!=', '>', '<', '>=', '=>', '<=', '=<', '~', '~>', '^', '=='];
const BOUNDS = ['1', '1.2', '1.2.3', '0', '0.0', '0.0.0', '0.2', '0.2.3', '0.0.3', '*', 'x', '1.x', '1.2.*', '1.*.3']
  .concat(['v1', 'V1.2', '01.2.3', '1.2.3-beta', '1.2-0', '1-0', '0-0', '*-0', '1.2.3+b1', '1.2.3-', '1.2.3-01'])
  .concat(['', ' 1.2']);
const WHOLE = ['>=1.2, <2', '>=1.2 <2', '>=1.2,<2', '>= 1.2 , < 2', '>=1.2<2', '1.2 - 2', '1.2 -2', '1.2-2', '1 - 2']
  .concat(['1 - 2 || 5', '^1||^2', '^1 ||', '|| ^1', '^1 | ^2', '>1 <3 !=2.1', '  >=1 ', '>=1,', ',>=1', '1.2.3.4'])
  .concat(['latest', 'v', '1.2.3 1.2.4', '>1.2.3-alpha.1 <1.2.3-beta', '1.2 - 3.x', '~0.0.x', '^0.0.x', '>=0-0']);
const VERSIONS = ['0.0.0', '0.0.1', '0.0.3', '0.1.0', '0.2.0', '0.2.4', '1', '1.0.0', '1.1', '1.2.0', '1.2.3', '1.2.4']
  .concat(['1.3.0', '2.0.0', '2.3.4', '5.0.1', 'v1.2.3', 'v1.2', 'V1.2.3', '01.2.3', '1.2.3.4', 'v', 'latest'])
  .concat(['1.2.3-beta', '1.2.3-alpha.2', '1.2.4-rc1', '2.0.0-rc1', '0.0.0-a', '1.0.0-0', '1.2.3+b1', '1.2-beta']);

const ours = (constraint: string, version: string): string => {
  const [range, one] = [parseConstraint(constraint), parseVersion(version)];
  return range && one ? String(satisfies(one, range)) : 'error';
};

/** Version 3.3, which the program has, lets `!=1.2.3` take prereleases; version 3.4, which Argo CD has, does not. */
const isOlderRule = (constraint: string, version: string): boolean =>
  /^!=v?\d+\.\d+\.\d+(?:\+b1)?$/.test(constraint.replace(' ', '')) && version.includes('-');

describe('Masterminds’ own library', () => {
  it('judges every pair of range and version as we do', () => {
    const constraints = [...OPERATORS.flatMap((operator) => BOUNDS.map((bound) => operator + bound)), ...WHOLE];
    const pairs = constraints.flatMap((constraint) => VERSIONS.map((version) => ({ constraint, version })));
    const answers = render(
      pairs.map(({ constraint, version }) => ({
        templates: ['{{ semverCompare .constraint .version }}'],
        params: { constraint, version },
        options: [],
      })),
    );
    const unlike = pairs.flatMap(({ constraint, version }, index) => {
      const answer = answers[index];
      const theirs = answer && 'results' in answer ? answer.results[0] : 'error';
      const mine = ours(constraint, version);
      if (theirs === mine || isOlderRule(constraint, version)) return [];
      return [`${constraint} on ${version}: ${theirs}, here ${mine}`];
    });
    expect(pairs.length).toBeGreaterThan(10_000);
    expect(unlike).toEqual([]);
  });
});
