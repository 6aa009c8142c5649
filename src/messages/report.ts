import * as v from 'valibot';

/** Fold this rollout's outcomes and tell what is new. */
export const ReportMessageSchema = v.object({ version: v.literal(1), rollout: v.pipe(v.string(), v.nonEmpty()) });

export type ReportMessage = v.InferOutput<typeof ReportMessageSchema>;
