import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createTimelinePrinter } from '../../../src/cli/timeline.ts';
import type { TowlineEvent } from '../../../src/ports/events.ts';

const COMMIT = 'c'.repeat(40);
const ref = { repository: 'https://git.example.com/fleet', ref: 'refs/heads/main', commit: COMMIT };
const web = { application: 'argocd/web', environment: 'dev', cluster: 'dev' };
const planned = { ...web, reason: 'web/config.yaml changed' };

const EVENTS: TowlineEvent[] = [
  { event: 'change', at: 1_000, ...ref, cause: 'push' },
  { event: 'rollout', at: 1_010, rollout: 'r', ...ref, state: 'pending' },
  { event: 'rollout', at: 1_020, rollout: 'r', ...ref, state: 'running', applications: [planned], problems: [] },
  { event: 'render', at: 1_030, renderKey: 'k', ok: true, milliseconds: 7, tool: 'helm' },
  {
    event: 'application',
    at: 1_060,
    rollout: 'r',
    ...web,
    phase: 'healthy',
    health: 'Healthy',
    sync: 'Synced',
    appliedAt: 1_045,
  },
  {
    event: 'status',
    at: 1_070,
    ...ref,
    context: 'towline/dev',
    state: 'success',
    description: '1/1 synced',
    rollout: 'r',
  },
  { event: 'rollout', at: 1_071, rollout: 'r', ...ref, state: 'success' },
];

describe('the timeline for people', () => {
  it('shows every stage of a push, with milliseconds since it was received', () => {
    const out = new PassThrough();
    const printer = createTimelinePrinter(out, { color: false });
    for (const event of EVENTS) printer.emit(event);
    const lines = String(out.read()).trimEnd().split('\n');
    expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      '+0 ms push https://git.example.com/fleet refs/heads/main ccccccc (push) → 202',
      '+10 ms · rollout ccccccc pending',
      '+20 ms planned 1 affected',
      '+20 ms argocd/web on dev: web/config.yaml changed',
      'rendered helm 7 ms',
      '+45 ms · applied argocd/web on dev',
      '+60 ms ✔ healthy argocd/web on dev',
      '+70 ms ✔ status ccccccc towline/dev: success, 1/1 synced',
      '+71 ms ✔ rollout ccccccc success',
    ]);
  });

  it.each([
    [true, '\u001b[1mpush\u001b[0m'],
    [false, 'push'],
  ])('has colours where they are wanted (%s)', (color, expected) => {
    const out = new PassThrough();
    const printer = createTimelinePrinter(out, { color });
    for (const event of EVENTS.slice(0, 1)) printer.emit(event);
    const text = String(out.read());
    expect(text).toContain(`${expected} `);
    expect(text.includes('\u001b')).toBe(color);
  });

  it('says of a rollout that is planned further only what is new, and of no cluster nothing', () => {
    const out = new PassThrough();
    const printer = createTimelinePrinter(out, { color: false });
    const running = { event: 'rollout', at: 1_020, rollout: 'r', ...ref, state: 'running' } as const;
    printer.emit({ ...running, applications: [planned] });
    printer.emit({ ...running, applications: [planned, { ...planned, application: 'argocd/lost', cluster: '' }] });
    expect(
      String(out.read())
        .split('\n')
        .map((line) => line.replace(/^ *\+\d+ ms +/, '')),
    ).toEqual([
      'planned   1 affected',
      'argocd/web on dev: web/config.yaml changed',
      'planned   2 affected',
      'argocd/lost: web/config.yaml changed',
      '',
    ]);
  });
});
