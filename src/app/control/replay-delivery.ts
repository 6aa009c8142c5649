import { type DeliveryRow, deliveryRestarted } from '../../domain/delivery.ts';
import { rejected } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Queues } from '../../ports/queues.ts';
import type { Store } from '../../ports/store.ts';
import { changeMessageOf, previewMessageOf } from '../accept-delivery.ts';
import { updateRow } from '../update-row.ts';

/** What a replay needs of the world. */
export interface ReplayDeps {
  deliveries: Store<DeliveryRow>;
  queues: Pick<Queues, 'changes'>;
  clock: Clock;
}

/** The delivery that is worked on again. */
export interface Replayed {
  delivery: string;
  repository: string;
  ref: string;
}

/**
 * Does a delivery's work again, whatever became of it. The row is due before the message is sent, so `schedule` repeats
 * a lost one. Takes the id as the webhook's answer and the logs name it. Errors: AppError `delivery-unknown` (rejected).
 */
export const replayDelivery =
  (deps: ReplayDeps) =>
  async (id: string): Promise<Replayed> => {
    const row = await updateRow(deps.deliveries, id, (known) => known && deliveryRestarted(known, deps.clock()));
    if (!row) throw unknownDelivery(id);
    await deps.queues.changes([previewMessageOf(row) ?? changeMessageOf(row)]);
    return { delivery: row.id, repository: row.repository, ref: row.ref };
  };

const unknownDelivery = (id: string) =>
  rejected(
    'delivery-unknown',
    `there is no delivery ${JSON.stringify(id)}: give the field delivery of the answer that the forge's list of deliveries shows`,
  );
