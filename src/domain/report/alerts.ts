import { createHash } from 'node:crypto';
import type { ApplicationRow } from '../application-row.ts';
import type { Subscriptions, Trigger } from '../fleet/subscriptions.ts';
import type { Lease } from '../lease.ts';
import type { FailedDelivery } from '../rollout.ts';
import type { Row } from '../row.ts';
import { oneLine } from './cut-text.ts';
import type { SlackMessage } from './slack-message.ts';
import { slackLink, slackText } from './slack-text.ts';

/** What the subscribed channels are told of one application at rest, and who was told. */
export interface AlertRow extends Row {
  application: string;
  cluster: string;
  trigger: Trigger;
  /** When it was seen (ms). */
  at: number;
  message: string;
  channels: string[];
  /** Those that were told, or refused it for good. */
  told: string[];
  undelivered?: FailedDelivery;
  lease?: Lease;
  expiresAt: number;
}

type Seen = Pick<
  ApplicationRow,
  'id' | 'spec' | 'desired' | 'told' | 'health' | 'sync' | 'compared' | 'operation' | 'alerted'
>;

/** What flaps is told once in so long. */
const PAUSE_MS = 60_000;
const DUE_MS = 60_000;
const RETENTION_SECONDS = 7 * 86_400;
const MAX_MESSAGE = 2_000;
const MAX_NAME = 120;

/**
 * What began to hold for an application at rest between two looks at it, as far as somebody asked to be told: Argo CD's
 * triggers fire when their condition becomes true, and again when it does so anew. A rollout under way tells its own end.
 * Source: https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/triggers/
 */
export const newAlerts = (
  before: Seen,
  after: Seen,
  subscriptions: readonly Subscriptions[],
  now: number,
): AlertRow[] => {
  const fired = [...atRest(before, after), ...ofHeals(before, after)];
  return fired.flatMap(({ trigger, message }) => {
    const channels = [...new Set(subscriptions.flatMap((one) => one[trigger] ?? []))];
    const last = before.alerted?.[trigger];
    if (channels.length === 0 || (last && now - last.at < PAUSE_MS)) return [];
    const { id: application, spec } = after;
    // Seen again after a crash, it is the same.
    const id = createHash('sha256')
      .update([application, trigger, (last?.count ?? 0) + 1].join('\n'))
      .digest('hex')
      .slice(0, 32);
    const expiresAt = Math.floor(now / 1_000) + RETENTION_SECONDS;
    const about = { application, cluster: spec.cluster, trigger, at: now, message };
    return [{ id, version: 0, due: now + DUE_MS, ...about, channels, told: [], expiresAt }];
  });
};

/** The application's count of alerts with these among them. */
export const withAlerts = ({ alerted = {} }: Pick<ApplicationRow, 'alerted'>, alerts: readonly AlertRow[]) => ({
  ...alerted,
  ...Object.fromEntries(alerts.map(({ trigger, at }) => [trigger, { count: (alerted[trigger]?.count ?? 0) + 1, at }])),
});

type Fired = { trigger: Trigger; message: string };

const isUnknown = ({ sync, compared }: Seen): boolean => sync === 'Unknown' && compared?.error !== undefined;

const atRest = (before: Seen, after: Seen): Fired[] => {
  const { told, desired } = before;
  const hasEnded =
    told !== undefined && told.rollout === desired?.rollout && after.desired?.rollout === desired.rollout;
  if (!hasEnded || !['healthy', 'failed', 'waiting'].includes(told.phase)) return [];
  const degraded = before.health.status !== 'Degraded' && after.health.status === 'Degraded';
  const unknown = !isUnknown(before) && isUnknown(after);
  return [
    // That the change did not become healthy was the rollout's to tell, and so was that it could not be rendered.
    ...(degraded && told.stage !== 'health'
      ? [{ trigger: 'on-health-degraded' as const, message: after.health.message || 'it is degraded' }]
      : []),
    ...(unknown && told.stage !== 'render'
      ? [{ trigger: 'on-sync-status-unknown' as const, message: after.compared?.error ?? '' }]
      : []),
  ];
};

/** A self-heal is an operation that belongs to no rollout. */
const ofHeals = (before: Seen, { operation }: Seen): Fired[] => {
  if (!operation?.heals) return [];
  const known = before.operation?.id === operation.id ? before.operation : undefined;
  const message = operation.message || 'what differed from Git is put back';
  const started = known ? [] : [{ trigger: 'on-sync-running' as const, message: 'what differs from Git is put back' }];
  if (operation.stage !== 'ended' || known?.stage === 'ended') return started;
  const trigger = operation.phase === 'Succeeded' ? ('on-sync-succeeded' as const) : ('on-sync-failed' as const);
  return [...started, { trigger, message }];
};

const WORDS: Partial<Record<Trigger, string>> = {
  'on-health-degraded': '💔 is degraded',
  'on-sync-status-unknown': '❓ cannot be compared with its cluster',
  'on-sync-running': '🔄 is synced again: it had drifted',
  'on-sync-succeeded': '✅ was synced again: it had drifted',
  'on-sync-failed': '❌ could not be synced again: it has drifted',
};

/** The message of an alert; everything that comes from Git or a cluster is escaped. `url`: the application's page. */
export const alertMessage = ({ application, cluster, trigger, message }: AlertRow, url: string): SlackMessage => {
  const [sign = '', ...words] = (WORDS[trigger] ?? trigger).split(' ');
  const name = slackText(oneLine(application), MAX_NAME);
  const place = slackText(oneLine(cluster), MAX_NAME);
  const head = `${sign} *${slackLink(url, name)}* on ${place} ${words.join(' ')}`;
  const lines = `${head}\n>${slackText(oneLine(message), MAX_MESSAGE / 5) || '…'}`;
  return {
    text: `${sign} ${name} ${words.join(' ')}`,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: lines, verbatim: true } }],
  };
};
