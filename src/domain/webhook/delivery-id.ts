import { createHash } from 'node:crypto';
import type { RefChange } from './event.ts';
import { headerOf, type WebhookHeaders } from './request.ts';

/** What an id may look like to be stored as it is; anything else is stored as its digest. */
const PLAIN = /^[\w.:+=/-]{1,200}$/;

const plain = (text: string): string =>
  PLAIN.test(text) ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** What a delivery is about: a ref, and what it is to point at. */
type Subject = Pick<RefChange, 'ref' | 'after'>;

const gitlabId = (headers: WebhookHeaders, change: Subject): string | undefined => {
  const stable = headerOf(headers, 'idempotency-key') ?? headerOf(headers, 'webhook-id');
  if (stable) return stable;
  const event = headerOf(headers, 'x-gitlab-event-uuid');
  // One event may reach us more than once by recursive hooks, for different refs.
  return event && [event, change.ref, change.after ?? 'deleted'].join('+');
};

/**
 * The delivery's id as the forge repeats it when it delivers again, or undefined where the forge sent none.
 * GitHub: hook and delivery (one event has one id for all hooks); GitLab: Idempotency-Key, else webhook-id, else the
 * event with its ref and commit. The registered repository is part of it: headers are not signed, so nobody can use up
 * the ids of another repository. Source: reliability-security.md §2.
 */
export const deliveryIdOf = (
  forge: 'github' | 'gitlab',
  headers: WebhookHeaders,
  repository: string,
  change: Subject,
): string | undefined => {
  if (forge === 'gitlab') {
    const id = gitlabId(headers, change);
    return id && `${repository} ${plain(id)}`;
  }
  const id = headerOf(headers, 'x-github-delivery');
  const hook = headerOf(headers, 'x-github-hook-id');
  return id && [repository, ...(hook ? [plain(hook)] : []), plain(id)].join(' ');
};
