import * as v from 'valibot';

/** Fold this rollout's outcomes and tell what is new. */
export const ReportMessageSchema = v.object({ version: v.literal(1), rollout: v.pipe(v.string(), v.nonEmpty()) });

/** Tell what this preview of a pull request has come to. */
export const PreviewReportSchema = v.object({ version: v.literal(1), preview: v.pipe(v.string(), v.nonEmpty()) });

/** Tell the subscribed channels what happened to an application at rest. */
export const AlertReportSchema = v.object({ version: v.literal(1), alert: v.pipe(v.string(), v.nonEmpty()) });

export type AlertReport = v.InferOutput<typeof AlertReportSchema>;

export type PreviewReport = v.InferOutput<typeof PreviewReportSchema>;

export type ReportMessage = v.InferOutput<typeof ReportMessageSchema>;
