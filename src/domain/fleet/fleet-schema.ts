import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const labels = v.optional(v.record(v.string(), v.string()));
const url = v.pipe(v.string(), v.url('must be a URL'));

/** A secret is named, never written: what looks like a value is refused, and not repeated in the message. */
const secretName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9]([a-z0-9_/.-]{0,61}[a-z0-9])?$/,
    'must be the name of a secret: lower-case letters, digits and "-", at most 63',
  ),
  v.check(
    (given) => !/^(gh[a-z]_|github_pat_|gl[a-z]+-[a-z0-9_-]{20}|xox[a-z]-|xapp-|whsec_)[a-z0-9_.-]*$/.test(given),
    "must be the name of a secret, and this looks like a secret's value: revoke it, and give it by its name",
  ),
);

const name = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, 'must be letters, digits, ".", "_" and "-"'),
);

const roleARN = v.optional(
  v.pipe(v.string(), v.regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'must be arn:aws:iam::<account>:role/<name>')),
);

const region = v.pipe(v.string(), v.regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as eu-west-1'));

export const ClusterSchema = v.object({
  name,
  server: v.optional(url),
  inCluster: v.optional(v.boolean()),
  project: v.optional(text),
  mode: v.optional(v.literal('observe')),
  labels,
  annotations: labels,
  eks: v.optional(v.object({ name: text, region, roleARN })),
  kubeconfig: v.optional(v.object({ path: text, context: v.optional(text) })),
  embedded: v.optional(v.boolean()),
});

const ClusterSourceSchema = v.object({
  secretsIn: v.optional(v.object({ cluster: text, namespace: v.optional(text) })),
  secretsManager: v.optional(v.object({ prefix: text, region: v.optional(region), roleARN })),
  eks: v.optional(
    v.object({ region: v.optional(region), regions: v.optional(v.array(region)), roleARN, tags: labels }),
  ),
});

export const RepositorySchema = v.object({
  url: text,
  type: v.optional(v.picklist(['git', 'helm', 'oci'])),
  forge: v.optional(v.picklist(['github', 'gitlab', 'git'])),
  apiURL: v.optional(url),
  credentials: v.optional(secretName),
  webhookSecret: v.optional(secretName),
  passCredentials: v.optional(v.boolean()),
  deployments: v.optional(
    v.union([
      v.boolean(),
      v.record(text, v.nullish(v.object({ production: v.exactOptional(v.boolean()), url: v.exactOptional(url) }), {})),
    ]),
  ),
});

const PluginSchema = v.object({
  name: text,
  baseUrl: url,
  credentials: v.optional(secretName),
  requestTimeout: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(60, 'must be at most 60 seconds'))),
});

const byName = <Value extends v.GenericSchema>(value: Value) =>
  v.optional(
    v.object({ projects: v.optional(v.record(text, value), {}), environments: v.optional(v.record(text, value), {}) }),
  );

const SlackMember = v.pipe(
  v.string(),
  v.regex(/^[UWS][A-Z0-9]{2,}$/, 'must be the id of a Slack user (U…, W…) or user group (S…), not a name'),
);

const SlackUser = v.pipe(
  v.string(),
  v.regex(/^[UW][A-Z0-9]{2,}$/, 'must be the id of a Slack user (U…, W…), not a name'),
);

const SlackRole = v.picklist(['viewer', 'operator']);

const SlackSchema = v.object({
  channel: text,
  credentials: secretName,
  apiURL: v.optional(url),
  signingSecret: v.optional(secretName),
  roles: v.optional(v.record(SlackUser, v.union([SlackRole, v.record(text, SlackRole)]))),
  channels: byName(text),
  mentions: byName(v.array(SlackMember)),
});

/** The fleet file as it is written (design §8). */
export const FleetSchema = v.object({
  apiVersion: v.literal('towline.dev/v1alpha1'),
  kind: v.literal('Fleet'),
  metadata: v.object({ name, labels, annotations: labels }),
  spec: v.object({
    source: v.object({ repoURL: text, targetRevision: v.optional(text), path: v.optional(v.string()) }),
    repositories: v.optional(v.array(RepositorySchema)),
    clusters: v.optional(v.array(ClusterSchema)),
    clustersFrom: v.optional(v.array(ClusterSourceSchema)),
    plugins: v.optional(v.array(PluginSchema)),
    environments: v.optional(v.object({ clusterLabel: text })),
    slack: v.optional(SlackSchema),
    mode: v.optional(v.literal('observe')),
    adopt: v.optional(v.boolean()),
  }),
});

export type FleetManifest = v.InferOutput<typeof FleetSchema>;
export type ClusterManifest = v.InferOutput<typeof ClusterSchema>;
export type RepositoryManifest = v.InferOutput<typeof RepositorySchema>;
export type ClusterSourceManifest = v.InferOutput<typeof ClusterSourceSchema>;
