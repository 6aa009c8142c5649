import * as v from 'valibot';
import { MetadataSchema } from './metadata-schema.ts';

const text = v.string();
const texts = v.array(text);
const flag = v.boolean();

const groupKinds = v.optional(v.array(v.object({ group: text, kind: text, name: v.optional(text) })));

/** Argo CD's AppProject, as far as Towline reads it. */
export const AppProjectSchema = v.object({
  apiVersion: v.literal('argoproj.io/v1alpha1'),
  kind: v.literal('AppProject'),
  metadata: MetadataSchema,
  spec: v.object({
    description: v.optional(text),
    sourceRepos: v.optional(texts),
    sourceNamespaces: v.optional(texts),
    destinations: v.optional(
      v.array(v.object({ server: v.optional(text), name: v.optional(text), namespace: v.optional(text) })),
    ),
    clusterResourceWhitelist: groupKinds,
    clusterResourceBlacklist: groupKinds,
    namespaceResourceWhitelist: groupKinds,
    namespaceResourceBlacklist: groupKinds,
    syncWindows: v.optional(
      v.array(
        v.object({
          kind: v.picklist(['allow', 'deny']),
          schedule: text,
          duration: text,
          applications: v.optional(texts),
          namespaces: v.optional(texts),
          clusters: v.optional(texts),
          manualSync: v.optional(flag),
          timeZone: v.optional(text),
          andOperator: v.optional(flag),
          syncOverrun: v.optional(flag),
          description: v.optional(text),
        }),
      ),
    ),
    orphanedResources: v.optional(
      v.nullable(
        v.object({
          warn: v.optional(flag),
          ignore: v.optional(
            v.array(v.object({ group: v.optional(text), kind: v.optional(text), name: v.optional(text) })),
          ),
        }),
      ),
    ),
    permitOnlyProjectScopedClusters: v.optional(flag),
    roles: v.optional(
      v.array(
        v.object({
          name: text,
          description: v.optional(text),
          policies: v.optional(texts),
          groups: v.optional(texts),
          jwtTokens: v.optional(v.array(v.unknown())),
        }),
      ),
    ),
    signatureKeys: v.optional(v.array(v.object({ keyID: text }))),
    sourceIntegrity: v.optional(
      v.object({
        git: v.optional(
          v.object({
            policies: v.optional(
              v.array(
                v.object({
                  repos: v.optional(v.array(v.object({ url: text }))),
                  gpg: v.optional(v.object({ mode: v.optional(text), keys: v.optional(texts) })),
                }),
              ),
            ),
          }),
        ),
      }),
    ),
    destinationServiceAccounts: v.optional(
      v.array(
        v.object({ server: v.optional(text), namespace: v.optional(text), defaultServiceAccount: v.optional(text) }),
      ),
    ),
  }),
  status: v.optional(v.unknown()),
});

export type AppProjectManifest = v.InferOutput<typeof AppProjectSchema>;
