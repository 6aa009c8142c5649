import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';
import { type PrepareInput, prepareTargets } from '../../../../src/domain/sync/targets.ts';
import { commonTypes } from '../../../fakes/fake-cluster-types.ts';
import { application, definition, object, SETTINGS } from './drive.ts';

const prepare = (objects: KubernetesObject[], more: Partial<PrepareInput> = {}) =>
  prepareTargets({ application: application(), objects, apiResources: commonTypes, settings: SETTINGS, ...more });

const TRACKING = 'argocd.argoproj.io/tracking-id';

describe('prepareTargets', () => {
  it('places objects by the scope of their kind', () => {
    const { targets } = prepare([
      object('ConfigMap', 'a'),
      { ...object('ConfigMap', 'b'), metadata: { name: 'b', namespace: 'other' } },
      { ...object('ClusterRole', 'c'), metadata: { name: 'c', namespace: 'ignored' } },
      definition,
      object('Widget', 'w'),
      { apiVersion: 'x.io/v1', kind: 'Unknown', metadata: { name: 'u' } },
    ]);
    expect(targets.map(({ key, kind }) => [key, kind])).toEqual([
      ['/ConfigMap/web/a', 'served'],
      ['/ConfigMap/other/b', 'served'],
      ['rbac.authorization.k8s.io/ClusterRole//c', 'served'],
      ['apiextensions.k8s.io/CustomResourceDefinition//widgets.example.com', 'served'],
      ['example.com/Widget/web/w', 'defined-here'],
      ['x.io/Unknown//u', 'unknown'],
    ]);
  });

  it.each([
    ['annotation', 'argocd', 'web:/ConfigMap:web/a', undefined],
    ['annotation', 'team', 'team_web:/ConfigMap:web/a', undefined],
    ['label', 'argocd', undefined, 'web'],
    ['annotation+label', 'argocd', 'web:/ConfigMap:web/a', 'web'],
  ] as const)('tracks by %s an application in %s', (trackingMethod, namespace, id, label) => {
    const { targets } = prepare([object('ConfigMap', 'a')], {
      application: application([], { namespace }),
      settings: { ...SETTINGS, trackingMethod },
    });
    const { annotations, labels } = targets[0]?.object.metadata ?? {};
    expect(annotations?.[TRACKING]).toBe(id);
    expect(labels?.['app.kubernetes.io/instance']).toBe(label);
  });

  it('adds the installation id, cuts a label to 63 characters', () => {
    const { targets } = prepare([object('ConfigMap', 'a')], {
      application: application([], { name: 'n'.repeat(80) }),
      settings: { ...SETTINGS, trackingMethod: 'annotation+label', installationID: 'one' },
    });
    const { annotations, labels } = targets[0]?.object.metadata ?? {};
    expect(annotations?.['argocd.argoproj.io/installation-id']).toBe('one');
    expect(labels?.['app.kubernetes.io/instance']).toHaveLength(63);
  });

  it('takes lists apart; the last of two counts, with a warning', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      metadata: {},
      items: [
        object('ConfigMap', 'a'),
        {
          apiVersion: 'v1',
          kind: 'ConfigMapList',
          metadata: {},
          items: [object('ConfigMap', 'b', {}, { data: { from: 'list' } })],
        },
      ],
    };
    const { targets, problems } = prepare([list, object('ConfigMap', 'b', {}, { data: { from: 'last' } })]);
    expect(targets.map(({ ref, object: { data } }) => [ref.name, data])).toEqual([
      ['a', undefined],
      ['b', { from: 'last' }],
    ]);
    expect(problems).toMatchObject([{ severity: 'warning', code: 'repeated-resource' }]);
  });

  it('keeps what is not applied among the targets, so that it is not pruned', () => {
    const { targets, problems } = prepare([
      object('ConfigMap', 'skipped', { hook: 'Skip' }),
      object('ConfigMap', 'ignored', { hook: 'Nonsense' }),
      object('Lease', 'excluded', {}, { apiVersion: 'coordination.k8s.io/v1' }),
    ]);
    expect(targets.map(({ phases }) => phases)).toEqual([[], [], []]);
    expect(problems.map(({ code }) => code)).toEqual(['unknown-hook', 'excluded-resource']);
  });

  it('refuses what has no kind or name, and says so', () => {
    const { targets, problems } = prepare([
      { apiVersion: 'v1', kind: '', metadata: { name: 'x' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } },
    ]);
    expect(targets).toEqual([]);
    expect(problems.map(({ severity, code }) => [severity, code])).toEqual([
      ['error', 'malformed-object'],
      ['error', 'unnamed-resource'],
      ['error', 'unnamed-resource'],
    ]);
  });
});
