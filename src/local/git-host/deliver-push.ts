import { createHmac } from 'node:crypto';
import { request } from 'undici';
import type { NewId } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { readRef, repositoryDirectory } from './hosted-repository.ts';
import { isZero, type RefUpdate } from './ref-update.ts';

/** As GitHub: whoever does not answer within this time has not taken the event. */
const TIMEOUT_MS = 10_000;

export interface DeliveryOptions {
  root: string;
  webhook: { url: () => string; secret: () => string };
  newId: NewId;
  log: Log;
  searchPath?: string | undefined;
  payload: (name: string, update: RefUpdate) => Promise<Record<string, unknown>>;
}

export interface Delivery {
  /** Tells the webhook about those of the updates that git has really made. Returns at once. */
  pushed(name: string, updates: readonly RefUpdate[]): void;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

/** Sends GitHub's `push` event, signed, once for each ref that moved. A failed delivery is logged and not repeated. */
export const createDelivery = (options: DeliveryOptions): Delivery => {
  const underWay = new Set<Promise<void>>();
  const deliver = async (name: string, update: RefUpdate): Promise<void> => {
    if (!(await wasMade(options, name, update))) return;
    await send(options, JSON.stringify(await options.payload(name, update)));
  };
  return {
    pushed: (name, updates) => {
      for (const update of updates) {
        const delivery = deliver(name, update)
          .catch((error: unknown) =>
            options.log.warn('webhook not delivered', { repository: name, ref: update.ref, error }),
          )
          .finally(() => underWay.delete(delivery));
        underWay.add(delivery);
      }
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
};

const wasMade = async ({ root, searchPath }: DeliveryOptions, name: string, update: RefUpdate): Promise<boolean> => {
  const settings = { searchPath, protocols: 'file' };
  const now = await readRef({ settings }, repositoryDirectory(root, name), update.ref);
  return isZero(update.after)
    ? now === undefined && !isZero(update.before)
    : now === update.after && now !== update.before;
};

const send = async ({ webhook, newId }: DeliveryOptions, body: string): Promise<void> => {
  const signature = createHmac('sha256', webhook.secret()).update(body).digest('hex');
  const response = await request(webhook.url(), {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/towline',
      'x-github-event': 'push',
      'x-github-delivery': newId(),
      'x-hub-signature-256': `sha256=${signature}`,
    },
  });
  await response.body.dump();
  if (response.statusCode >= 300) throw new Error(`the webhook answered ${response.statusCode}`);
};
