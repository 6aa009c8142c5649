import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty());
const commitId = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/));

/**
 * A pull request (GitLab: merge request) was opened, got commits, labels or another base, or was closed: preview what it
 * would change, or end its preview. Like a change it is a hint: the request may stand elsewhere by now.
 */
export const PreviewMessageSchema = v.object({
  version: v.literal(1),
  /** Id of the delivery's row, where a webhook asks. */
  delivery: v.optional(text),
  /** Registered URL of the repository that the request would be merged into. */
  repository: text,
  /** GitHub's number, GitLab's iid. */
  number: v.pipe(v.number(), v.integer(), v.minValue(1)),
  action: v.picklist(['opened', 'updated', 'labeled', 'closed']),
  /** Full ref (`refs/heads/main`), and its commit where the forge names it. */
  base: v.object({ ref: text, commit: v.optional(commitId) }),
  /** The branch's full ref in its own repository; the base's repository has it under `pullRequestRef`. */
  head: v.object({ ref: text, commit: commitId }),
  /** The head's branch is in another repository: whoever wrote it need not be trusted. */
  fork: v.boolean(),
  labels: v.optional(v.array(v.string()), []),
});

export type PreviewMessage = v.InferOutput<typeof PreviewMessageSchema>;
