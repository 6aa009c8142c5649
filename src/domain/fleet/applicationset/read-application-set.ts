import { isRecord } from '../../health/fields.ts';
import type { Origin } from '../application.ts';
import type { Finding } from '../check-application.ts';
import { CONTROL_NAMESPACE } from '../read-manifests.ts';
import { type ApplicationSet, type Generator, kindsOf } from './application-set.ts';
import type { ApplicationSetManifest } from './application-set-schema.ts';
import { checkGenerators } from './check-generators.ts';

/** An ApplicationSet with defaults filled in. */
export const applicationSetOf = ({ metadata, spec }: ApplicationSetManifest, origin: Origin): ApplicationSet => ({
  name: metadata.name,
  namespace: metadata.namespace ?? CONTROL_NAMESPACE,
  generators: spec.generators,
  template: spec.template,
  ...(spec.templatePatch ? { templatePatch: spec.templatePatch } : {}),
  goTemplate: spec.goTemplate ?? false,
  goTemplateOptions: spec.goTemplateOptions ?? [],
  preserveResourcesOnDeletion: spec.syncPolicy?.preserveResourcesOnDeletion ?? false,
  applicationsSync: spec.syncPolicy?.applicationsSync ?? 'sync',
  ...(spec.preservedFields ? { preservedFields: spec.preservedFields } : {}),
  ...(spec.ignoreApplicationDifferences
    ? {
        ignoreApplicationDifferences: spec.ignoreApplicationDifferences.map(
          ({ name, jsonPointers, jqPathExpressions }) => ({
            ...(name ? { name } : {}),
            ...(jsonPointers ? { jsonPointers } : {}),
            ...(jqPathExpressions ? { jqPathExpressions } : {}),
          }),
        ),
      }
    : {}),
  origin,
});

/** What is wrong within a set, or is read but does nothing here. */
export const checkApplicationSet = ({ spec }: ApplicationSetManifest): Finding[] => {
  return [
    ...checkGenerators(spec.generators, ['spec', 'generators']),
    ...checkTemplate(spec.template, spec.templatePatch !== undefined || spec.generators.some(hasTemplate)),
    ...(spec.strategy?.type === 'RollingSync' ? [withoutEffect(['spec', 'strategy'], STEPS)] : []),
  ];
};

/** Whether a generator brings a part of the template: what the set's lacks may be in it. */
const hasTemplate = (generator: Generator): boolean =>
  kindsOf(generator).some((kind) => {
    const body: { template?: unknown } | undefined = generator[kind];
    return isRecord(body?.template);
  });

const checkTemplate = (template: Record<string, unknown>, isAdded: boolean): Finding[] => {
  const missing = (path: string[], what: string): Finding => ({
    path: ['spec', 'template', ...path],
    severity: 'error',
    code: 'field-invalid',
    message: `needs ${what}`,
  });
  const { metadata, spec } = template;
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  if (isAdded) return [];
  return [
    ...(typeof name === 'string' && name !== '' ? [] : [missing(['metadata'], 'a name, with a parameter in it')]),
    ...(isRecord(spec) ? [] : [missing([], 'a spec: that of the Applications')]),
  ];
};

const withoutEffect = (path: Finding['path'], message: string): Finding => ({
  path,
  severity: 'warning',
  code: 'field-without-effect',
  message,
});

const STEPS = 'steps are not served: the Applications of a set sync side by side, each by its own policy';

/**
 * Which Applications a set has, given those that it had and those that it makes now: `sync` all that it makes,
 * `create-update` those that are gone too, `create-delete` none changed, `create-only` neither changed nor gone.
 */
export const applySyncPolicy = <T>(
  policy: ApplicationSet['applicationsSync'],
  before: readonly T[],
  now: readonly T[],
  idOf: (one: T) => string,
): T[] => {
  const known = new Map(before.map((one) => [idOf(one), one]));
  const made = new Set(now.map(idOf));
  const updates = policy === 'sync' || policy === 'create-update';
  const deletes = policy === 'sync' || policy === 'create-delete';
  const current = now.map((one) => (updates ? one : (known.get(idOf(one)) ?? one)));
  return deletes ? current : [...current, ...before.filter((one) => !made.has(idOf(one)))];
};
