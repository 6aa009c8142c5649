import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allTrue,
  condition,
  from,
  observed,
  observedConditions,
  otherwise,
  phase,
  ready,
  reported,
  rules,
  suspendedWhen,
  when,
} from '../../../../src/domain/health/custom/rules.ts';
import { assessCustom } from '../../../../src/domain/health/custom/table.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

const object = (rest: Record<string, unknown> = {}, metadata: KubernetesObject['metadata'] = {}): KubernetesObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  ...rest,
  metadata,
});

const withConditions = (...conditions: Record<string, unknown>[]) => object({ status: { conditions } });

describe('the rule language', () => {
  it('takes the first answer', () => {
    const rule = rules(
      when(() => false, 'Degraded'),
      otherwise('Healthy', 'second'),
      otherwise('Unknown'),
    );
    expect(rule(object())).toEqual({ status: 'Healthy', message: 'second' });
    expect(rules()(object())).toBeUndefined();
  });

  it('reads phases, with the phase or another text as message', () => {
    const rule = phase('status.phase', { Healthy: ['Up'], Degraded: ['Down', 'Gone'] }, from('status.message', 'none'));
    expect(rule(object({ status: { phase: 'Gone', message: 'why' } }))).toEqual({ status: 'Degraded', message: 'why' });
    expect(rule(object({ status: { phase: 'Up' } }))).toEqual({ status: 'Healthy', message: 'none' });
    expect(rule(object({ status: { phase: 'Else' } }))).toBeUndefined();
    expect(phase('status.phase', { Healthy: ['Up'] })(object({ status: { phase: 'Up' } }))?.message).toBe('Up');
  });

  it('reads conditions by type or pattern, status and reason', () => {
    const thing = withConditions(
      { type: 'A', status: 'False', reason: 'Slow' },
      { type: 'B', status: true, message: 'yes', reason: 'Fine' },
    );
    expect(condition('A', 'False', 'Degraded')(thing)).toEqual({ status: 'Degraded', message: 'Slow' });
    expect(condition('A', 'False', 'Degraded', { reasons: ['Broken'] })(thing)).toBeUndefined();
    expect(condition(/^[BC]$/, 'True', 'Healthy')(thing)).toEqual({ status: 'Healthy', message: 'yes' });
    expect(condition('B', 'True', 'Healthy', { message: 'own' })(thing)?.message).toBe('own');
    expect(allTrue()(thing)).toBeUndefined();
    expect(allTrue()(withConditions())).toBeUndefined();
  });

  it('waits for a status and for the current generation', () => {
    expect(reported()(object())?.status).toBe('Progressing');
    expect(reported()(object({ status: {} }))?.status).toBe('Progressing');
    expect(reported()(object({ status: { a: 1 } }))).toBeUndefined();
    const at = (observedGeneration?: number) => object({ status: { observedGeneration } }, { generation: 2 });
    expect(observed()(at(1))?.status).toBe('Progressing');
    expect(observed()(at(2))).toBeUndefined();
    expect(observed()(at())).toBeUndefined();
    const stale = { ...withConditions({ type: 'A', observedGeneration: 1 }), metadata: { generation: 2 } };
    expect(observedConditions('A')(stale)?.status).toBe('Progressing');
    expect(observedConditions('B')(stale)).toBeUndefined();
  });

  it('suspends where a flag says so', () => {
    expect(suspendedWhen('spec.paused', 'Paused')(object({ spec: { paused: true } }))?.status).toBe('Suspended');
    expect(suspendedWhen('spec.paused', 'Paused')(object({ spec: { paused: 'true' } }))).toBeUndefined();
  });

  it.each([
    ['True', 'Healthy'],
    ['False', 'Degraded'],
    ['Unknown', 'Progressing'],
    ['', 'Progressing'],
  ])('reads a Ready that is %j as %s', (status, health) => {
    expect(ready()(withConditions({ type: 'Ready', status }))?.status).toBe(health);
  });
});

describe('the table', () => {
  it.each([
    ['ec2.aws.upbound.io/v1beta1', 'VPC', 'True', 'Healthy'],
    ['ec2.aws.crossplane.io/v1beta1', 'VPC', 'True', 'Healthy'],
    ['compute.cnrm.cloud.google.com/v1beta1', 'ComputeDisk', 'True', 'Healthy'],
    ['rds.services.k8s.aws/v1alpha1', 'DBInstance', 'False', 'Progressing'],
  ])('knows whole groups: %s %s', (apiVersion, kind, status, health) => {
    const thing = { ...withConditions({ type: 'Ready', status, reason: 'Why' }), apiVersion, kind };
    expect(assessCustom(thing)?.status).toBe(health);
  });

  it.each([
    ['aws.upbound.io/v1beta1', 'ProviderConfig'],
    ['apiextensions.crossplane.io/v1', 'Composition'],
  ])('takes configuration for healthy: %s %s', (apiVersion, kind) => {
    expect(assessCustom({ ...object(), apiVersion, kind })?.status).toBe('Healthy');
  });

  it('never throws, whatever an object looks like', () => {
    const kinds = [
      'argoproj.io/Rollout',
      'gateway.networking.k8s.io/HTTPRoute',
      'sparkoperator.k8s.io/SparkApplication',
    ];
    const some = fc.record({ spec: fc.jsonValue(), status: fc.jsonValue() });
    fc.assert(
      fc.property(fc.constantFrom(...kinds), some, (key, rest) => {
        const [group, kind = ''] = key.split('/');
        expect(() => assessCustom({ ...object(rest), apiVersion: `${group}/v1`, kind })).not.toThrow();
      }),
    );
  });
});
