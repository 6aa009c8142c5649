import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty());

/** A ref of a repository moved, or is said to have: read it and plan. `delivery` is the id of the row that asks for it. */
export const ChangeMessageSchema = v.object({
  version: v.literal(1),
  delivery: text,
  /** Registered URL. */
  repository: text,
  /** Full ref name. */
  ref: text,
  cause: v.picklist(['push', 'tag', 'merge-request', 'poll', 'manual', 'fleet', 'retry']),
  /** What the event named; only a hint. */
  commit: v.optional(text),
});

export type ChangeMessage = v.InferOutput<typeof ChangeMessageSchema>;
