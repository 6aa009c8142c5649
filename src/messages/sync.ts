import * as v from 'valibot';

/**
 * Look at this application's row and take its next step. `hops` counts messages that a sync sent to itself; `repeated`:
 * `schedule` sent it because what the row was waiting for is overdue.
 */
export const SyncMessageSchema = v.object({
  version: v.literal(1),
  application: v.pipe(v.string(), v.nonEmpty()),
  hops: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  repeated: v.optional(v.boolean()),
});

export type SyncMessage = v.InferOutput<typeof SyncMessageSchema>;
