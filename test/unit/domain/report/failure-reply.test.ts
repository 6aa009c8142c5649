import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureReply, mentionsOf } from '../../../../src/domain/report/failure-reply.ts';
import { slackBlocksError } from '../../../fakes/slack-server.ts';

const failure = {
  application: 'argocd/web',
  cluster: 'prod-1',
  environment: 'prod',
  message: 'Service web: denied\nby policy <x>',
};
const textOf = (given: Parameters<typeof failureReply>[0], mentioned: string[] = []): string => {
  const [block] = failureReply(given, mentioned).blocks;
  return (block as { text: { text: string } }).text.text;
};

describe('a failure’s reply', () => {
  it('says who, where and all of why; nothing in it is a mention but what the fleet file names', () => {
    expect(textOf(failure, ['U0ALICE', 'S0ONCALL'])).toBe(
      '<@U0ALICE> <!subteam^S0ONCALL> ❌ *argocd/web* on prod-1 · prod\n>Service web: denied\n>by policy &lt;x&gt;',
    );
    expect(textOf({ ...failure, application: '', cluster: '', environment: '', message: '<!channel> a.yaml:3' })).toBe(
      '❌ A document of the fleet\n>&lt;!channel&gt; a.yaml:3',
    );
  });

  it('keeps Slack’s limits whatever a tool wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5_000 }), fc.string({ maxLength: 300 }), (message, name) => {
        const { text, blocks } = failureReply({ ...failure, application: name, cluster: name, message }, ['U0A']);
        expect(slackBlocksError(blocks)).toBeUndefined();
        expect(text.length).toBeGreaterThan(0);
        expect(JSON.stringify(blocks)).not.toMatch(/<!(channel|here|everyone)/);
      }),
    );
    expect(textOf({ ...failure, message: '&'.repeat(9_000) }).length).toBeLessThan(2_900);
  });
});

it('mentions only by the fleet file’s mapping, each once', () => {
  const names = { projects: { payments: ['U0ALICE', 'S0ONCALL'] }, environments: { prod: ['U0ALICE', 'U0BOB'] } };
  const slack = { channel: 'C1', credentials: 's', apiURL: 'https://slack.com/api/', mentions: names };
  expect(mentionsOf(slack, { project: 'payments', environment: 'prod' })).toEqual(['U0ALICE', 'S0ONCALL', 'U0BOB']);
  expect(mentionsOf(slack, { project: 'other', environment: 'dev' })).toEqual([]);
  expect(mentionsOf(undefined, { environment: 'prod' })).toEqual([]);
});
