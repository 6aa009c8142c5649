import { describe, expect, it } from 'vitest';
import { ofType, propertiesOf, serverless } from './read-infra.ts';

const queues = ofType('AWS::SQS::Queue');
const working = queues.filter((name) => !name.endsWith('DeadQueue'));
const alarms = ofType('AWS::CloudWatch::Alarm').map(propertiesOf);

const timeoutOf = (queue: string): number => {
  const consumers = Object.values(serverless.functions).filter(({ events = [] }) =>
    events.some(({ sqs }) => sqs?.arn['Fn::GetAtt']?.[0] === queue),
  );
  expect(consumers).toHaveLength(1);
  return consumers[0]?.timeout ?? serverless.provider.timeout;
};

describe('queues', () => {
  it('are four', () => {
    expect([...working].sort()).toEqual(['ChangesQueue', 'RendersQueue', 'ReportsQueue', 'SyncsQueue']);
    expect(queues).toHaveLength(8);
  });

  it.each(working)('%s hides a message for six times its function’s time limit', (name) => {
    expect(propertiesOf(name).VisibilityTimeout).toBe(6 * timeoutOf(name));
  });

  it.each(working)('%s dead-letters after five receives, for 14 days, with an alarm', (name) => {
    const { deadLetterTargetArn, maxReceiveCount } = propertiesOf(name).RedrivePolicy;
    const dead = deadLetterTargetArn['Fn::GetAtt']?.[0] ?? '';
    expect(maxReceiveCount).toBe(5);
    expect(propertiesOf(dead).MessageRetentionPeriod).toBe(14 * 86_400);
    const alarm = alarms.find(({ Dimensions }) => Dimensions[0]?.Value['Fn::GetAtt']?.[0] === dead);
    expect(alarm, name).toMatchObject({
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      AlarmActions: [{ Ref: 'AlarmTopic' }],
    });
  });

  it.each(queues)('%s is encrypted and standard', (name) => {
    expect(propertiesOf(name).SqsManagedSseEnabled).toBe(true);
    expect(propertiesOf(name).FifoQueue).toBeUndefined();
  });

  it('is consumed with partial batch failures', () => {
    const sources = Object.values(serverless.functions).flatMap(({ events = [] }) =>
      events.flatMap(({ sqs }) => sqs ?? []),
    );
    expect(sources).toHaveLength(working.length);
    for (const source of sources) expect(source.functionResponseType).toBe('ReportBatchItemFailures');
  });
});
