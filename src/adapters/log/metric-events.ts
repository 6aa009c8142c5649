import type { Events, TowlineEvent } from '../../ports/events.ts';

interface Metric {
  name: string;
  unit: 'Count' | 'Seconds' | 'Milliseconds';
  value: number;
}

const count = (name: string): Metric => ({ name, unit: 'Count', value: 1 });

/** The metrics that one event counts for; none for what is only of interest in the log. */
export const metricsOf = (event: TowlineEvent): Metric[] => {
  switch (event.event) {
    case 'change':
      return [count('Changes')];
    case 'rollout':
      return event.state === 'pending' ? [count('Plans')] : event.state === 'failure' ? [count('FailedRollouts')] : [];
    case 'render':
      return [
        count(event.ok ? 'Renders' : 'FailedRenders'),
        { name: 'RenderTime', unit: 'Milliseconds', value: event.milliseconds },
      ];
    case 'application':
      return syncMetrics(event);
    case 'status':
      return [count('Statuses')];
  }
};

/** An application counts once it stands: healthy with the time that its objects took to get there (from its plan, and from its push where it had one), or failed. */
const syncMetrics = ({ phase, appliedAt, plannedAt, seenAt }: TowlineEvent & { event: 'application' }): Metric[] => {
  if (phase === 'failed') return [count('FailedSyncs')];
  if (phase !== 'healthy' || appliedAt === undefined || plannedAt === undefined) return [];
  return [
    count('Syncs'),
    secondsOf('TimeToApplied', appliedAt - plannedAt),
    ...(seenAt === undefined ? [] : [secondsOf('PushToApplied', appliedAt - seenAt)]),
  ];
};

const secondsOf = (name: string, milliseconds: number): Metric => ({
  name,
  unit: 'Seconds',
  value: Math.max(0, milliseconds) / 1_000,
});

/**
 * Events as metrics of the namespace Towline, in CloudWatch's embedded metric format: one JSON line each, which CloudWatch
 * reads out of the log, so that no function calls CloudWatch. `stack` is the dimension: one account may hold several.
 * Source: the Embedded Metric Format's specification in the CloudWatch user guide.
 */
export const createMetricEvents = (stack: string, writeLine: (line: string) => void): Events => ({
  emit: (event) => {
    const metrics = metricsOf(event);
    if (metrics.length === 0) return;
    const directive = {
      Namespace: 'Towline',
      Dimensions: [['Stack']],
      Metrics: metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
    };
    const values = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    writeLine(
      JSON.stringify({ _aws: { Timestamp: event.at, CloudWatchMetrics: [directive] }, Stack: stack, ...values }),
    );
  },
});

/** One event to several takers. */
export const eachOfEvents = (...takers: Events[]): Events => ({
  emit: (event) => {
    for (const taker of takers) taker.emit(event);
  },
});
