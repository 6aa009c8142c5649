import * as v from 'valibot';

/** Read the versions that this cluster serves: charts ask about them. */
export const FactsMessageSchema = v.object({
  version: v.literal(1),
  cluster: v.pipe(v.string(), v.nonEmpty()),
});

export type FactsMessage = v.InferOutput<typeof FactsMessageSchema>;
