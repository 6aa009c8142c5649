import * as v from 'valibot';
import { rejected } from '../domain/errors.ts';
import type { ApplicationSet } from '../domain/fleet/applicationset/application-set.ts';
import { GeneratorSchema } from '../domain/fleet/applicationset/application-set-schema.ts';
import type { Expansion } from '../domain/fleet/applicationset/expand.ts';
import type { GeneratorInputs } from '../domain/fleet/applicationset/generator-inputs.ts';
import type { ManifestsBefore } from '../domain/fleet/applicationset/kept-by-jq.ts';
import { PAYLOAD_LIMIT_BYTES, type Packed, packed, unpack } from './sandbox-payload.ts';

const text = v.string();
const texts = v.record(text, text);
const open = v.record(text, v.unknown());

const SetSchema = v.object({
  name: text,
  namespace: text,
  generators: v.array(GeneratorSchema),
  template: open,
  templatePatch: v.exactOptional(text),
  goTemplate: v.boolean(),
  goTemplateOptions: v.array(text),
  preserveResourcesOnDeletion: v.boolean(),
  applicationsSync: v.picklist(['create-only', 'create-update', 'create-delete', 'sync']),
  ignoreApplicationDifferences: v.exactOptional(
    v.array(
      v.object({
        name: v.exactOptional(text),
        jsonPointers: v.exactOptional(v.array(text)),
        jqPathExpressions: v.exactOptional(v.array(text)),
      }),
    ),
  ),
  origin: v.object({ file: text, line: v.number() }),
});

const ErrorSchema = v.object({ error: text, notFound: v.exactOptional(v.boolean()) });
const orError = <Schema extends v.GenericSchema>(schema: Schema) => v.union([ErrorSchema, schema]);

const ClusterSchema = v.object({
  name: text,
  server: text,
  project: v.exactOptional(text),
  labels: texts,
  annotations: texts,
  implied: v.exactOptional(v.boolean()),
});

const PullRequestSchema = v.object({
  number: v.number(),
  title: text,
  branch: text,
  targetBranch: text,
  headSHA: text,
  author: text,
  labels: v.exactOptional(v.array(text)),
});

const ScmRepositorySchema = v.object({
  organization: text,
  repository: text,
  repositoryId: v.exactOptional(v.nullable(v.union([v.number(), text]))),
  url: text,
  branch: text,
  sha: text,
  labels: v.exactOptional(v.array(text)),
});

const GitSchema = v.object({ directories: v.array(text), files: v.array(text), contents: texts });

const InputsSchema = v.object({
  clusters: orError(v.array(ClusterSchema)),
  git: v.record(text, orError(GitSchema)),
  pullRequests: v.record(text, orError(v.array(PullRequestSchema))),
  scmRepositories: v.record(text, orError(v.array(ScmRepositorySchema))),
  plugins: v.record(text, orError(v.array(open))),
  newGlobbing: v.exactOptional(v.boolean()),
});

/** An Application as it was; the rest of it is of no interest here. */
const ManifestSchema = v.looseObject({ apiVersion: text, kind: text, metadata: open });

const ExpandSchema = v.object({
  expand: v.object({
    set: SetSchema,
    inputs: InputsSchema,
    before: v.exactOptional(v.record(text, ManifestSchema)),
  }),
});

/** What the sandbox function is asked to expand. */
export interface ExpandRequest {
  set: ApplicationSet;
  inputs: GeneratorInputs;
  before?: ManifestsBefore;
}

/** Reads an invocation's set and inputs. Errors: AppError `payload-invalid` (rejected) naming the field. */
export const parseExpandRequest = (payload: unknown): ExpandRequest => {
  const result = v.safeParse(ExpandSchema, unpack(payload));
  if (result.success) return result.output.expand;
  const [issue] = result.issues;
  throw rejected('payload-invalid', `expand: ${v.getDotPath(issue) ?? ''}: ${issue.message}`);
};

/** An expansion as the function returns it; one that no answer can carry is a failure. */
export const packExpansion = (expansion: Expansion): Packed => {
  const answer = packed(expansion);
  const bytes = 'gzip' in answer ? answer.gzip.length : 0;
  if (bytes <= PAYLOAD_LIMIT_BYTES) return answer;
  const error = `its Applications take ${bytes} bytes packed, ${PAYLOAD_LIMIT_BYTES} are allowed: make several sets of it`;
  return { json: { error } };
};
