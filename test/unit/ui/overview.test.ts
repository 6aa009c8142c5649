import { describe, expect, it } from 'vitest';
import type { ApplicationRow } from '../../../src/domain/application-row.ts';
import { LINES_SHOWN, type Overview, overview } from '../../../src/ui/overview.ts';
import { applicationYaml, configMapYaml, createMemoryStack } from '../../fakes/memory-stack.ts';
import { threeOfForty } from '../../fakes/three-of-forty.ts';

const one = async (): Promise<ApplicationRow> => {
  const stack = await createMemoryStack();
  await stack.push({
    'apps/web.yaml': applicationYaml('web', 'web', 'dev'),
    'web/config.yaml': configMapYaml('web', 'one'),
  });
  await stack.settle();
  return stack.applications.rows.get('argocd/web') ?? expect.fail('no such application');
};

const text = async (given: Partial<Overview>): Promise<string> =>
  String(await overview({ applications: [], rollouts: [], repositories: [], query: '', ...given }))
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ');

const named = (row: ApplicationRow, name: string, status: 'Healthy' | 'Degraded' = 'Healthy'): ApplicationRow => ({
  ...row,
  id: `argocd/${name}`,
  spec: { ...row.spec, name },
  health: { status, message: '' },
});

describe('the first page', () => {
  it('of an empty fleet says what to do', async () => {
    expect(await text({})).toContain('No applications yet: push');
    expect(await text({})).toContain('No rollouts yet');
    expect(String(await overview({ applications: [], rollouts: [], repositories: [], query: '' }))).not.toContain(
      '<table',
    );
  });

  it('of a large fleet counts all, shows the first of them, and says how many more there are', async () => {
    const row = await one();
    const applications = [
      named(row, 'broken', 'Degraded'),
      ...Array.from({ length: 2_000 }, (_, index) => named(row, `web-${index}`)),
    ];
    const html = String(await overview({ applications, rollouts: [], repositories: [], query: '' }));
    expect(html.match(/href="\/applications\//g)).toHaveLength(LINES_SHOWN);
    const shown = await text({ applications });
    expect(shown).toContain('Applications 2001');
    expect(shown).toContain('Degraded 1 ');
    expect(shown).toContain('Healthy 2000');
    expect(shown).toContain(`and ${2_001 - LINES_SHOWN} more`);
  });

  it('finds by name, cluster, environment or project, and repeats what was searched for as text', async () => {
    const row = await one();
    const applications = [named(row, 'web'), named(row, 'api')];
    const linked = async (query: string) =>
      [
        ...String(await overview({ applications, rollouts: [], repositories: [], query })).matchAll(/href="([^"]+)"/g),
      ].map(([, href]) => href);
    expect(await linked(' API ')).toEqual(['/applications/argocd/api']);
    expect(await linked('dev')).toHaveLength(2);
    expect(await linked('nothing')).toEqual([]);
    const hostile = String(await overview({ applications, rollouts: [], repositories: [], query: '"><script>' }));
    expect(hostile).not.toContain('<script>');
  });

  it('names hooks that a forge has stopped calling, and statuses that wait', async () => {
    const { rollout } = threeOfForty();
    const shown = await text({
      rollouts: [rollout],
      repositories: [
        {
          url: 'https://gitlab.com/acme/fleet',
          forge: 'gitlab',
          hooks: [{ url: 'https://t.example/webhooks/gitlab', until: '2026-02-01T00:00:00Z' }],
          waits: { code: 'forge-rate-limited', retryAt: Date.UTC(2026, 0, 31, 13) },
        },
      ],
    });
    expect(shown).toContain('disabled by the forge, until 2026-02-01T00:00:00Z: https://t.example/webhooks/gitlab');
    expect(shown).toContain('forge-rate-limited, next try 2026-01-31 13:00:00 UTC');
  });
});
