import type { Outcome, PlannedApplication } from '../rollout.ts';

/** Argo CD's built-in triggers: https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/catalog/ */
const TRIGGERS = [
  'on-created',
  'on-deleted',
  'on-deployed',
  'on-health-degraded',
  'on-sync-failed',
  'on-sync-running',
  'on-sync-status-unknown',
  'on-sync-succeeded',
] as const;

export type Trigger = (typeof TRIGGERS)[number];

/** Chat channels by the trigger that they are told of. */
export type Subscriptions = Partial<Record<Trigger, string[]>>;

const CHANNEL = /^[\p{L}\p{N}._-]{1,80}$/u;
const CHANNELS_KEPT = 10;

/**
 * What `notifications.argoproj.io/subscribe.<trigger>.slack: one;two` of an Application or AppProject asks for; undefined
 * where nothing. Other services and triggers of one's own are left to Argo CD.
 */
export const readSubscriptions = (annotations: Readonly<Record<string, string>>): Subscriptions | undefined => {
  const found: Subscriptions = {};
  for (const trigger of TRIGGERS) {
    const value = annotations[`notifications.argoproj.io/subscribe.${trigger}.slack`] ?? '';
    const names = value.split(';').map((name) => name.trim().replace(/^#/, ''));
    const channels = [...new Set(names.filter((name) => CHANNEL.test(name)))].slice(0, CHANNELS_KEPT);
    if (channels.length > 0) found[trigger] = channels;
  }
  return Object.keys(found).length > 0 ? found : undefined;
};

type Stand = { planned: PlannedApplication; outcome: Outcome | undefined };

/** By the stage times rather than by the phase alone: what was told once stays true. */
const HOLDS: Record<Trigger, (stand: Stand) => boolean> = {
  'on-created': ({ planned }) => planned.created === true,
  // It has no outcome: the rollout lists it among the removed.
  'on-deleted': () => false,
  'on-deployed': ({ outcome }) => outcome?.phase === 'healthy',
  'on-health-degraded': ({ outcome }) => outcome?.phase === 'failed' && outcome.stage === 'health',
  'on-sync-failed': ({ outcome }) => outcome?.phase === 'failed' && outcome.stage === undefined,
  'on-sync-running': ({ outcome }) => outcome?.times.rendered !== undefined && outcome.stage !== 'render',
  'on-sync-status-unknown': ({ outcome }) => outcome?.phase === 'failed' && outcome.stage === 'render',
  'on-sync-succeeded': ({ outcome }) => outcome?.times.applied !== undefined || outcome?.phase === 'healthy',
};

/** The channels whose trigger holds for an application as it stands in its rollout. */
export const subscribedChannels = (subscriptions: Subscriptions | undefined, stand: Stand): string[] =>
  TRIGGERS.flatMap((trigger) => {
    const channels = subscriptions?.[trigger];
    return channels && HOLDS[trigger](stand) ? channels : [];
  });
