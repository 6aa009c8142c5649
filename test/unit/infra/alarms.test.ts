import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ofType, propertiesOf, serverless } from './read-infra.ts';

const RUNBOOK = join(import.meta.dirname, '../../../docs/runbook');
const METRICS = readFileSync(join(import.meta.dirname, '../../../src/adapters/log/metric-events.ts'), 'utf8');
const alarms = ofType('AWS::CloudWatch::Alarm').map((name) => propertiesOf(name));
const pageOf = (name: string): string => name.replace('towline-${sls:stage}-', '');

describe('alarms', () => {
  it.each(alarms)('$AlarmName has a page in the runbook, which its description names', (alarm) => {
    const page = pageOf(alarm.AlarmName);
    expect(alarm.AlarmDescription).toContain(`Runbook: docs/runbook/${page}.md`);
    const text = readFileSync(join(RUNBOOK, `${page}.md`), 'utf8');
    for (const part of ['**Means:**', '**Look at**', '**Do**']) expect(text).toContain(part);
  });

  it('are all listed, and nothing else is', () => {
    const pages = alarms.map(({ AlarmName }) => `${pageOf(AlarmName)}.md`);
    expect(readdirSync(RUNBOOK).toSorted()).toEqual(['README.md', ...pages].toSorted());
    const list = readFileSync(join(RUNBOOK, 'README.md'), 'utf8');
    for (const page of pages) expect(list).toContain(`](${page})`);
  });
});

describe('the dashboard', () => {
  const { 'Fn::Sub': body = '' } = propertiesOf('Dashboard').DashboardBody;
  const { widgets } = JSON.parse(body) as { widgets: { properties: { metrics: string[][] } }[] };
  const metrics = widgets.flatMap(({ properties }) => properties.metrics);

  it('shows metrics that exist, of functions and queues that exist', () => {
    for (const [namespace, metric = '', , value = ''] of metrics) {
      if (namespace === 'Towline') expect(METRICS).toContain(`'${metric}'`);
      if (namespace === 'AWS/Lambda') expect(Object.keys(serverless.functions)).toContain(value.split('-').at(-1));
      if (namespace === 'AWS/SQS') expect(value).toMatch(/-(changes|renders|syncs|reports)(-dead)?$/);
    }
  });

  it('shows every function, every queue and every dead-letter queue', () => {
    expect(new Set(metrics.filter(([n]) => n === 'AWS/Lambda').map(([, , , value]) => value)).size).toBe(8);
    expect(new Set(metrics.filter(([n]) => n === 'AWS/SQS').map(([, , , value]) => value)).size).toBe(8);
  });
});
