import { beforeEach, describe, expect, it } from 'vitest';
import { updateRow } from '../../../../src/app/update-row.ts';
import { transient } from '../../../../src/domain/errors.ts';
import type { SlackConfig } from '../../../../src/domain/fleet/fleet-file.ts';
import { FLEET_ID } from '../../../../src/domain/fleet-row.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../../fakes/memory-stack.ts';

const PROJECT = `
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  name: payments
  namespace: argocd
  annotations: { notifications.argoproj.io/subscribe.on-sync-succeeded.slack: ledger }
spec: { sourceRepos: ['*'], destinations: [{ name: '*', namespace: '*' }], clusterResourceWhitelist: [{ group: '*', kind: '*' }] }
`;
const inPayments = (yaml: string): string => yaml.replace('project: default', 'project: payments');
const subscribe = (trigger: string, channel: string): { metadata: string } => ({
  metadata: `annotations: { notifications.argoproj.io/subscribe.${trigger}.slack: ${channel} }`,
});

let stack: Awaited<ReturnType<typeof createMemoryStack>>;
beforeEach(async () => {
  stack = await createMemoryStack();
});

const withSlack = (more: Partial<SlackConfig>) =>
  updateRow(stack.fleets, FLEET_ID, (row) =>
    row?.file.slack ? { ...row, file: { ...row.file, slack: { ...row.file.slack, ...more } } } : undefined,
  );
const said = (channel: string): string[] =>
  stack.chat.filter((one) => one.channel === channel).map(({ message }) => message.text);
const minutes = async (count: number): Promise<void> => {
  for (let minute = 0; minute < count; minute++) {
    stack.time.now += 60_000;
    await stack.sweep();
    await stack.settle();
  }
};

describe('channels of their own', () => {
  const apps = {
    'apps/project.yaml': PROJECT.replace(/ {2}annotations.*\n/, ''),
    'apps/web-dev.yaml': applicationYaml('web-dev', 'web', 'dev'),
    'apps/web-prod.yaml': applicationYaml('web-prod', 'web', 'prod'),
    'apps/pay-dev.yaml': inPayments(applicationYaml('pay-dev', 'web', 'dev')),
    'web/config.yaml': configMapYaml('web', 'one'),
  };
  it('an environment’s and a project’s hear of their applications, the fleet’s of the rest; each in one message', async () => {
    await withSlack({ channels: { environments: { prod: 'CPROD' }, projects: { payments: 'CPAY' } } });
    await stack.push(apps);
    await stack.settle();
    for (const channel of ['C1', 'CPROD', 'CPAY']) {
      expect(said(channel), channel).toEqual([expect.stringContaining('done: acme/fleet main (1/1 synced)')]);
    }
    expect(JSON.stringify(stack.chat.find(({ channel }) => channel === 'CPROD')?.message)).not.toContain('*dev*');
    expect(stack.chat).toHaveLength(3);
  });

  it('one that cannot be told holds up no other, and hears it all when it can', async () => {
    await withSlack({ channels: { environments: { prod: 'CPROD' }, projects: {} } });
    let fails = true;
    stack.down.chat = (channel) =>
      fails && channel === 'CPROD' ? transient('chat-unreachable', 'Slack did not answer') : undefined;
    await stack.push(apps);
    await stack.settle();
    expect([said('C1').length, said('CPROD').length]).toEqual([1, 0]);
    await minutes(60);
    fails = false;
    await minutes(6);
    expect(said('CPROD')).toEqual([expect.stringContaining('done')]);
    expect(said('C1')).toHaveLength(1);
    expect([...stack.rollouts.rows.values()].every(({ due }) => due === undefined)).toBe(true);
  });
});

describe('failures', () => {
  const broken = { 'web/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: [\n' };
  const apps = (count: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `apps/web-${index}.yaml`,
        applicationYaml(`web-${index}`, 'web', index % 2 === 0 ? 'dev' : 'prod'),
      ]),
    );
  it('are each told once in the thread, with who is to look at it, and edited when they are mended', async () => {
    await withSlack({ mentions: { environments: { prod: ['U0ALICE'] }, projects: {} } });
    await stack.push({ ...apps(2), ...broken });
    await stack.settle();
    expect(stack.chat).toHaveLength(1);
    expect(stack.replies.map(({ thread }) => thread)).toEqual(['0', '0']);
    const texts = stack.replies.map(({ message }) => JSON.stringify(message.blocks));
    expect(texts.filter((text) => text.includes('<@U0ALICE>'))).toEqual([expect.stringContaining('web-1')]);
    await minutes(3);
    expect(stack.replies.map(({ edits }) => edits)).toEqual([0, 0]);
  });

  it('are told at most twenty times a rollout, however many there are', async () => {
    await stack.push({ ...apps(40), ...broken });
    await stack.settle(60);
    await minutes(5);
    expect(stack.replies).toHaveLength(20);
    expect(new Set(stack.replies.map(({ message }) => message.text)).size).toBe(20);
    expect(stack.chat).toHaveLength(1);
  });

  it('all reach a chat that was down for an hour, each once', async () => {
    stack.down.chat = () => transient('chat-unreachable', 'Slack did not answer');
    const commit = await stack.push({ ...apps(8), ...broken });
    await stack.settle();
    expect(stack.statusOf(commit)['towline/dev']?.[0]).toBe('failure');
    await minutes(60);
    expect(stack.replies).toEqual([]);
    stack.down.chat = undefined;
    await minutes(6);
    expect(stack.chat).toHaveLength(1);
    expect(stack.replies.map(({ message }) => message.text).toSorted()).toEqual(
      Array.from({ length: 8 }, (_, index) => `❌ argocd/web-${index} failed`),
    );
  });
});

describe('notifications.argoproj.io annotations', () => {
  it('of an Application and of its AppProject are told in the channels that they name', async () => {
    await stack.push({
      'apps/project.yaml': PROJECT,
      'apps/web.yaml': applicationYaml('web', 'web', 'dev', subscribe('on-deployed', 'deploys')),
      'apps/pay.yaml': inPayments(applicationYaml('pay', 'web', 'dev', subscribe('on-created', 'news'))),
      'apps/bad.yaml': applicationYaml('bad', 'nowhere', 'dev', subscribe('on-sync-status-unknown', 'trouble')),
      'web/config.yaml': configMapYaml('web', 'one'),
    });
    await stack.settle();
    expect(said('deploys')).toEqual([expect.stringContaining('(1/1 synced)')]);
    expect(said('ledger')).toEqual([expect.stringContaining('(1/1 synced)')]);
    expect(said('news')).toEqual([expect.stringContaining('(1/1 synced)')]);
    expect(said('trouble')).toEqual([expect.stringContaining('(0/1 synced, 1 failed)')]);
    const before = stack.chat.length;
    await stack.push({ 'web/config.yaml': configMapYaml('web', 'two') });
    await stack.settle();
    const again = stack.chat.slice(before).map(({ channel }) => channel);
    expect(again.toSorted()).toEqual(['C1', 'deploys', 'ledger']);
  });

  it('an Application that is gone from Git', async () => {
    await stack.push({
      'apps/web.yaml': applicationYaml('web', 'web', 'dev', subscribe('on-deleted', 'farewells')),
      'web/config.yaml': configMapYaml('web', 'one'),
    });
    await stack.settle();
    await stack.push({ 'apps/web.yaml': null });
    await stack.settle();
    const [told] = stack.chat.filter(({ channel }) => channel === 'farewells');
    expect(JSON.stringify(told?.message.blocks)).toContain('gone from Git: *argocd/web*');
  });
});
