import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slackMessage } from '../../../../src/domain/report/slack-message.ts';
import { escapeSlack, slackLink } from '../../../../src/domain/report/slack-text.ts';
import type { EnvironmentSummary, RolloutSummary } from '../../../../src/domain/report/summary.ts';
import { slackBlocksError } from '../../../fakes/slack-server.ts';

const environment = (name: string, failed = 0): EnvironmentSummary => ({
  name,
  total: 40,
  synced: 40 - failed,
  progressing: 0,
  failed,
  waiting: 0,
  superseded: 0,
});

const failureOf = (application: string, message = 'timed out') => ({
  application,
  cluster: 'eu-1',
  environment: 'prod',
  message,
});

const summary = (given: Partial<RolloutSummary> = {}): RolloutSummary => ({
  rolloutId: 'r1',
  repository: 'https://github.com/acme/fleet.git',
  ref: 'refs/heads/main',
  commit: 'abcdef0123456789abcdef0123456789abcdef01',
  subject: 'Scale web',
  url: 'https://towline.example.com/rollouts/r1',
  environments: [environment('dev'), environment('prod')],
  rendering: { total: 0, rendered: 0, failed: 0, superseded: 0 },
  failures: [],
  state: 'success',
  ...given,
});

describe('slackMessage', () => {
  it('says what was rolled out, where to look and how it went', () => {
    const { text, blocks } = slackMessage(summary());
    expect(text).toBe('✅ done: acme/fleet main (80/80 synced)');
    expect(blocks).toEqual([
      { type: 'header', text: { type: 'plain_text', text: '✅ done: acme/fleet main', emoji: true } },
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: '<https://towline.example.com/rollouts/r1|Scale web> at `abcdef012345`',
          verbatim: true,
        },
      },
      { type: 'section', text: { type: 'mrkdwn', text: '*dev*: 40/40 synced\n*prod*: 40/40 synced', verbatim: true } },
    ]);
  });

  it('puts failures first, five of them, and environments that failed before the others', () => {
    const failures = Array.from({ length: 37 }, (_, index) => failureOf(`app-${index}`));
    const message = slackMessage(
      summary({ state: 'failure', failures, environments: [environment('dev'), environment('prod', 37)] }),
    );
    const sections = message.blocks.map((block) => JSON.stringify(block));
    expect(sections[2]).toContain('• *app-0* on eu-1: timed out');
    expect(sections[2]).toContain('*app-4*');
    expect(sections[2]).not.toContain('*app-5*');
    expect(sections[2]).toContain('and 32 more');
    expect(sections[3]).toContain('*prod*: 3/40 synced · 37 failed\\n*dev*');
    expect(message.text).toContain('❌ failed');
  });

  it('makes no mention, link or entity out of what stands in Git', () => {
    const hostile = '<!channel> <https://evil.example.com|click> & @here';
    const message = slackMessage(
      summary({ subject: hostile, failures: [failureOf(hostile, hostile)], environments: [environment(hostile)] }),
    );
    const sent = JSON.stringify(message);
    expect(sent).not.toMatch(/<!|<https:\/\/evil/);
    expect(sent).toContain('&lt;!channel&gt;');
  });

  it('is always taken by Slack, whatever its size', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5_000 }),
      fc.nat(5_000).map((length) => '<'.repeat(length)),
      fc.nat(5_000).map((length) => '💥'.repeat(length)),
    );
    fc.assert(
      fc.property(
        text,
        text,
        text,
        text,
        fc.nat(60),
        fc.nat(200),
        (subject, name, message, ref, environments, failures) => {
          const { blocks, text: fallback } = slackMessage(
            summary({
              subject,
              ref,
              state: 'failure',
              environments: Array.from({ length: environments }, () => environment(name, 1)),
              failures: Array.from({ length: failures }, () => ({ ...failureOf(name, message), cluster: name })),
            }),
          );
          expect(slackBlocksError(blocks)).toBeUndefined();
          expect(fallback.length).toBeLessThan(3_000);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('slack text', () => {
  it('escapes the three characters, & first', () =>
    expect(escapeSlack('<a & b> &lt;')).toBe('&lt;a &amp; b&gt; &amp;lt;'));
  it.each([
    ['https://towline.example.com/a|b>c', '<https://towline.example.com/a%7Cb%3Ec|x>'],
    ['javascript:alert(1)', 'x'],
    ['', 'x'],
  ])('%s', (url, expected) => expect(slackLink(url, 'x')).toBe(expected));
});
