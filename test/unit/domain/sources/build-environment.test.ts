import { describe, expect, it } from 'vitest';
import { buildEnvironment, substitute } from '../../../../src/domain/sources/build-environment.ts';

const environment = buildEnvironment({
  application: { name: 'web', namespace: 'argocd', project: 'shop', destinationNamespace: 'prod' },
  source: { repoURL: 'https://git.example/x', path: 'apps/web', targetRevision: 'main' },
  revision: '0123456789abcdef0123456789abcdef01234567',
});

describe('the build environment', () => {
  it('is that of Argo CD', () => {
    expect(environment).toEqual({
      ARGOCD_APP_NAME: 'web',
      ARGOCD_APP_NAMESPACE: 'prod',
      ARGOCD_APP_PROJECT_NAME: 'shop',
      ARGOCD_APP_REVISION: '0123456789abcdef0123456789abcdef01234567',
      ARGOCD_APP_REVISION_SHORT: '0123456',
      ARGOCD_APP_REVISION_SHORT_8: '01234567',
      ARGOCD_APP_SOURCE_REPO_URL: 'https://git.example/x',
      ARGOCD_APP_SOURCE_PATH: 'apps/web',
      ARGOCD_APP_SOURCE_TARGET_REVISION: 'main',
    });
  });

  it('names an application of another namespace with it', () => {
    const application = { name: 'web', namespace: 'team', project: 'shop', destinationNamespace: 'prod' };
    const source = { repoURL: 'https://git.example/x' };
    expect(buildEnvironment({ application, source, revision: '' })['ARGOCD_APP_NAME']).toBe('team_web');
  });

  // As Go's os.Expand does it, which Argo CD uses.
  it.each<[string, string, string[]]>([
    ['$ARGOCD_APP_NAME', 'web', ['ARGOCD_APP_NAME']],
    ['a-${ARGOCD_APP_NAME}b', 'a-webb', ['ARGOCD_APP_NAME']],
    ['$ARGOCD_APP_NAMEb', '', []],
    ['$HOME/x', '/x', []],
    ['$$ARGOCD_APP_NAME', '$ARGOCD_APP_NAME', []],
    ['$${ARGOCD_APP_NAME}', '${ARGOCD_APP_NAME}', []],
    ['${$}', '$', []],
    ['a$', 'a$', []],
    ['$ a', '$ a', []],
    ['$1a', 'a', []],
    ['${}', '', []],
    ['${open', 'open', []],
    ['$toString ${__proto__}', ' ', []],
    ['plain', 'plain', []],
  ])('replaces %s by %s', (text, replaced, used) => {
    expect(substitute(text, environment)).toEqual({ text: replaced, used });
  });
});
