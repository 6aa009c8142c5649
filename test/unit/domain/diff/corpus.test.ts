import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDeleteJqPaths } from '../../../../src/adapters/jq/delete-jq-paths.ts';
import { comparable } from '../../../../src/domain/diff/compare-resource.ts';
import { differencesOf } from '../../../../src/domain/diff/differences.ts';
import { hideSecrets } from '../../../../src/domain/diff/hide-secrets.ts';
import { ignoreRulesFor, withoutIgnored } from '../../../../src/domain/diff/ignore-rules.ts';
import { isEmptyValue } from '../../../../src/domain/diff/json.ts';
import { withoutTrusted } from '../../../../src/domain/diff/trusted-managers.ts';
import type { ResourceIgnoreDifferences } from '../../../../src/domain/fleet/application.ts';
import { type KubernetesObject, refOf } from '../../../../src/domain/kubernetes-object.ts';
import { defaultSettings, type IgnoreRules } from '../../../../src/domain/settings/argo-settings.ts';

interface Field {
  of: string;
  path: (string | number)[];
  [check: string]: unknown;
}

interface Case {
  id: string;
  fn: string;
  /** Differs by fn. */
  input: Record<string, unknown>;
  expect: { modified?: boolean; has?: boolean; error?: unknown; fields?: Field[]; paths?: Field[] };
}

const FILE = '../shared/corpus/diff/cases.jsonl';
const present = existsSync(FILE);

/** Here the values of the predicted object include defaults by the cluster's schema, which only its dry run knows. */
const NEEDS_SCHEMA = ['structuredMergeDiff'];

const cases = (present ? readFileSync(FILE, 'utf8') : '')
  .split('\n')
  .filter(Boolean)
  .map((line): Case => JSON.parse(line));

const deleteJqPaths = createDeleteJqPaths();

const read = <T>(value: unknown): T => value as T;

const overridesOf = (value: unknown) =>
  Object.entries(read<Record<string, { ignoreDifferences?: Partial<IgnoreRules> }>>(value ?? {})).map(
    ([groupKind, { ignoreDifferences: rules }]) => ({
      groupKind,
      ignoreDifferences: { jsonPointers: [], jqPathExpressions: [], managedFieldsManagers: [], ...rules },
    }),
  );

const compare = async (input: Case['input'], options: Record<string, unknown>) => {
  const settings = defaultSettings();
  settings.compareOptions.ignoreAggregatedRoles = options['ignoreAggregatedRoles'] === true;
  const sides = await comparable(
    {
      settings,
      fieldManager: 'argocd-controller',
      deleteJqPaths,
      includeMutationWebhook: options['ignoreMutationWebhook'] === false,
      ...(input['predictedLive'] ? { predicted: read<KubernetesObject>(input['predictedLive']) } : {}),
    },
    read(input['config']),
    read(input['live']),
  );
  return {
    modified: differencesOf(sides.predicted, sides.live).length > 0,
    predictedLive: sides.predicted,
    normalizedLive: sides.live,
  };
};

const run: Record<string, (input: Case['input']) => Promise<Record<string, unknown>> | Record<string, unknown>> = {
  diff: (input) => compare(input, read(input['options'] ?? {})),
  structuredMergeDiff: (input) => compare(input, read(input['options'] ?? {})),
  serverSideDiff: (input) => compare(input, read(input['options'] ?? {})),
  hideSecretData: (input) => {
    const { desired, live } = hideSecrets(
      { desired: read(input['config'] ?? undefined), live: read(input['live'] ?? undefined) },
      Object.keys(read<object>(input['hideAnnotations'] ?? {})),
    );
    return { config: desired, live };
  },
  hasIgnoreDifference: (input) => {
    const rules = ignoreRulesFor(
      read(input),
      read<ResourceIgnoreDifferences[]>(input['ignoreDifferences'] ?? []),
      overridesOf(input['resourceOverrides']),
    );
    return { has: rules !== undefined, ignore: rules };
  },
  ignoreDifferences: async (input) => {
    const rules = read<ResourceIgnoreDifferences[]>(input['ignoreDifferences']);
    const object = read<KubernetesObject>(
      input['object'] ?? { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } },
    );
    const ignore = ignoreRulesFor(refOf(object), rules, overridesOf(input['resourceOverrides']));
    return { object: ignore ? await withoutIgnored(object, ignore, deleteJqPaths) : object };
  },
  managedFieldsManagers: (input) => {
    if (!input['config'] || !input['live']) return { live: undefined, config: undefined };
    const { live, desired } = withoutTrusted(
      read(input['live']),
      read(input['config']),
      read(input['trustedManagers']),
    );
    return { live, config: desired };
  },
};

const valueAt = (value: unknown, path: Field['path']): unknown => {
  let here = value;
  for (const key of path) {
    if (key === 'Object' && typeof here === 'string') here = JSON.parse(here);
    else here = read<Record<string, unknown> | undefined>(here)?.[key];
  }
  return here ?? undefined;
};

const check = (result: Record<string, unknown>, field: Field): void => {
  const value = valueAt(field.of ? result[field.of] : result['object'], field.path);
  if ('found' in field) expect(value !== undefined).toBe(field['found']);
  if ('notNull' in field) expect(value !== undefined).toBe(field['notNull']);
  if ('length' in field) expect(value).toHaveLength(Number(field['length']));
  if ('empty' in field) expect(isEmptyValue(value)).toBe(field['empty']);
  if ('zero' in field) expect(isEmptyValue(value)).toBe(field['zero']);
  if ('value' in field) expect(value).toEqual(field['value'] ?? undefined);
  if ('contains' in field) expect(value).toContain(field['contains']);
  if ('notContains' in field) expect(value).not.toContain(field['notContains']);
};

describe.skipIf(!present)(`comparison (${FILE})`, () => {
  it.each(cases)('$fn $id', async ({ fn, input, expect: expected }) => {
    const serve = run[fn];
    if (!serve) throw new Error(`no such fn: ${fn}`);
    if (expected.error) {
      await expect(async () => serve(input)).rejects.toThrow();
      return;
    }
    const result = await serve(input);
    if (expected.modified !== undefined) expect(result['modified']).toBe(expected.modified);
    if (expected.has !== undefined) expect(result['has']).toBe(expected.has);
    const fields = [...(expected.fields ?? []), ...(expected.paths ?? [])];
    for (const field of fields) if (!NEEDS_SCHEMA.includes(fn) || 'length' in field) check(result, field);
  });
});
