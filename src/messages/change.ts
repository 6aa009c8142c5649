import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty());

/** A ref of a repository moved, or is said to have: read it and plan. `delivery` is the id of the row that asks for it, where a webhook did. */
export const ChangeMessageSchema = v.object({
  version: v.literal(1),
  delivery: v.optional(text),
  /** Registered URL. */
  repository: text,
  /** Full ref name. */
  ref: text,
  cause: v.picklist(['push', 'tag', 'merge-request', 'poll', 'manual', 'fleet', 'retry']),
  /** What the event named; only a hint. */
  commit: v.optional(text),
  /** When its webhook came in, or a poll saw that the ref had moved (ms); absent: nobody pushed. */
  seenAt: v.optional(v.number()),
  /** Applications to render again whatever their inputs say: what they need is gone from the cache. */
  applications: v.optional(v.array(text)),
  /** What generators see beside Git has moved: to be planned though the head be the one that was planned. */
  stale: v.optional(v.boolean()),
  /** It is delivered again, after its work had failed: what failed is tried again. */
  again: v.optional(v.boolean()),
});

export type ChangeMessage = v.InferOutput<typeof ChangeMessageSchema>;
