import * as v from 'valibot';

/** Render what stands under this key; the row of the key says where its bundle is. */
export const RenderMessageSchema = v.object({ version: v.literal(1), renderKey: v.pipe(v.string(), v.nonEmpty()) });

export type RenderMessage = v.InferOutput<typeof RenderMessageSchema>;
