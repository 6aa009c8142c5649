import * as v from 'valibot';

const text = v.string();
const texts = v.array(text);
/** To valibot a list is a record too. */
const notList = v.check((value: unknown) => !Array.isArray(value), 'must be a mapping');
const labels = v.pipe(v.unknown(), notList, v.record(text, text));
const flag = v.boolean();
const open = v.pipe(v.unknown(), notList, v.record(text, v.unknown()));

const helm = v.object({
  valueFiles: v.optional(texts),
  values: v.optional(text),
  valuesObject: v.optional(open),
  parameters: v.optional(v.array(v.object({ name: text, value: v.optional(text), forceString: v.optional(flag) }))),
  fileParameters: v.optional(v.array(v.object({ name: text, path: text }))),
  releaseName: v.optional(text),
  namespace: v.optional(text),
  version: v.optional(text),
  passCredentials: v.optional(flag),
  ignoreMissingValueFiles: v.optional(flag),
  skipCrds: v.optional(flag),
  skipTests: v.optional(flag),
  skipSchemaValidation: v.optional(flag),
  kubeVersion: v.optional(text),
  apiVersions: v.optional(texts),
});

const kustomize = v.object({
  namePrefix: v.optional(text),
  nameSuffix: v.optional(text),
  images: v.optional(texts),
  replicas: v.optional(v.array(v.object({ name: text, count: v.union([v.number(), text]) }))),
  commonLabels: v.optional(labels),
  forceCommonLabels: v.optional(flag),
  labelWithoutSelector: v.optional(flag),
  labelIncludeTemplates: v.optional(flag),
  commonAnnotations: v.optional(labels),
  forceCommonAnnotations: v.optional(flag),
  commonAnnotationsEnvsubst: v.optional(flag),
  namespace: v.optional(text),
  patches: v.optional(
    v.array(
      v.object({
        path: v.optional(text),
        patch: v.optional(text),
        target: v.optional(labels),
        options: v.optional(v.record(text, flag)),
      }),
    ),
  ),
  components: v.optional(texts),
  ignoreMissingComponents: v.optional(flag),
  version: v.optional(text),
  kubeVersion: v.optional(text),
  apiVersions: v.optional(texts),
});

const directory = v.object({
  recurse: v.optional(flag),
  include: v.optional(text),
  exclude: v.optional(text),
  jsonnet: v.optional(open),
});

const sourceFields = {
  path: v.optional(text),
  targetRevision: v.optional(text),
  chart: v.optional(text),
  ref: v.optional(text),
  name: v.optional(text),
  tagPrefix: v.optional(text),
  helm: v.optional(helm),
  kustomize: v.optional(kustomize),
  directory: v.optional(directory),
  plugin: v.optional(
    v.object({
      name: v.optional(text),
      env: v.optional(v.array(v.object({ name: text, value: text }))),
      parameters: v.optional(v.array(open)),
    }),
  ),
};

/** One source of an Application. */
export const SourceSchema = v.object({ repoURL: v.pipe(text, v.nonEmpty('must name a repository')), ...sourceFields });

/** `sourceHydrator`: what is rendered (drySource), and the branch that the result is kept on. */
export const SourceHydratorSchema = v.object({
  drySource: v.object({ repoURL: v.pipe(text, v.nonEmpty('must name a repository')), ...sourceFields }),
  syncSource: v.object({ targetBranch: text, path: text, repoURL: v.optional(text) }),
  hydrateTo: v.optional(v.object({ targetBranch: text })),
});
