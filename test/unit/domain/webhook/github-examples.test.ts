import { createRequire } from 'node:module';
import type { WebhookDefinition } from '@octokit/webhooks-examples';
import { describe, expect, it } from 'vitest';
import { readGitHubEvent } from '../../../../src/domain/webhook/github-event.ts';

const examples: WebhookDefinition[] = createRequire(import.meta.url)('@octokit/webhooks-examples');
const every = examples.flatMap(({ name, examples: payloads }) =>
  payloads.map((payload, index) => ({ name, index, payload, event: readGitHubEvent(name, payload) })),
);
const of = (name: string) => every.filter((one) => one.name === name);

/** Payloads that GitHub's own users collected: https://github.com/octokit/webhooks. */
describe("GitHub's example payloads", () => {
  it('are there in number', () => {
    expect(every.length).toBeGreaterThan(200);
  });

  it.each(every)('$name $index is understood', ({ event }) => {
    expect(event.type).not.toBe('malformed');
  });

  it.each(of('push'))('push $index says which ref moved, and to what', ({ payload, event }) => {
    expect(event).toMatchObject({
      type: 'change',
      repository: { fullName: Reflect.get(payload, 'repository').full_name },
      change: { ref: Reflect.get(payload, 'ref'), deleted: Reflect.get(payload, 'deleted') },
    });
  });

  it.each(of('pull_request').filter(({ event }) => event.type === 'pull-request'))(
    'pull_request $index says which commit is proposed',
    ({ payload, event }) => {
      const pull = Reflect.get(payload, 'pull_request');
      expect(event).toMatchObject({ pullRequest: { number: pull.number, head: { commit: pull.head.sha } } });
    },
  );

  it('of pull requests that change a preview are read as such', () => {
    const actions = of('pull_request')
      .filter(({ event }) => event.type === 'pull-request')
      .map(({ payload }) => Reflect.get(payload, 'action'));
    expect(actions).toEqual(expect.arrayContaining(['opened', 'synchronize', 'closed', 'reopened', 'labeled']));
  });

  it.each(every.filter(({ name }) => !['push', 'pull_request'].includes(name)))('$name $index is not for us', (one) => {
    expect(one.event.type).toBe('ignored');
  });
});
