/** Argo CD's built-in triggers: https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/catalog/ */
export const TRIGGERS = [
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
