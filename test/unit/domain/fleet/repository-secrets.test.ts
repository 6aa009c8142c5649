import { describe, expect, it } from 'vitest';
import { compileFleet } from '../../../../src/domain/fleet/compile-fleet.ts';
import type { FleetFile } from '../../../../src/domain/fleet/fleet-file.ts';
import { withFoundRepositories, withoutFoundRepositories } from '../../../../src/domain/fleet/found-repositories.ts';
import { readFleetFile } from '../../../../src/domain/fleet/read-fleet-files.ts';

const secret = (type: string, data: string, { annotations = '', name = 'acme', kind = 'stringData' } = {}): string =>
  `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  labels: { argocd.argoproj.io/secret-type: ${type} }
  annotations: { ${annotations} }
${kind}: ${data}
`;
const TOKEN = 'towline.dev/credentials: acme-github';

const fleet: FleetFile = {
  name: 'acme',
  source: { repoURL: 'https://github.com/acme/fleet', targetRevision: 'HEAD', path: '' },
  repositories: [{ url: 'https://github.com/acme/fleet', forge: 'github', credentials: 'fleet' }],
  clusters: [{ name: 'dev', labels: {}, annotations: {}, access: { type: 'eks', name: 'dev', region: 'eu-west-1' } }],
  environments: { clusterLabel: 'environment' },
};
const application = (repoURL: string, project = 'default') => ({ project, sources: [{ repoURL, path: 'a' }] });

const found = (text: string, urls: string[] = [], file = fleet) => {
  const { repositorySecrets } = readFleetFile('repositories.yaml', text);
  const applications = urls.map((url) => application(url));
  const { repositories, chartRepositories } = withFoundRepositories(file, { repositorySecrets, applications });
  return [...repositories, ...(chartRepositories ?? [])].filter(({ secret: by }) => by !== undefined);
};

