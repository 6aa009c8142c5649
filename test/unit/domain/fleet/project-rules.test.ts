import { describe, expect, it } from 'vitest';
import type { ClusterConfig } from '../../../../src/domain/fleet/fleet-file.ts';
import { isGlob, matchesAny, matchGlob } from '../../../../src/domain/fleet/glob.ts';
import { matchPath } from '../../../../src/domain/fleet/path-match.ts';
import type { AppProject } from '../../../../src/domain/fleet/project.ts';
import {
  DEFAULT_PROJECT,
  isSourcePermitted,
  permitsDestination,
  permitsObject,
} from '../../../../src/domain/fleet/project-rules.ts';

const cluster = (name: string, more: Partial<ClusterConfig> = {}): ClusterConfig => ({
  name,
  labels: {},
  annotations: {},
  access: { type: 'embedded' },
  ...more,
});
const project = (more: Partial<AppProject>): AppProject => ({ ...DEFAULT_PROJECT, name: 'team', ...more });
const application = { destination: { name: 'prod', namespace: 'web' } };
const ref = (kind: string, group = '', namespace?: string) => ({
  group,
  version: 'v1',
  kind,
  name: 'x',
  ...(namespace ? { namespace } : {}),
});

describe('permitsObject names the rule', () => {
  it.each([
    ['nothing, in the default project', DEFAULT_PROJECT, ref('Namespace'), false, undefined],
    [
      'cluster kinds are denied unless listed',
      project({ clusterResourceWhitelist: [] }),
      ref('Namespace'),
      false,
      'clusterResourceWhitelist',
    ],
    [
      'a black list',
      project({ clusterResourceBlacklist: [{ group: 'rbac.*', kind: '*' }] }),
      ref('ClusterRole', 'rbac.authorization.k8s.io'),
      false,
      'clusterResourceBlacklist',
    ],
    [
      'an empty white list permits nothing',
      project({ namespaceResourceWhitelist: [] }),
      ref('Pod'),
      true,
      'namespaceResourceWhitelist',
    ],
    [
      'a namespaced black list',
      project({ namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] }),
      ref('Secret'),
      true,
      'namespaceResourceBlacklist',
    ],
    [
      'the namespace of the object',
      project({ destinations: [{ name: 'prod', namespace: 'web' }] }),
      ref('Pod', '', 'kube-system'),
      true,
      'destinations',
    ],
    [
      'the application’s namespace where the object has none',
      project({ destinations: [{ name: 'prod', namespace: 'web' }] }),
      ref('Pod'),
      true,
      undefined,
    ],
  ])('%s', (_what, rules, object, namespaced, rule) => {
    const refusal = permitsObject(rules, application, cluster('prod'), object, namespaced);
    expect(refusal?.rule).toBe(rule);
    if (rule) expect(refusal?.message).toContain(rule);
  });
});

describe('permitsDestination', () => {
  it('knows the in-cluster cluster by both its names', () => {
    const here = cluster('hub', { inCluster: true, server: 'https://hub.example.com' });
    const rules = project({ destinations: [{ server: 'https://kubernetes.default.svc', namespace: '*' }] });
    expect(permitsDestination(rules, here, 'web')).toBe(true);
    const denied = project({
      destinations: [
        { server: '*', namespace: '*' },
        { name: '!in-cluster', namespace: '*' },
      ],
    });
    expect(permitsDestination(denied, here, 'web')).toBe(false);
  });

  it('lets a cluster of unknown address through "*" alone, and refuses it where a server is denied', () => {
    const unknown = cluster('prod');
    expect(permitsDestination(project({ destinations: [{ server: '*', namespace: '*' }] }), unknown, 'web')).toBe(true);
    expect(
      permitsDestination(project({ destinations: [{ server: 'https://*', namespace: '*' }] }), unknown, 'web'),
    ).toBe(false);
    const rules = project({
      destinations: [
        { server: '*', namespace: '*' },
        { server: '!https://x', namespace: '*' },
      ],
    });
    expect(permitsDestination(rules, unknown, 'web')).toBe(false);
  });

  it('wants a cluster scoped to the project where the project says so', () => {
    const rules = project({ permitOnlyProjectScopedClusters: true });
    expect(permitsDestination(rules, cluster('prod', { project: 'team' }), 'web')).toBe(true);
    expect(permitsDestination(rules, cluster('prod', { project: 'other' }), 'web')).toBe(false);
  });
});

describe('isSourcePermitted', () => {
  it.each([
    [['https://github.com/Acme/*'], 'https://github.com/acme/web.git', true],
    [['https://github.com/acme/*'], 'git@github.com:acme/web.git', false],
    [['git@github.com:acme/*'], 'ssh://git@github.com/acme/web', true],
    [['*', '!https://github.com/acme/secret'], 'https://github.com/acme/secret.git', false],
    [['*', '!https://github.com/acme/secret'], 'https://github.com/acme/open.git', true],
    [[], 'https://github.com/acme/open.git', false],
  ])('%j and %s: %s', (sourceRepos, url, expected) => {
    expect(isSourcePermitted(project({ sourceRepos }), url)).toBe(expected);
  });
});

describe('patterns', () => {
  it.each([
    ['{a,b}-*', 'b-1', undefined, true],
    ['a/*', 'a/b/c', '/', false],
    ['a/**', 'a/b/c', '/', true],
    ['a/*', 'a/b/c', undefined, true],
    ['[!a]x', 'bx', undefined, true],
    ['[a-c]x', 'dx', undefined, false],
    ['a.b', 'aXb', undefined, false],
    ['\\*', '*', undefined, true],
    ['[', '[', undefined, false],
  ])('glob %s on %s (%s): %s', (pattern, text, separator, expected) => {
    expect(matchGlob(pattern, text, separator)).toBe(expected);
  });

  it.each([
    ['*', 'apps', true],
    ['{a,b}', 'a', false],
    ['[^a]b', 'cb', true],
    ['a\\*', 'a*', true],
    ['*/x', 'a/b/x', false],
    ['[', '[', false],
  ])('path.Match %s on %s: %s', (pattern, text, expected) => {
    expect(matchPath(pattern, text)).toBe(expected);
  });

  it('reads what stands between slashes as a regular expression', () => {
    expect(matchesAny(['/^team-[ab]$/'], 'team-a')).toBe(true);
    expect(matchesAny(['/^team-[ab]$/', '/(/'], 'team-c')).toBe(false);
    expect([isGlob('[[ech*'), isGlob('{a,b}'), isGlob('{a')]).toEqual([false, true, false]);
  });
});
