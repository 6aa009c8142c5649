import { describe, expect, it } from 'vitest';
import { printedApplication } from '../../../../../src/domain/fleet/applicationset/printed-application.ts';

const TYPE = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
const base = { destination: {}, project: '' };

/** The spec as it is printed. */
const specOf = (spec: Record<string, unknown>): unknown =>
  printedApplication({ ...TYPE, metadata: { name: 'a' }, spec })['spec'];

describe('an Application as argocd appset generate prints it', () => {
  it('has no namespace, no status, and nothing that Argo CD does not know', () => {
    const manifest = {
      ...TYPE,
      metadata: { name: 'a', namespace: 'argocd', labels: {}, annotations: { note: '' }, tag: 'x' },
      spec: { project: 'p', sorce: {}, source: null },
      status: { sync: {} },
    };
    expect(printedApplication(manifest)).toEqual({
      ...TYPE,
      metadata: { name: 'a', annotations: { note: '' } },
      spec: { destination: {}, project: 'p' },
    });
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['what is always there', {}, base],
    ['sync policies that are on, and empty ones', { syncPolicy: { automated: {} } }, { syncPolicy: { automated: {} } }],
    [
      'flags that are off',
      { syncPolicy: { automated: { prune: false, selfHeal: true, enabled: false }, syncOptions: [] } },
      { syncPolicy: { automated: { selfHeal: true, enabled: false } } },
    ],
    [
      'numbers that are 0',
      { revisionHistoryLimit: 0, syncPolicy: { retry: { limit: 0, backoff: { factor: 0, duration: '' } } } },
      { revisionHistoryLimit: 0, syncPolicy: { retry: { backoff: { factor: 0 } } } },
    ],
    [
      'Helm: values as they are, empty texts not',
      {
        sources: [
          {
            repoURL: 'r',
            path: '',
            helm: { valuesObject: { a: { b: '', c: [], d: 0 } }, values: '', skipCrds: false },
          },
        ],
      },
      { sources: [{ repoURL: 'r', helm: { valuesObject: { a: { b: '', c: [], d: 0 } } } }] },
    ],
    [
      'a directory, with its jsonnet',
      { source: { directory: { recurse: true } } },
      { source: { repoURL: '', directory: { recurse: true, jsonnet: {} } } },
    ],
    [
      'ignored differences with their kind',
      { ignoreDifferences: [{ group: '', jsonPointers: ['/a'] }] },
      { ignoreDifferences: [{ kind: '', jsonPointers: ['/a'] }] },
    ],
    [
      'a hydrator',
      {
        sourceHydrator: {
          drySource: { repoURL: 'r', path: 'p', targetRevision: '' },
          syncSource: { targetBranch: 'b', path: '' },
        },
      },
      {
        sourceHydrator: {
          drySource: { repoURL: 'r', path: 'p' },
          syncSource: { targetBranch: 'b', path: '' },
        },
      },
    ],
  ])('shows %s', (_what, spec, shown) => {
    expect(specOf(spec)).toEqual({ ...base, ...shown });
  });
});
