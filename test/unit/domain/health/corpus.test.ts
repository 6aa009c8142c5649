import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assessHealth, type Health } from '../../../../src/domain/health/health.ts';
import type { KubernetesObject } from '../../../../src/domain/kubernetes-object.ts';

interface Case {
  id: string;
  builtin?: boolean;
  apiVersion: string;
  kind: string;
  object: KubernetesObject;
  expect: Partial<Health> | null;
}

const FILE = '../shared/corpus/health/cases.jsonl';
const present = existsSync(FILE);
if (!present) console.warn(`skipped: no conformance cases at ${FILE}`);

const cases: Case[] = present
  ? readFileSync(FILE, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): Case => JSON.parse(line))
  : [];

const assess = ({ object }: Case): Health | undefined => assessHealth({ ...object, metadata: object.metadata ?? {} });

describe.skipIf(!present)('built-in kinds', () => {
  it.each(cases.filter((one) => one.builtin))('$id', (one) => {
    if (one.expect === null) expect(assess(one)).toBeUndefined();
    else expect(assess(one)).toMatchObject(one.expect);
  });
});
