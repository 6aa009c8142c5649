import type { Cause } from '../domain/change.ts';
import { DELIVERY_TTL_SECONDS, type DeliveryRow, deliveryRestarted, RESEND_AFTER_MS } from '../domain/delivery.ts';
import { AppError } from '../domain/errors.ts';
import { deliveryIdOf } from '../domain/webhook/delivery-id.ts';
import type { RefChange } from '../domain/webhook/event.ts';
import { type PullRequestChange, pullRequestRef } from '../domain/webhook/pull-request.ts';
import type { WebhookAnswer, WebhookHeaders } from '../domain/webhook/request.ts';
import type { ChangeMessage } from '../messages/change.ts';
import type { PreviewMessage } from '../messages/preview.ts';
import type { Clock, NewId } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';

export interface AcceptDeliveryDeps {
  deliveries: Store<DeliveryRow>;
  enqueue: (message: ChangeMessage) => Promise<void>;
  /** Where previews are asked for; absent: pull requests are not acted on. */
  enqueuePreview?: (message: PreviewMessage) => Promise<void>;
  clock: Clock;
  newId: NewId;
  log: Log;
}

interface Authentic {
  forge: 'github' | 'gitlab';
  headers: WebhookHeaders;
  /** Registered URL. */
  repository: string;
}

/** An authentic change of a registered repository, or a pull request of one. */
export type AuthenticEvent = Authentic & ({ change: RefChange } | { pullRequest: PullRequestChange });

/**
 * Writes the delivery's row and sends its change. The row comes first and is due in a minute, so that a message that
 * could not be sent is sent by `schedule`; therefore a failed send is logged and still accepted. The same delivery
 * again does nothing, unless its work had failed: in the plan, in a render or in a sync.
 */
export const acceptDelivery =
  (deps: AcceptDeliveryDeps) =>
  async (input: AuthenticEvent): Promise<WebhookAnswer> => {
    const row = await claimDelivery(deps, newRow(deps, input));
    if (!row) return { status: 202, body: { status: 'duplicate', reason: 'this delivery was accepted before' } };
    try {
      const preview = previewMessageOf(row);
      await (preview ? deps.enqueuePreview?.(preview) : deps.enqueue(changeMessageOf(row)));
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'unknown';
      deps.log.error('change not sent, schedule will repeat it', {
        delivery: row.id,
        repository: row.repository,
        code,
      });
    }
    return { status: 202, body: { status: 'accepted', delivery: row.id, repository: row.repository, ref: row.ref } };
  };

const causeOf = (ref: string): Cause => (ref.startsWith('refs/tags/') ? 'tag' : 'push');

/** What a delivery is about: a pull request counts as the ref under which its repository has its commits. */
const subjectOf = (input: AuthenticEvent) => {
  if ('change' in input) return { cause: causeOf(input.change.ref), ...input.change };
  const { number, head } = input.pullRequest;
  const ref = pullRequestRef(input.forge, number);
  return { cause: 'merge-request' as const, ref, after: head.commit, commit: head.commit, before: undefined };
};

const newRow = (deps: AcceptDeliveryDeps, input: AuthenticEvent): DeliveryRow => {
  const { forge, headers, repository } = input;
  const now = deps.clock();
  const { ref, commit, before, after, cause } = subjectOf(input);
  const about = { ref, ...(after ? { after } : {}) };
  return {
    // Without an id of the forge's two deliveries cannot be told to be one: both are looked at, which does no harm.
    id: deliveryIdOf(forge, headers, repository, about) ?? `${repository} ${deps.newId()}`,
    version: 0,
    due: now + RESEND_AFTER_MS,
    state: 'received',
    repository,
    ref,
    ...(commit ? { commit } : {}),
    ...(before ? { before } : {}),
    cause,
    ...('pullRequest' in input ? { pullRequest: input.pullRequest } : {}),
    receivedAt: now,
    expiresAt: Math.floor(now / 1000) + DELIVERY_TTL_SECONDS,
  };
};

/** The row as written, or undefined where the delivery is already taken care of. */
const claimDelivery = async (deps: AcceptDeliveryDeps, row: DeliveryRow): Promise<DeliveryRow | undefined> => {
  const saved = await deps.deliveries.save(row);
  if (saved) return saved;
  const earlier = await deps.deliveries.get(row.id);
  if (earlier?.state !== 'failed') return undefined;
  return deps.deliveries.save(deliveryRestarted(earlier, deps.clock()));
};

/** The message that asks to plan what a delivery announced; `schedule` sends it again from the row. */
export const changeMessageOf = (row: DeliveryRow): ChangeMessage => ({
  version: 1,
  delivery: row.id,
  repository: row.repository,
  ref: row.ref,
  cause: row.cause,
  seenAt: row.receivedAt,
  ...(row.commit ? { commit: row.commit } : {}),
  ...(row.again ? { again: true } : {}),
});

/** The message that asks to preview a pull request; undefined where the delivery is about none. */
export const previewMessageOf = ({ id, repository, pullRequest }: DeliveryRow): PreviewMessage | undefined =>
  pullRequest && { version: 1, delivery: id, repository, ...pullRequest };
