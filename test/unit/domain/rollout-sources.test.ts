import { expect, it } from 'vitest';
import { otherSources, sourceText } from '../../../src/domain/rollout-sources.ts';

const at = { repository: 'https://github.com/acme/fleet', commit: 'a'.repeat(40) };
const revision = (repository: string, commit: string, more: { ref?: string; chart?: string } = {}) => ({
  repository,
  ref: 'refs/heads/main',
  commit,
  ...more,
});

it('names each other source once, in the same order whoever came first', () => {
  const config = revision('https://github.com/acme/config', 'b'.repeat(40));
  const redis = revision('https://charts.example.com/stable', '1.2.3', { chart: 'redis' });
  const pushed = revision('https://github.com/acme/fleet.git', at.commit);
  const sources = [redis, config, pushed, config, { ...redis, ref: 'refs/heads/other' }];
  const expected = { sources: [redis, config] };
  expect(otherSources(at, sources)).toEqual(expected);
  expect(otherSources(at, [config, redis, config])).toEqual(expected);
  expect(expected.sources.map(sourceText)).toEqual([
    'charts.example.com/stable redis 1.2.3',
    'acme/config main bbbbbbb',
  ]);
});

it('counts what a row does not hold', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => revision(`https://charts.example.com/${index}`, '1.0.0'));
  const { sources, moreSources } = otherSources(at, many);
  expect([sources.length, moreSources]).toEqual([50, 9_950]);
});
