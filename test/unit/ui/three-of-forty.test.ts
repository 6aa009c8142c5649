import { describe, expect, it } from 'vitest';
import { rolloutStatuses } from '../../../src/domain/report/environment-statuses.ts';
import { slackMessage } from '../../../src/domain/report/slack-message.ts';
import { rolloutPage } from '../../../src/ui/views.ts';
import { threeOfForty } from '../../fakes/three-of-forty.ts';

const CAUSES = [
  'apps/Deployment web: Degraded: deployment "web" exceeded its progress deadline',
  'workloads/web/kustomization.yaml:4: accumulating resources: "base/missing.yaml": no such file or directory',
  'project payments does not permit namespace "kube-system" of cluster prod-14 (destinations)',
] as const;

describe('a rollout in which 3 of 40 applications fail', () => {
  it('reads on the commit', () => {
    expect(rolloutStatuses(threeOfForty().summary)).toEqual([
      {
        context: 'towline/render',
        state: 'failure',
        description: `1/40 not rendered: ${CAUSES[1]}`,
      },
      {
        context: 'towline/prod',
        state: 'failure',
        description: `19/20 synced · 1 failed: argocd/web-34@prod-14: ${CAUSES[2]}`,
      },
      {
        context: 'towline/staging',
        state: 'failure',
        description: `18/20 synced · 2 failed: argocd/web-8@staging-8: ${CAUSES[0]}`,
      },
    ]);
  });

  it('reads in Slack: what failed first, then how far each environment is', () => {
    const { text, blocks } = slackMessage(threeOfForty().summary);
    expect(text).toBe('❌ failed: acme/fleet main (37/40 synced, 3 failed)');
    const section = (lines: string) => ({ type: 'section', text: { type: 'mrkdwn', text: lines, verbatim: true } });
    expect(blocks).toEqual([
      { type: 'header', text: { type: 'plain_text', text: '❌ failed: acme/fleet main', emoji: true } },
      section('<https://towline.example.com/rollouts/r1|Scale web to three replicas> at `abcdef012345`'),
      section(
        [
          `• *argocd/web-8* on staging-8: ${CAUSES[0]}`,
          `• *argocd/web-20* on staging-20: ${CAUSES[1]}`,
          `• *argocd/web-34* on prod-14: ${CAUSES[2]}`,
        ].join('\n'),
      ),
      section('*prod*: 19/20 synced · 1 failed\n*staging*: 18/20 synced · 2 failed'),
    ]);
  });

  it('reads on the page: counts, then what failed and why, and the failed ones lead the timeline', async () => {
    const html = String(await rolloutPage(threeOfForty()));
    const text = html
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll('&quot;', '"')
      .replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      'Rollout of abcdef0 failure Scale web to three replicas https://github.com/acme/fleet · main · push',
    );
    expect(text).toContain(
      '2026-01-31 12:00:00 UTC 10 min prod 19/20 synced · 1 failed staging 18/20 synced · 2 failed',
    );
    expect(text).toContain(
      `Failures 3 argocd/web-8 on staging-8: ${CAUSES[0]} argocd/web-20 on staging-20: ${CAUSES[1]}`,
    );
    const timeline = html.slice(html.indexOf('id="timeline"'));
    const names = [...timeline.matchAll(/<a href="\/applications\/([^"]+)"/g)].map(([, name]) => name);
    expect(names).toHaveLength(40);
    expect(names.slice(0, 4)).toEqual(['argocd/web-8', 'argocd/web-20', 'argocd/web-34', 'argocd/web-1']);
  });
});
