import { describe, expect, it } from 'vitest';
import { withoutPointers } from '../../../../src/domain/diff/ignore-rules.ts';
import { respectIgnored } from '../../../../src/domain/diff/respect-ignored.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

const object = (more: Record<string, unknown>, annotations?: Record<string, string>): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...(annotations ? { annotations } : {}) },
  ...more,
});
const containers = (...items: unknown[]) => object({ spec: { template: { spec: { containers: items } } } });

describe('the target with the live values of ignored fields', () => {
  it.each([
    [
      'a scalar',
      object({ spec: { replicas: 1 } }),
      object({ spec: { replicas: 5 } }),
      ['/spec/replicas'],
      object({ spec: { replicas: 5 } }),
    ],
    [
      'a field that the target lacks',
      object({}),
      object({ spec: { replicas: 5, paused: true } }),
      ['/spec/replicas'],
      object({ spec: { replicas: 5 } }),
    ],
    [
      'an annotation beside others',
      object({}, { mine: 'new' }),
      object({}, { mine: 'old', theirs: 'x' }),
      ['/metadata/annotations/theirs'],
      object({}, { mine: 'new', theirs: 'x' }),
    ],
    [
      'a field of the item of the same name',
      containers({ name: 'side', image: 'side:2' }, { name: 'app', image: 'app:2' }),
      containers({ name: 'app', image: 'app:1' }, { name: 'side', image: 'side:1' }),
      ['/spec/template/spec/containers/0/image'],
      containers({ name: 'side', image: 'side:2' }, { name: 'app', image: 'app:1' }),
    ],
    [
      'an item that somebody added',
      containers({ name: 'app', image: 'app:2' }),
      containers({ name: 'app', image: 'app:1' }, { name: 'proxy', image: 'proxy:1' }),
      ['/spec/template/spec/containers/1'],
      containers({ name: 'app', image: 'app:2' }, { name: 'proxy', image: 'proxy:1' }),
    ],
    [
      'never the status',
      object({ spec: {} }),
      object({ spec: {}, status: { ready: 1 } }),
      ['/status'],
      object({ spec: {} }),
    ],
    [
      'nothing where the live object lacks it',
      object({ spec: { replicas: 1 } }),
      object({ spec: {} }),
      ['/spec/replicas'],
      object({ spec: { replicas: 1 } }),
    ],
  ])('takes over %s', (_name, target, live, pointers, expected) => {
    expect(respectIgnored(target, live, withoutPointers(live, pointers))).toEqual(expected);
  });
});
