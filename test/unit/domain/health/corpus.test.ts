import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assessCustom } from '../../../../src/domain/health/custom/table.ts';
import { assessHealth } from '../../../../src/domain/health/health.ts';
import type { Health } from '../../../../src/domain/health/health-status.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

interface Case {
  id: string;
  builtin?: boolean;
  object: KubernetesObject;
  expect: Partial<Health> | null;
}

const FILE = '../shared/corpus/health/cases.jsonl';
const present = existsSync(FILE);

const cases = (present ? readFileSync(FILE, 'utf8') : '')
  .split('\n')
  .filter(Boolean)
  .map((line): Case => JSON.parse(line))
  .map((one): Case => {
    const object: KubernetesObject = { ...one.object, metadata: one.object.metadata ?? {} };
    return { ...one, object };
  });

/** Every text of an object's spec and status. */
const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

describe.skipIf(!present)(`built-in kinds (${FILE})`, () => {
  it.each(cases.filter((one) => one.builtin))('$id', ({ object, expect: expected }) => {
    if (expected === null) expect(assessHealth(object)).toBeUndefined();
    else expect(assessHealth(object)).toMatchObject(expected);
  });
});

// The cases judge an object by its kind's rule alone; that it is being deleted comes before, and is tested apart.
describe.skipIf(!present)(`custom resources (${FILE})`, () => {
  it.each(cases.filter((one) => !one.builtin))('$id', ({ object, expect: expected }) => {
    const health = assessCustom(object);
    expect(health?.status).toBe(expected?.status);
    const message = expected?.message ?? '';
    const own = [object['spec'], object['status']];
    if (textsOf(own).includes(message)) expect(health?.message).toBe(message);
  });
});
