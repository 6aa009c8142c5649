import { type Subscriptions, TRIGGERS, type Trigger } from '../fleet/subscriptions.ts';
import type { Outcome, PlannedApplication } from '../rollout.ts';

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