describe("Argo CD's repository Secrets among the fleet's documents", () => {
  it.each<[string, string, object]>([
    [
      'Git, with credentials by name',
      secret('repository', '{ url: "https://github.com/acme/web.git", type: git, project: team }', {
        annotations: TOKEN,
      }),
      {
        url: 'https://github.com/acme/web.git',
        forge: 'github',
        apiURL: 'https://api.github.com',
        credentials: 'acme-github',
        project: 'team',
      },
    ],
    [
      'base64 values, and SSH, which forges are asked by https instead of',
      secret('repository', `{ url: ${Buffer.from('git@gitlab.com:acme/sub/Web.git').toString('base64')} }`, {
        kind: 'data',
      }),
      { url: 'https://gitlab.com/acme/sub/Web', forge: 'gitlab', apiURL: 'https://gitlab.com/api/v4' },
    ],
    [
      'an enterprise host, told by annotation',
      secret('repository', '{ url: "https://git.acme.example/a/b" }', {
        annotations: 'towline.dev/forge: github, towline.dev/webhook-secret: hook',
      }),
      {
        url: 'https://git.acme.example/a/b',
        forge: 'github',
        apiURL: 'https://git.acme.example/api/v3',
        webhookSecret: 'hook',
      },
    ],
    [
      'a Helm repository',
      secret('repository', '{ url: "https://charts.example/a", type: helm, name: charts }', { annotations: TOKEN }),
      { url: 'https://charts.example/a', type: 'helm', credentials: 'acme-github' },
    ],
    [
      'an OCI registry',
      secret('repository', '{ url: registry.example/charts, type: helm, enableOCI: "true" }'),
      { url: 'registry.example/charts', type: 'oci' },
    ],
    [
      'an ExternalSecret that makes one',
      `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: acme, annotations: { ${TOKEN} } }
spec:
  target:
    template:
      metadata: { labels: { argocd.argoproj.io/secret-type: repository } }
      data: { url: https://github.com/acme/web, password: "{{ .token }}" }
`,
      { url: 'https://github.com/acme/web', forge: 'github', credentials: 'acme-github' },
    ],
  ])('%s', (_, text, expected) => {
    expect(found(text)).toMatchObject([{ ...expected, secret: 'acme' }]);
    expect(readFleetFile('repositories.yaml', text).problems).toEqual([]);
  });

  it('lend credentials by the longest URL that one begins with, and register what is named below it', () => {
    const text = [
      secret('repo-creds', '{ url: "https://github.com/acme" }', { annotations: TOKEN, name: 'all' }),
      secret('repo-creds', '{ url: "https://github.com/acme/private-" }', {
        annotations: 'towline.dev/credentials: other',
        name: 'other',
      }),
      secret('repo-creds', '{ url: "git@github.com:acme/team" }', {
        annotations: 'towline.dev/credentials: team',
        name: 'team',
      }),
      secret('repository', '{ url: "https://github.com/acme/team/own" }', { name: 'own' }),
    ].join('---\n');
    const urls = [
      'https://github.com/acme/web',
      'https://github.com/acme/team/api',
      'https://github.com/acmeish/web',
      fleet.source.repoURL,
    ];
    expect(found(text, urls)).toMatchObject([
      { url: 'https://github.com/acme/team/own', credentials: 'team', secret: 'own' },
      { url: 'https://github.com/acme/team/api', credentials: 'team' },
      { url: 'https://github.com/acme/web', credentials: 'acme-github' },
    ]);
  });

  it('never take the place of an entry of the fleet file, and are gone with their document', () => {
    const text = secret('repository', '{ url: "git@github.com:acme/fleet.git" }', {
      annotations: 'towline.dev/credentials: mine',
    });
    expect(found(text)).toEqual([]);
    const more = withFoundRepositories(fleet, {
      repositorySecrets: readFleetFile('a.yaml', secret('repository', '{ url: "https://github.com/acme/web" }'))
        .repositorySecrets,
      applications: [],
    });
    expect(more.repositories).toHaveLength(2);
    expect(withoutFoundRepositories(more)).toEqual(fleet);
    expect(withFoundRepositories(more, { applications: [] })).toEqual(fleet);
  });

  it.each(['http://github.com/acme/web', 'https://127.0.0.1/acme/web', '/srv/web', 'https://169.254.169.254/a/b'])(
    'reach nothing that the fleet file may not: %s',
    (url) => {
      const text = secret('repository', `{ url: "${url}" }`);
      expect(found(text)).toEqual([]);
      const file = { path: 'a.yaml', text, digest: 'd' };
      const first = compileFleet({ files: [file], fleet });
      for (const { problems } of [first, compileFleet({ files: [file], fleet, previous: first })]) {
        expect(problems).toMatchObject([{ severity: 'warning', code: 'repository-refused', file: 'a.yaml' }]);
      }
    },
  );

  it.each([
    ['stringData', '{ url: "https://bot:hunter2@github.com/acme/web", password: hunter2 }'],
    [
      'data',
      `{ url: ${Buffer.from('https://github.com/acme/web').toString('base64')}, sshPrivateKey: ${Buffer.from('hunter2').toString('base64')} }`,
    ],
  ])('warn about what is secret in Git, and keep none of it: %s', (kind, data) => {
    const read = readFleetFile('repositories.yaml', secret('repository', data, { kind }));
    expect(read.problems).toMatchObject([
      { severity: 'warning', message: expect.stringMatching(/in plain text.*towline\.dev\/credentials/) },
    ]);
    expect(read.repositorySecrets).toMatchObject([{ url: 'https://github.com/acme/web' }]);
    const snapshot = compileFleet({
      files: [{ path: 'a.yaml', text: secret('repository', data, { kind }), digest: 'd' }],
      fleet,
    });
    expect(JSON.stringify([read, snapshot])).not.toMatch(/hunter2|aHVudGVyMg/);
  });

  it('keep their last good version where they are wrong, and say what is', () => {
    const good = compileFleet({
      files: [{ path: 'a.yaml', text: secret('repository', '{ url: "https://github.com/acme/web" }'), digest: '1' }],
      fleet,
    });
    const wrong = secret('repository', '{ url: "https://github.com/acme/web" }', {
      annotations: 'towline.dev/credentials: "ghp_Token!"',
    });
    const after = compileFleet({ files: [{ path: 'a.yaml', text: wrong, digest: '2' }], fleet, previous: good });
    expect(after.repositorySecrets).toEqual(good.repositorySecrets);
    expect(after.problems).toMatchObject([
      { severity: 'error', line: 6, message: expect.stringContaining('must be the name of a secret') },
    ]);
  });

  it('are of the project alone that they name, which need not permit them twice', () => {
    const manifest = (name: string, project: string): string =>
      `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name} }
spec:
  project: ${project}
  source: { repoURL: https://github.com/acme/web, path: a }
  destination: { name: dev, namespace: web }
`;
    const team = `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: team }
spec: { sourceRepos: [], destinations: [{ name: '*', namespace: '*' }] }
`;
    const own = secret('repository', '{ url: "https://github.com/acme/web", project: team }');
    const text = [team, own, manifest('own', 'team'), manifest('other', 'default')].join('---\n');
    const { applications } = compileFleet({ files: [{ path: 'a.yaml', text, digest: 'd' }], fleet });
    expect(applications.map(({ name, problems }) => [name, problems.map(({ message }) => message)])).toEqual([
      [
        'other',
        ['https://github.com/acme/web is a repository of project team alone (its Secret says so), not of default'],
      ],
      ['own', []],
    ]);
  });
});
