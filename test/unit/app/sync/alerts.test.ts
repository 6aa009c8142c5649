import { describe, expect, it } from 'vitest';
import type { ApplicationRow } from '../../../../src/domain/application-row.ts';
import { permanent, transient } from '../../../../src/domain/errors.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';
import { slackBlocksError } from '../../../fakes/slack-server.ts';

const ID = 'argocd/web';
const HOUR = 3_600;
const DEPLOYMENT = { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'web' };
const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicas: 1, selector: { matchLabels: { app: web } } }
`;
const healthy = { observedGeneration: 9, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
const stuck = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'a <b> & c' };
const degraded = { ...healthy, conditions: [stuck] };

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
const row = (): ApplicationRow => stack.applications.rows.get(ID) ?? expect.fail('no such application');
const said = (channel = 'C2'): string[] =>
  stack.chat.filter((one) => one.channel === channel).map(({ message }) => message.text);

const pass = async (seconds: number): Promise<void> => {
  stack.time.now += seconds * 1_000;
  await stack.sweep();
  await stack.settle();
};

/** One application, healthy and at rest, with what its annotations ask for; what was said of its rollout is forgotten. */
const start = async (triggers: readonly string[], selfHeal = false): Promise<void> => {
  stack = await createMemoryStack(undefined, undefined, HOUR);
  const asked = triggers.map((one) => `notifications.argoproj.io/subscribe.${one}.slack: C2`).join(', ');
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev', {
      metadata: `annotations: { ${asked} }`,
      spec: `  syncPolicy: { automated: { selfHeal: ${selfHeal} }, syncOptions: [CreateNamespace=true] }`,
    }),
    'web/config.yaml': configMapYaml('web', 'one'),
    'web/deployment.yaml': deployment,
  });
  await stack.settle();
  stack.clusters.dev.setStatus(DEPLOYMENT, healthy);
  await pass(70);
  expect(row()).toMatchObject({ told: { phase: 'healthy' }, health: { status: 'Healthy' } });
  stack.chat.splice(0);
};

describe('an application that breaks at rest', () => {
  it('is told to who subscribed, once, and again when it breaks again', async () => {
    await start(['on-health-degraded']);
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    await pass(HOUR);
    expect(said()).toEqual(['💔 argocd/web is degraded']);
    const { blocks = [] } = stack.chat[0]?.message ?? {};
    expect(slackBlocksError(blocks)).toBeUndefined();
    expect(JSON.stringify(blocks)).toContain('<https://towline.example.com/applications/argocd/web|argocd/web>');
    expect(JSON.stringify(blocks)).toContain('a &lt;b&gt; &amp; c');
    await pass(HOUR);
    await pass(HOUR);
    expect(said()).toHaveLength(1);
    stack.clusters.dev.setStatus(DEPLOYMENT, healthy);
    await pass(HOUR);
    expect(row().health.status).toBe('Healthy');
    expect(said()).toHaveLength(1);
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    await pass(HOUR);
    expect(said()).toHaveLength(2);
  });

  it('is told to nobody where nobody asked for that', async () => {
    await start(['on-sync-failed']);
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    await pass(HOUR);
    expect(row().health.status).toBe('Degraded');
    expect([...stack.alerts.rows.values()]).toEqual([]);
    expect(stack.chat).toEqual([]);
  });

  it('within its rollout is the rollout’s to tell', async () => {
    await start(['on-health-degraded']);
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    await stack.settle();
    for (let minute = 0; minute < 15; minute++) await pass(60);
    expect(row().told).toMatchObject({ phase: 'failed', stage: 'health' });
    await pass(HOUR);
    expect([...stack.alerts.rows.values()]).toEqual([]);
    expect(said()).toEqual([expect.stringContaining('failed')]);
  });

  it('in its cluster that does not answer is told as unknown', async () => {
    await start(['on-sync-status-unknown']);
    stack.unreachable.add('dev');
    await pass(HOUR);
    await pass(HOUR);
    expect(said()).toEqual(['❓ argocd/web cannot be compared with its cluster']);
  });

  it('is told of each self-heal: that it runs, and how it ended', async () => {
    await start(['on-sync-running', 'on-sync-succeeded', 'on-sync-failed'], true);
    const object = stack.clusters.dev.objects.get('/ConfigMap/web/web');
    if (object) stack.clusters.dev.put({ ...object, data: { value: 'drifted' } });
    await pass(HOUR);
    await pass(60);
    expect(stack.clusters.dev.objects.get('/ConfigMap/web/web')?.['data']).toEqual({ value: 'one' });
    expect(said()).toEqual([
      '🔄 argocd/web is synced again: it had drifted',
      '✅ argocd/web was synced again: it had drifted',
    ]);
  });
});

describe('the chat', () => {
  it('that is down for an hour hears it once when it is back', async () => {
    await start(['on-health-degraded']);
    stack.down.chat = () => transient('chat-unreachable', 'Slack did not answer');
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    await pass(HOUR);
    for (let minute = 0; minute < 60; minute++) await pass(60);
    expect(said()).toEqual([]);
    stack.down.chat = undefined;
    for (let minute = 0; minute < 6; minute++) await pass(60);
    expect(said()).toHaveLength(1);
    expect([...stack.alerts.rows.values()]).toMatchObject([{ told: ['C2'] }]);
    expect([...stack.alerts.rows.values()][0]).not.toHaveProperty('due');
  });

  it('that refuses is left alone', async () => {
    await start(['on-health-degraded']);
    let tries = 0;
    stack.down.chat = () => {
      tries++;
      return permanent('chat-channel-unknown', 'Slack answered channel_not_found');
    };
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    await pass(HOUR);
    for (let minute = 0; minute < 6; minute++) await pass(60);
    expect(tries).toBe(1);
  });
});

describe('an alert', () => {
  it('whose message was lost is told when schedule looks', async () => {
    await start(['on-health-degraded']);
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    const { reports } = stack.queues;
    stack.queues.reports = () => Promise.resolve();
    await pass(HOUR);
    stack.queues.reports = reports;
    expect(said()).toEqual([]);
    await pass(70);
    expect(said()).toHaveLength(1);
  });

  it('that is seen again, since the look’s worker died, is the same one', async () => {
    await start(['on-health-degraded']);
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    const { save } = stack.applications;
    stack.applications.save = (next) => (next.alerted ? Promise.reject(new Error('killed')) : save(next));
    await expect(pass(HOUR)).rejects.toThrow('killed');
    stack.applications.save = save;
    for (let minute = 0; minute < 5; minute++) await pass(60);
    expect(row().alerted).toMatchObject({ 'on-health-degraded': { count: 1 } });
    expect(said()).toHaveLength(1);
  });

  it('that two are told of at once is posted by one', async () => {
    await start(['on-health-degraded']);
    stack.clusters.dev.setStatus(DEPLOYMENT, degraded);
    stack.time.now += HOUR * 1_000;
    await stack.handlers.syncs({ version: 1, application: ID, hops: 0 });
    const [alert] = stack.alerts.rows.keys();
    const message = { version: 1 as const, alert: alert ?? '' };
    await Promise.all([stack.handlers.reports(message), stack.handlers.reports(message)]);
    await stack.handlers.reports(message);
    expect(said()).toHaveLength(1);
  });
});
