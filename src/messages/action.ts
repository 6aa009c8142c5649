import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty());

/** A person pressed a button in the chat: find out whether they may, and do it. */
export const ActionMessageSchema = v.object({
  version: v.literal(1),
  action: v.picklist(['retry', 'rollback']),
  rollout: text,
  attempt: v.number(),
  user: text,
  channel: text,
});

export type ActionMessage = v.InferOutput<typeof ActionMessageSchema>;

/** Tell one person in the chat what became of what they asked for; nobody else sees it. */
export const NoticeMessageSchema = v.object({
  version: v.literal(1),
  notice: v.object({ channel: text, user: text, text }),
  /** How often the chat could not be reached. */
  tries: v.optional(v.number(), 0),
});

export type NoticeMessage = v.InferInput<typeof NoticeMessageSchema>;
