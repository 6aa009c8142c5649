import * as v from 'valibot';
import { transient } from '../../domain/errors.ts';

const causeSchema = v.object({
  reason: v.optional(v.string(), ''),
  message: v.optional(v.string(), ''),
  field: v.optional(v.string(), ''),
});

const statusSchema = v.object({
  kind: v.literal('Status'),
  message: v.optional(v.string(), ''),
  reason: v.optional(v.string(), ''),
  details: v.optional(
    v.object({
      name: v.optional(v.string()),
      kind: v.optional(v.string()),
      retryAfterSeconds: v.optional(v.number()),
      causes: v.optional(v.array(causeSchema), []),
    }),
    { causes: [] },
  ),
});

/** Kubernetes' `Status`, which the API server sends with every error. */
export type Status = v.InferOutput<typeof statusSchema>;

/** JSON of a body; undefined where it is none (a proxy's HTML page, a plain `404 page not found`). */
export const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** The Status in a body; undefined where there is none. */
export const parseStatus = (body: string): Status | undefined => {
  const result = v.safeParse(statusSchema, parseJson(body));
  return result.success ? result.output : undefined;
};

/** A 2xx body as the API documents it. Errors: `cluster-failed`, where something else answered (a proxy's login page). */
export const parseBody = <S extends v.GenericSchema>(schema: S, body: unknown, cluster: string): v.InferOutput<S> => {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const field = v.getDotPath(result.issues[0]) ?? '';
  const details = { cluster, field };
  throw transient('cluster-failed', `cluster "${cluster}" answered with something that is not Kubernetes' API`, {
    details,
  });
};
