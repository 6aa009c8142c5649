import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assessHealth,
  foldHealth,
  type HealthScript,
  isWorse,
  type ResourceHealth,
} from '../../../../src/domain/health/health.ts';
import type { Health, HealthStatus } from '../../../../src/domain/health/health-status.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

const ORDER: HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

const object = (apiVersion: string, kind: string, rest: Record<string, unknown> = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: 'one' },
  ...rest,
});

describe('isWorse', () => {
  it('orders the statuses', () => {
    for (const [a, better] of ORDER.entries())
      for (const [b, worse] of ORDER.entries()) expect(isWorse(better, worse)).toBe(b > a);
  });
});

describe('assessHealth', () => {
  const script = (groupKind: string, lua: string): HealthScript => ({ groupKind, lua, openLibs: false });
  const overrides = (...scripts: HealthScript[]) => ({
    scripts,
    run: (one: HealthScript): Health | undefined =>
      one.lua === '' ? undefined : { status: 'Healthy', message: one.lua },
  });
  const deleted = (finalizers?: string[]): KubernetesObject => ({
    ...object('v1', 'Pod', { status: { phase: 'Succeeded' } }),
    metadata: { name: 'one', deletionTimestamp: '2026-01-01T00:00:00Z', ...(finalizers ? { finalizers } : {}) },
  });

  it('lets deletion come first, but for a hook that is still to be read', () => {
    expect(assessHealth(deleted())).toEqual({ status: 'Progressing', message: 'Pending deletion' });
    expect(assessHealth(deleted(['argocd.argoproj.io/hook-finalizer']))?.status).toBe('Healthy');
  });

  it('prefers the exact script to the first glob, and any script to a built-in rule', () => {
    const found = overrides(script('*', 'any'), script('apps/*', 'apps'), script('apps/Deployment', 'exact'));
    expect(assessHealth(object('apps/v1', 'Deployment'), found)?.message).toBe('exact');
    expect(assessHealth(object('apps/v1', 'DaemonSet'), found)?.message).toBe('any');
    expect(assessHealth(object('v1', 'ConfigMap'), overrides(script('ConfigMap', 'core')))?.message).toBe('core');
    expect(assessHealth(object('v1', 'Secret'), overrides(script('ConfigMap', 'core')))).toBeUndefined();
  });

  it('takes a script that answers nothing for an answer', () => {
    expect(assessHealth(object('apps/v1', 'Deployment'), overrides(script('apps/Deployment', '')))).toBeUndefined();
  });

  it.each([
    ['v1', 'ConfigMap'],
    ['argoproj.io/v1alpha1', 'Application'],
    ['argoproj.io/v1alpha1', 'AppProject'],
    ['rbac.authorization.k8s.io/v1', 'Role'],
    ['example.com/v1', 'Thing'],
  ])('knows no health of %s %s', (apiVersion, kind) => {
    expect(assessHealth(object(apiVersion, kind))).toBeUndefined();
    expect(assessHealth(object(apiVersion, kind, { status: { phase: 'Failed', conditions: [] } }))).toBeUndefined();
  });

  it('does not guess at API versions it does not know', () => {
    const health = assessHealth(object('apps/v1beta1', 'Deployment'));
    expect(health).toEqual({ status: 'Unknown', message: expect.stringContaining('apps/v1beta1') });
  });
});

describe('a kind without a rule', () => {
  const conditions = (...list: [string, string][]) => ({
    status: { observedGeneration: 1, conditions: list.map(([type, status]) => ({ type, status, message: 'why' })) },
  });
  it.each<[HealthStatus | undefined, [string, string][]]>([
    ['Healthy', [['Ready', 'True']]],
    ['Progressing', [['Ready', 'False']]],
    ['Progressing', [['Ready', 'Unknown']]],
    [
      'Progressing',
      [
        ['Ready', 'True'],
        ['Reconciling', 'True'],
      ],
    ],
    [
      'Degraded',
      [
        ['Ready', 'False'],
        ['Stalled', 'True'],
      ],
    ],
    [
      undefined,
      [
        ['Available', 'False'],
        ['Synced', 'False'],
      ],
    ],
    [undefined, []],
  ])('is %s with %j', (status, list) => {
    expect(assessHealth(object('example.com/v1', 'Thing', conditions(...list)))?.status).toBe(status);
  });

  it('progresses until its controller has seen the current spec', () => {
    const stale = { ...object('example.com/v1', 'Thing', conditions(['Ready', 'True'])), metadata: { generation: 2 } };
    expect(assessHealth(stale)?.status).toBe('Progressing');
  });
});

describe('foldHealth', () => {
  const resource = (status: HealthStatus | undefined, more: Partial<ResourceHealth> = {}): ResourceHealth => ({
    group: 'apps',
    kind: 'Deployment',
    name: 'web',
    live: true,
    ...(status ? { health: { status, message: 'why' } } : {}),
    ...more,
  });
  const child = { group: 'argoproj.io', kind: 'Application', namespace: 'argocd' };

  it.each<[string, ResourceHealth[], HealthStatus]>([
    ['nothing at all', [], 'Healthy'],
    ['no health', [resource(undefined)], 'Healthy'],
    ['the worst', [resource('Healthy'), resource('Degraded'), resource('Progressing')], 'Degraded'],
    ['a hook left out', [resource('Healthy'), resource('Degraded', { hook: true })], 'Healthy'],
    [
      'one left out by annotation',
      [resource('Degraded', { annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } }), resource('Healthy')],
      'Healthy',
    ],
    [
      'missing beside one that is left out by annotation, but live',
      [
        resource('Degraded', { annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } }),
        resource(undefined, { live: false }),
      ],
      'Healthy',
    ],
    ['missing beside live', [resource(undefined, { live: false }), resource('Healthy')], 'Healthy'],
    ['nothing live', [resource(undefined, { live: false }), resource(undefined, { live: false })], 'Missing'],
    ['only hooks live', [resource('Healthy', { hook: true }), resource(undefined, { live: false })], 'Missing'],
    ['a live object that reports Missing', [resource('Missing'), resource('Healthy')], 'Missing'],
    ['a child application that is Unknown', [resource('Unknown', child)], 'Healthy'],
    ['a child application that is Degraded', [resource('Degraded', child)], 'Degraded'],
    ['itself', [resource('Degraded', { ...child, name: 'self' }), resource('Healthy')], 'Healthy'],
  ])('%s', (_, resources, status) => {
    expect(foldHealth(resources, { namespace: 'argocd', name: 'self' }).status).toBe(status);
  });

  it('names the resource that decided', () => {
    expect(foldHealth([resource('Degraded')])).toEqual({ status: 'Degraded', message: 'Deployment/web: why' });
  });

  it('does not depend on order', () => {
    const some = fc.array(fc.constantFrom(...ORDER), { minLength: 1 });
    fc.assert(
      fc.property(some, (statuses) => {
        const folded = foldHealth(statuses.map((status) => resource(status))).status;
        expect(folded).toBe(foldHealth(statuses.toReversed().map((status) => resource(status))).status);
        expect(statuses.some((status) => isWorse(folded, status))).toBe(false);
      }),
    );
  });
});
