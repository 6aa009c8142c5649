import * as v from 'valibot';

/** Look at this application's row and take its next step. `hops` counts messages that a sync sent to itself. */
export const SyncMessageSchema = v.object({
  version: v.literal(1),
  application: v.pipe(v.string(), v.nonEmpty()),
  hops: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
});

export type SyncMessage = v.InferOutput<typeof SyncMessageSchema>;
