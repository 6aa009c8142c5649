import * as v from 'valibot';
import { MetadataSchema } from './metadata-schema.ts';
import { parseBackoff } from './retry.ts';
import { SourceHydratorSchema, SourceSchema } from './source-schema.ts';

const text = v.string();
const texts = v.array(text);
const labels = v.record(text, text);
const flag = v.boolean();

const integer = v.pipe(v.number(), v.safeInteger('must be a whole number'));
const duration = v.pipe(
  text,
  v.check((one) => parseBackoff(one) !== undefined, 'must be a duration such as 5s, 3m or 1h30m'),
);

const namespace = v.pipe(
  text,
  v.regex(/^(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)?$/, 'must be at most 63 lower-case letters, digits and "-"'),
);

const syncPolicy = v.object({
  automated: v.optional(
    v.nullable(
      v.object({
        enabled: v.optional(flag),
        prune: v.optional(flag),
        selfHeal: v.optional(flag),
        allowEmpty: v.optional(flag),
      }),
    ),
  ),
  syncOptions: v.optional(texts),
  retry: v.optional(
    v.object({
      limit: v.optional(integer),
      refresh: v.optional(flag),
      backoff: v.optional(
        v.object({ duration: v.optional(duration), factor: v.optional(integer), maxDuration: v.optional(duration) }),
      ),
    }),
  ),
  managedNamespaceMetadata: v.optional(v.object({ labels: v.optional(labels), annotations: v.optional(labels) })),
});

/** Argo CD's Application, as far as Towline reads it. */
export const ApplicationSchema = v.object({
  apiVersion: v.literal('argoproj.io/v1alpha1'),
  kind: v.literal('Application'),
  metadata: MetadataSchema,
  spec: v.object({
    project: v.optional(text),
    source: v.optional(SourceSchema),
    sources: v.optional(v.array(SourceSchema)),
    sourceHydrator: v.optional(SourceHydratorSchema),
    destination: v.object({ server: v.optional(text), name: v.optional(text), namespace: v.optional(namespace) }),
    syncPolicy: v.optional(syncPolicy),
    ignoreDifferences: v.optional(
      v.array(
        v.object({
          group: v.optional(text),
          kind: text,
          name: v.optional(text),
          namespace: v.optional(text),
          jsonPointers: v.optional(texts),
          jqPathExpressions: v.optional(texts),
          managedFieldsManagers: v.optional(texts),
        }),
      ),
    ),
    info: v.optional(v.array(v.object({ name: text, value: text }))),
    revisionHistoryLimit: v.optional(v.pipe(integer, v.minValue(0, 'must not be negative'))),
  }),
  status: v.optional(v.unknown()),
  operation: v.optional(v.unknown()),
});

export type ApplicationManifest = v.InferOutput<typeof ApplicationSchema>;
