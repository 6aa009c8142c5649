import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_COMMENT, PREVIEW_MARKER, previewComment } from '../../../../src/domain/preview/preview-comment.ts';
import { previewStatuses } from '../../../../src/domain/preview/preview-statuses.ts';
import type { PreviewView, ResourceChange } from '../../../../src/domain/preview/preview-view.ts';

const COMMIT = 'abcdef0123456789abcdef0123456789abcdef01';
const URL = 'https://towline.example.com/previews/1';
const view = (given: Partial<PreviewView> = {}): PreviewView => ({
  groups: [],
  unchanged: 0,
  failures: [],
  violations: [],
  ...given,
});
const comment = (given: Partial<PreviewView>) => previewComment({ view: view(given), commit: COMMIT, url: URL });
const change = (given: Partial<ResourceChange> = {}): ResourceChange => ({
  change: 'changed',
  resource: 'apps/Deployment shop/web',
  lines: ['- spec.replicas: 2', '+ spec.replicas: 3'],
  risks: [],
  ...given,
});
const on = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    application: `argocd/web-${index}`,
    cluster: `c-${index}`,
    environment: 'prod',
  }));

describe('previewComment', () => {
  it('is one line where nothing changes', () => {
    expect(comment({ unchanged: 12 })).toBe(
      `${PREVIEW_MARKER}\n**Towline**: no changes: 12 applications render as before (\`abcdef012345\`)`,
    );
  });

  it('names what is the same on many clusters once, with what to look at first', () => {
    const risks = [{ kind: 'image-major' as const, text: 'web: major version 1 → 2' }];
    expect(comment({ groups: [{ applications: on(38), resources: [change({ risks })] }], unchanged: 2 })).toBe(
      [
        PREVIEW_MARKER,
        '**Towline**: 38 applications change: +0 ~38 −0 objects, 1 kind of risk (`abcdef012345`)',
        '',
        '**Look twice**',
        '',
        '- ⚠️ `apps/Deployment shop/web`: web: major version 1 → 2 (38 applications)',
        '',
        '| applications | environment | + | ~ | − | risk |',
        '| --- | --- | --- | --- | --- | --- |',
        '| `argocd/web-0@c-0`, `argocd/web-1@c-1`, `argocd/web-2@c-2` and 35 more (same on 38 clusters) | `prod` | 0 | 1 | 0 | image-major |',
        '',
        '<details><summary>argocd/web-0&#64;c-0 and 37 more: 1 object</summary>',
        '',
        '~ `apps/Deployment shop/web`',
        '',
        '```diff',
        '- spec.replicas: 2',
        '+ spec.replicas: 3',
        '```',
        '',
        '</details>',
        '',
        `[Full diff](${URL})`,
      ].join('\n'),
    );
  });

  it('tells what would fail and what is not permitted before anything else', () => {
    const text = comment({
      failures: [
        {
          application: 'argocd/web',
          cluster: 'dev',
          environment: 'dev',
          message: 'web/kustomization.yaml:3: no such file',
        },
      ],
      violations: [{ message: 'project narrow does not permit ClusterRole reader' }],
      groups: [{ applications: on(1), resources: [change()] }],
    });
    expect(text).toContain('**Would fail**\n\n- `argocd/web@dev`: `web/kustomization.yaml:3: no such file`');
    expect(text.indexOf('**Not permitted**')).toBeGreaterThan(text.indexOf('**Would fail**'));
    expect(text.indexOf('| applications |')).toBeGreaterThan(text.indexOf('**Not permitted**'));
  });

  it('lets nothing out of Git leave its code, mention anybody or end the table', () => {
    const hostile = '`@octocat` | <img src=x> </details> [x](javascript:1) ```';
    const text = comment({
      groups: [
        {
          applications: [{ application: hostile, cluster: hostile, environment: hostile }],
          resources: [
            change({
              resource: hostile,
              lines: [`+ data.a: ${hostile}`],
              risks: [{ kind: 'image-major', text: hostile }],
            }),
          ],
        },
      ],
      failures: [{ application: hostile, message: hostile }],
    });
    // What is left outside of code: strip fences first, then inline code.
    const outside = text.replace(/^(`{3,})diff\n[^]*?\n\1$/gm, '').replace(/`[^`\n]*`/g, '');
    expect(outside).not.toMatch(/@octocat|<img|javascript:1\)/);
    expect(outside.match(/<\/details>/g)).toHaveLength(1);
    expect(
      text
        .split('\n')
        .filter((line) => line.startsWith('| `'))[0]
        ?.split(' | '),
    ).toHaveLength(6);
  });

  it('stays below the limit of the forge and points to the page', () => {
    const many = Array.from({ length: 400 }, (_, index) => ({
      applications: on(2),
      resources: [
        change({
          resource: `ConfigMap shop/${index}`,
          lines: Array.from({ length: 50 }, () => `+ data.a: ${'x'.repeat(100)}`),
        }),
      ],
    }));
    const text = comment({ groups: many });
    expect(text.length).toBeLessThanOrEqual(MAX_COMMENT);
    expect(text).toContain('The rest does not fit into a comment. [Full diff]');
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  });

  it('is never too long, whatever it is about', () => {
    const text = fc.string({ unit: 'binary', maxLength: 1_000 });
    fc.assert(
      fc.property(text, text, fc.nat(60), (name, line, count) => {
        const groups = Array.from({ length: count }, () => ({
          applications: [{ application: name, cluster: name, environment: name }],
          resources: [change({ resource: name, lines: [line], risks: [{ kind: 'delete', text: name }] })],
        }));
        const failures = Array.from({ length: count }, () => ({ application: name, message: line }));
        expect(comment({ groups, failures }).length).toBeLessThanOrEqual(MAX_COMMENT);
      }),
      { numRuns: 20 },
    );
  });
});

describe('previewStatuses', () => {
  it.each([
    [undefined, ['pending rendering', 'pending rendering']],
    [
      view({ unchanged: 1 }),
      ['success no changes: 1 application renders as before', 'success permitted by the projects'],
    ],
    [
      view({ failures: [{ application: 'argocd/web', cluster: 'dev', message: 'no such\nfile' }, { message: 'x' }] }),
      ['failure 2 would fail: argocd/web@dev: no such file', 'success permitted by the projects'],
    ],
    [
      view({ violations: [{ message: 'y'.repeat(300) }] }),
      ['success 1 object not permitted', `failure ${'y'.repeat(139)}…`],
    ],
  ])('%#', (given, expected) => {
    const said = previewStatuses(given);
    expect(said.map(({ context }) => context)).toEqual(['towline/render', 'towline/policy']);
    expect(said.map(({ state, description }) => `${state} ${description}`)).toEqual(expected);
  });
});
