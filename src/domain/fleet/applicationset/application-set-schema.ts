import * as v from 'valibot';
import { MetadataSchema } from '../metadata-schema.ts';
import type { Generator } from './application-set.ts';
import {
  GitHubPullRequestsSchema,
  GitHubRepositoriesSchema,
  GitLabPullRequestsSchema,
  GitLabRepositoriesSchema,
} from './forge-request.ts';

const text = v.string();
const flag = v.optional(v.boolean());
const values = v.optional(v.record(text, text));
const open = v.record(text, v.unknown());
const seconds = v.optional(v.number());
/** Checked once it is rendered: before, a number may still be a placeholder. */
const template = v.optional(open);

const selector = v.optional(
  v.object({
    matchLabels: values,
    matchExpressions: v.optional(
      v.array(
        v.object({
          key: text,
          operator: v.picklist(['In', 'NotIn', 'Exists', 'DoesNotExist']),
          values: v.optional(v.array(text)),
        }),
      ),
    ),
  }),
);

const paths = v.optional(v.array(v.object({ path: text, exclude: flag })));
const filters = v.optional(v.array(open));

/** Whom a generator asks: kept as it is written, for whoever asks them. */
const providers = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, v.optional(open)]));

const children = v.pipe(
  v.array(v.lazy((): v.GenericSchema<Generator> => GeneratorSchema)),
  v.minLength(2, 'must be at least two generators'),
);

/** One item of `spec.generators`; providers' own blocks (github, gitlab, …) are kept as they are. */
export const GeneratorSchema: v.GenericSchema<Generator> = v.object({
  selector,
  list: v.optional(v.object({ elements: v.optional(v.array(open)), elementsYaml: v.optional(text), template })),
  clusters: v.optional(v.object({ selector, values, flatList: flag, template })),
  git: v.optional(
    v.object({
      repoURL: text,
      revision: v.optional(text),
      directories: paths,
      files: paths,
      pathParamPrefix: v.optional(text),
      values,
      requeueAfterSeconds: seconds,
      template,
    }),
  ),
  pullRequest: v.optional(
    v.object({
      filters,
      values,
      continueOnRepoNotFoundError: flag,
      requeueAfterSeconds: seconds,
      template,
      github: v.optional(GitHubPullRequestsSchema),
      gitlab: v.optional(GitLabPullRequestsSchema),
      ...providers(['gitea', 'bitbucketServer', 'bitbucket', 'azuredevops']),
    }),
  ),
  scmProvider: v.optional(
    v.object({
      filters,
      cloneProtocol: v.optional(text),
      values,
      requeueAfterSeconds: seconds,
      template,
      github: v.optional(GitHubRepositoriesSchema),
      gitlab: v.optional(GitLabRepositoriesSchema),
      ...providers(['gitea', 'bitbucketServer', 'bitbucket', 'azureDevOps', 'awsCodeCommit']),
    }),
  ),
  plugin: v.optional(
    v.object({
      configMapRef: v.object({ name: text }),
      input: v.optional(v.object({ parameters: v.optional(open) })),
      values,
      requeueAfterSeconds: seconds,
      template,
    }),
  ),
  clusterDecisionResource: v.optional(open),
  matrix: v.optional(v.object({ generators: children, template })),
  merge: v.optional(v.object({ generators: children, mergeKeys: v.optional(v.array(text)), template })),
});

const preserved = v.optional(v.object({ annotations: v.optional(v.array(text)), labels: v.optional(v.array(text)) }));

/** Argo CD's ApplicationSet. */
export const ApplicationSetSchema = v.object({
  apiVersion: v.literal('argoproj.io/v1alpha1'),
  kind: v.literal('ApplicationSet'),
  metadata: MetadataSchema,
  spec: v.object({
    generators: v.array(GeneratorSchema),
    template: open,
    templatePatch: v.optional(text),
    goTemplate: flag,
    goTemplateOptions: v.optional(v.array(text)),
    /** Since Argo CD 3.0 they are always applied. */
    applyNestedSelectors: flag,
    syncPolicy: v.optional(
      v.object({
        preserveResourcesOnDeletion: flag,
        applicationsSync: v.optional(v.picklist(['create-only', 'create-update', 'create-delete', 'sync'])),
      }),
    ),
    preservedFields: preserved,
    ignoreApplicationDifferences: v.optional(
      v.array(
        v.object({
          name: v.optional(text),
          jsonPointers: v.optional(v.array(text)),
          jqPathExpressions: v.optional(v.array(text)),
        }),
      ),
    ),
    strategy: v.optional(
      v.object({
        type: v.optional(v.picklist(['AllAtOnce', 'RollingSync', ''])),
        rollingSync: v.optional(open),
        deletionOrder: v.optional(v.picklist(['AllAtOnce', 'Reverse', ''])),
      }),
    ),
  }),
  status: v.optional(v.unknown()),
});

export type ApplicationSetManifest = v.InferOutput<typeof ApplicationSetSchema>;
