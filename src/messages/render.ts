import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty());

/** Render what stands under these keys; their rows say what is done already. */
export const RenderMessageSchema = v.object({
  version: v.literal(1),
  renderKeys: v.pipe(v.array(text), v.nonEmpty()),
  /** The pack of their bundles in the blob cache; absent: there is one key, and its own pack. */
  pack: v.optional(text),
  /** The applications that wait, where they are few: others are named by other messages. Absent: look them up. */
  applications: v.optional(v.array(text)),
});

export type RenderMessage = v.InferOutput<typeof RenderMessageSchema>;
