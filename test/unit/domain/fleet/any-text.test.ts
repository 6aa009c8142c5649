import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFleet } from '../../../../src/domain/fleet/compile-fleet.ts';
import { parseCron } from '../../../../src/domain/fleet/cron-schedule.ts';
import { matchGlob } from '../../../../src/domain/fleet/glob.ts';
import { parseFleetFile } from '../../../../src/domain/fleet/parse-fleet-file.ts';
import { matchPath } from '../../../../src/domain/fleet/path-match.ts';
import { refOfRevision } from '../../../../src/domain/revision.ts';

const SEED = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, labels: { a: b } }
spec:
  project: default
  sources:
    - { repoURL: https://git.example.com/web, path: web, helm: { valuesObject: { a: [1, null] } } }
  destination: { name: prod, namespace: web }
  syncPolicy: { automated: { prune: true }, retry: { limit: 3, backoff: { duration: 5s } } }
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: set }
spec:
  generators: [{ matrix: { generators: [{ list: { elements: [{ a: b }] } }, { clusters: {} }] } }]
  template: { metadata: { name: x } }
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: team }
spec: { sourceRepos: ['*'], syncWindows: [{ kind: allow, schedule: '* * * * *', duration: 1h, applications: ['*'] }] }
`;

/** A file with one slip: a piece cut out, or other characters put in its place. */
const slipped = (seed: string) =>
  fc
    .tuple(
      fc.nat(seed.length),
      fc.nat(40),
      fc.oneof(
        fc.constantFrom(
          '',
          '{',
          '[',
          ': ',
          '\n',
          '- ',
          '&a ',
          '*a',
          '!!x ',
          'null',
          '5',
          '"',
          '\t',
          '__proto__: ',
          '<<: ',
          '---\n',
          '@',
        ),
        fc.string(),
      ),
    )
    .map(([at, cut, put]) => seed.slice(0, at) + put + seed.slice(at + cut));

const FLEET = parseFleetFile(
  `apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: https://git.example.com/fleet }
  clusters: [{ name: prod, embedded: true }]
`,
  { file: 'fleet.yaml', local: true },
);

describe('whatever is written', () => {
  it('compiles to a snapshot that survives JSON, each problem with its place', () => {
    if (!FLEET.ok) throw new Error('the fleet file is right');
    const { fleet } = FLEET;
    fc.assert(
      fc.property(slipped(SEED), (text) => {
        const snapshot = compileFleet({ files: [{ path: 'a.yaml', text, digest: 'd' }], fleet });
        expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
        for (const { file, line, message } of snapshot.problems) {
          expect([file, line >= 1 && line <= text.split('\n').length + 1, message !== '']).toEqual([
            'a.yaml',
            true,
            true,
          ]);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('is a fleet file or says why not', () => {
    const seed =
      'apiVersion: towline.dev/v1alpha1\nkind: Fleet\nmetadata: { name: a }\nspec:\n  source: { repoURL: https://x.y/z }\n  clusters: [{ name: p, embedded: true }]\n';
    fc.assert(
      fc.property(slipped(seed), (text) => {
        const parsed = parseFleetFile(text, { file: 'f', local: true });
        expect(parsed.ok || parsed.problems.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is a pattern, a schedule and a revision without a throw', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, text) => {
        expect(typeof matchGlob(pattern, text, '/')).toBe('boolean');
        expect(typeof matchPath(pattern, text)).toBe('boolean');
        expect(typeof parseCron(pattern)).toBe('object');
        expect(refOfRevision(pattern)).toHaveProperty('type');
      }),
      { numRuns: 500 },
    );
  });

  it('matches itself where a pattern has no special characters', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w .:/-]*$/), (text) => {
        expect([matchGlob(text, text, '/'), matchGlob(text, text), matchPath(text, text)]).toEqual([true, true, true]);
      }),
    );
  });
});
