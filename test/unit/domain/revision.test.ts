import { describe, expect, it } from 'vitest';
import { refOfRevision } from '../../../src/domain/revision.ts';

const commit = 'A'.repeat(40);

describe('refOfRevision', () => {
  it.each([
    [undefined, { type: 'head' }],
    ['', { type: 'head' }],
    ['HEAD', { type: 'head' }],
    ['main', { type: 'branch-or-tag', name: 'main' }],
    ['env/test', { type: 'branch-or-tag', name: 'env/test' }],
    ['v1.2.3', { type: 'branch-or-tag', name: 'v1.2.3' }],
    ['1.2', { type: 'branch-or-tag', name: '1.2' }],
    ['release-1.x', { type: 'branch-or-tag', name: 'release-1.x' }],
    ['x', { type: 'branch-or-tag', name: 'x' }],
    ['x-ray', { type: 'branch-or-tag', name: 'x-ray' }],
    ['refs/heads/main', { type: 'ref', ref: 'refs/heads/main' }],
    ['refs/tags/v1', { type: 'ref', ref: 'refs/tags/v1' }],
    [commit, { type: 'commit', id: commit.toLowerCase() }],
    ['abc1234', { type: 'branch-or-tag', name: 'abc1234' }],
    ['1.*', { type: 'semver', constraint: '1.*' }],
    ['>=1.2, <2', { type: 'semver', constraint: '>=1.2, <2' }],
    ['v1.x', { type: 'semver', constraint: 'v1.x' }],
    ['refs/tags/1.*', { type: 'semver', constraint: '1.*' }],
  ])('%s', (text, expected) => {
    expect(refOfRevision(text)).toMatchObject(expected);
  });

  it('looks for a range among tags with the prefix, and gives the tag with it', () => {
    const revision = refOfRevision('1.*', 'web/');
    const tags = ['web/1.0.0', 'web/1.4.0', 'api/1.9.0', '1.8.0', 'web/2.0.0'];
    expect(revision.type === 'semver' && revision.satisfies(tags)).toBe('web/1.4.0');
  });
});
