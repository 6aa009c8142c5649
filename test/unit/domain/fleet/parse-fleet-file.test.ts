import { describe, expect, it } from 'vitest';
import { parseFleetFile } from '../../../../src/domain/fleet/parse-fleet-file.ts';
import { formatProblem } from '../../../../src/domain/problem.ts';

const FLEET = `apiVersion: towline.dev/v1alpha1
kind: Fleet
metadata: { name: acme }
spec:
  source: { repoURL: https://github.com/acme/fleet, targetRevision: main, path: apps }
  repositories:
    - { url: https://github.com/acme/fleet, credentials: acme-github, webhookSecret: acme-webhook }
    - { url: https://ghe.example.com/team/web, forge: github }
    - { url: https://gitlab.com/acme/api }
    - { url: https://gitlab.example.com/acme/api }
    - { url: https://git.example.com/acme/db }
  clusters:
    - { name: prod-eu-1, labels: { environment: prod }, eks: { name: prod-eu-1, region: eu-west-1 } }
    - name: prod-us-1
      labels: { environment: prod }
      server: https://us.example.com
      eks: { name: prod-us-1, region: us-east-1, roleARN: arn:aws:iam::123456789012:role/towline }
`;

/** Every line that is wrong with a text, as people see it. */
const problemsOf = (text: string, local = false): string[] => {
  const parsed = parseFleetFile(text, { file: 'fleet.yaml', local });
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
};

const changed = (from: string | RegExp, to: string): string => {
  const text = FLEET.replace(from, to);
  if (text === FLEET) throw new Error('the test changes nothing');
  return text;
};

describe('a fleet file that is right', () => {
  const parsed = parseFleetFile(FLEET, { file: 'fleet.yaml', local: false });
  const fleet = parsed.ok ? parsed.fleet : undefined;

  it('has its defaults filled in', () => {
    expect(parsed).toMatchObject({ ok: true, warnings: [] });
    expect(fleet).toMatchObject({ name: 'acme', environments: { clusterLabel: 'environment' } });
    expect(fleet?.clusters[0]).toEqual({
      name: 'prod-eu-1',
      labels: { environment: 'prod' },
      annotations: {},
      access: { type: 'eks', name: 'prod-eu-1', region: 'eu-west-1' },
    });
  });

  it('has forge and API by host', () => {
    expect(fleet?.repositories.map(({ forge, apiURL }) => [forge, apiURL])).toEqual([
      ['github', 'https://api.github.com'],
      ['github', 'https://ghe.example.com/api/v3'],
      ['gitlab', 'https://gitlab.com/api/v4'],
      ['gitlab', 'https://gitlab.example.com/api/v4'],
      ['git', undefined],
    ]);
  });

  it('has the deployments that are asked for, of all environments or of some', () => {
    const of = (text: string) => {
      const given = parseFleetFile(
        changed('credentials: acme-github', `deployments: ${text}, credentials: acme-github`),
        {
          file: 'fleet.yaml',
          local: false,
        },
      );
      return given.ok ? given.fleet.repositories[0]?.deployments : given.problems;
    };
    expect(of('true')).toBe(true);
    expect(of('false')).toBeUndefined();
    expect(of('{ prod: }')).toEqual({ prod: {} });
    const prod = { production: true, url: 'https://shop.example.com' };
    expect(of('{ prod: { production: true, url: "https://shop.example.com" } }')).toEqual({ prod });
  });

  it('has one in-cluster cluster where there is only one', () => {
    const one = parseFleetFile(changed(/ {4}- name: prod-us-1[^]*/, ''), { file: 'f', local: false });
    expect(one.ok && one.fleet.clusters.map(({ inCluster }) => inCluster)).toEqual([true]);
    expect(fleet?.clusters.some(({ inCluster }) => inCluster)).toBe(false);
  });

  it('takes clusters from elsewhere', () => {
    const more = `${FLEET}  clustersFrom:\n    - secretsIn: { cluster: prod-us-1 }\n    - eks: { region: eu-west-1, tags: { fleet: acme } }\n    - eks: { regions: [us-east-1, us-west-2], roleARN: 'arn:aws:iam::111122223333:role/find' }\n    - secretsManager: { prefix: clusters/, region: eu-west-1 }\n`;
    const found = parseFleetFile(more, { file: 'f', local: false });
    expect(found.ok && found.fleet.clustersFrom).toEqual([
      { type: 'secretsIn', cluster: 'prod-us-1', namespace: 'argocd' },
      { type: 'eks', region: 'eu-west-1', tags: { fleet: 'acme' } },
      { type: 'eks', region: 'us-east-1', roleARN: 'arn:aws:iam::111122223333:role/find', tags: {} },
      { type: 'eks', region: 'us-west-2', roleARN: 'arn:aws:iam::111122223333:role/find', tags: {} },
      { type: 'secretsManager', prefix: 'clusters/', region: 'eu-west-1' },
    ]);
  });
});

describe('a fleet file that is wrong', () => {
  it.each([
    [
      'region: eu-west-1',
      'region: europe',
      'fleet.yaml:13: spec.clusters[0].eks.region: must be an AWS region such as eu-west-1 (it is "europe")',
    ],
    ['kind: Fleet', 'kind: Flete', 'fleet.yaml:2: kind: must be "Fleet", not "Flete"'],
    [
      'server: https://us.example.com',
      'server: 5',
      'fleet.yaml:16: spec.clusters[1].server: must be a string, not 5: write it in quotes',
    ],
    ['metadata: { name: acme }', 'metadata: {}', 'fleet.yaml:3: metadata.name: is missing'],
    [
      'url: https://gitlab.com/acme/api',
      'url: http://gitlab.com/acme/api',
      'fleet.yaml:9: spec.repositories[2].url: must be https://, not "http://gitlab.com/acme/api" (http:// works in local mode only)',
    ],
    [
      'https://git.example.com/acme/db',
      'https://127.0.0.1/acme/db',
      'fleet.yaml:11: spec.repositories[4].url: must not be this machine\'s own address, "https://127.0.0.1/acme/db"',
    ],
    [
      'https://git.example.com/acme/db',
      'https://GitLab.com/acme/api.git',
      'fleet.yaml:11: spec.repositories[4].url: "https://GitLab.com/acme/api.git" is there already, as spec.repositories[2]',
    ],
    [
      'name: prod-us-1\n',
      'name: prod-eu-1\n',
      'fleet.yaml:14: spec.clusters[1].name: "prod-eu-1" is there already, as spec.clusters[0]',
    ],
    [
      'repoURL: https://github.com/acme/fleet',
      'repoURL: https://github.com/acme/other',
      'fleet.yaml:5: spec.source.repoURL: "https://github.com/acme/other" is in no entry of spec.repositories: add it there, so that Towline may read it',
    ],
    [
      / {6}eks: .*/,
      '      embedded: true',
      'fleet.yaml:17: spec.clusters[1].embedded: works in local mode only; a deployed stack takes eks',
    ],
    [
      / {6}eks: .*/,
      '      annotations: {}',
      'fleet.yaml:14: spec.clusters[1]: cluster "prod-us-1" needs exactly one of eks, kubeconfig, embedded; it has none',
    ],
    [
      'path: apps',
      'path: ../apps',
      'fleet.yaml:5: spec.source.path: must be a path inside the repository, not "../apps"',
    ],
    [/clusters:[^]*/, 'clusters: []', 'fleet.yaml:12: spec.clusters: has no clusters: give clusters or clustersFrom'],
    [
      'metadata: { name: acme }',
      'metadata: [acme]',
      'fleet.yaml:3: metadata: must be a mapping, not the list ["acme"]',
    ],
    [
      'eks: { name: prod-eu-1, region: eu-west-1 }',
      'eks: [prod-eu-1]',
      'fleet.yaml:13: spec.clusters[0].eks: must be a mapping, not the list ["prod-eu-1"]',
    ],
  ])('%s → %s', (from, to, expected) => {
    expect(problemsOf(changed(from, to))).toEqual([expected]);
  });

  it('tells all at once', () => {
    const text = changed('region: eu-west-1', 'region: 1').replace('name: acme', 'name: 2');
    expect(problemsOf(text).map((line) => line.split(' must')[0])).toEqual([
      'fleet.yaml:3: metadata.name:',
      'fleet.yaml:13: spec.clusters[0].eks.region:',
    ]);
  });

  it('never repeats what may be a secret', () => {
    const token = 'ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    const asCredential = problemsOf(changed('credentials: acme-github', `credentials: ${token}`));
    expect(asCredential).toHaveLength(1);
    expect(asCredential[0]).toContain('spec.repositories[0].credentials: must be the name of a secret');
    for (const value of [
      token.toLowerCase(),
      'github_pat_0123',
      'glpat-abcdefghijklmnopqrst',
      'xoxb-1-2',
      'whsec_ab',
    ]) {
      const [problem] = problemsOf(changed('credentials: acme-github', `credentials: ${value}`));
      expect(problem).toContain("looks like a secret's value");
      expect(problem).not.toContain(value);
    }
    const inURL = problemsOf(changed('https://gitlab.com', `https://oauth2:${token}@gitlab.com`));
    expect([...asCredential, ...inURL].join('\n')).not.toContain(token);
    expect(problemsOf(changed('https://gitlab.com', `ssh://git:${token}@gitlab.com`)).join('\n')).not.toContain(token);
  });

  it.each([
    ['', 'fleet.yaml:1: holds no document; a fleet file starts with apiVersion: towline.dev/v1alpha1 and kind: Fleet'],
    [`${FLEET}---\na: 1\n`, 'fleet.yaml:19: this is a second document, and a fleet file is one: remove it'],
    ['a: [1\nb: 2', 'fleet.yaml:2: not valid YAML:'],
    ['- kind: Fleet\n', 'fleet.yaml:1: must be a mapping, not the list [{"kind":"Fleet"}]'],
    [
      'kind: Fleet\nspec:\n  a: &there x\n  b: *there\n  c: *nowhere\n',
      'fleet.yaml:5: not valid YAML: Unresolved alias',
    ],
    ['kind: Fleet\nkind: Fleet\n', 'fleet.yaml:2: not valid YAML: Map keys must be unique'],
  ])('text %#', (text, expected) => {
    expect(problemsOf(text)[0]).toContain(expected);
  });
});

describe('warnings and local mode', () => {
  it('warns about unknown fields, with what was probably meant', () => {
    const parsed = parseFleetFile(changed('clusters:', 'enviroments: {}\n  clusters:'), {
      file: 'fleet.yaml',
      local: false,
    });
    expect(parsed.warnings.map(formatProblem)).toEqual([
      'fleet.yaml:12: spec.enviroments: this field is not known and does nothing; did you mean environments?',
    ]);
    expect(parsed.ok).toBe(true);
  });

  it('doubts that clusters are meant which no commit status will speak of', () => {
    const told = (text: string) => {
      const parsed = parseFleetFile(text, { file: 'fleet.yaml', local: false });
      return parsed.ok ? parsed.doubts.map(formatProblem) : [];
    };
    expect(told(changed('labels: { environment: prod }, ', ''))).toEqual([
      'fleet.yaml:13: spec.clusters[0]: cluster "prod-eu-1" has no label "environment": no commit status will tell what happens there; add labels: { environment: … }',
    ]);
    expect(told(`${FLEET}  environments: { clusterLabel: tier }\n`)).toHaveLength(2);
  });

  it('allows plain http, loopback hosts, paths and local clusters on one machine', () => {
    const text = FLEET.replace('https://git.example.com/acme/db', 'http://127.0.0.1:3000/acme/db')
      .replace('https://gitlab.com/acme/api', '/srv/api.git')
      .replace(/ {6}eks: .*/, '      embedded: true');
    expect(problemsOf(text, true)).toEqual([]);
    expect(problemsOf(text, false)).toHaveLength(3);
  });
});

describe('deployments', () => {
  it('are of known environments', () => {
    expect(problemsOf(changed('credentials: acme-github', 'deployments: { production: {} }'))).toEqual([
      expect.stringContaining('"production" is no environment: the clusters have prod'),
    ]);
  });

  it('are GitHub’s', () => {
    expect(
      problemsOf(changed('url: https://gitlab.com/acme/api', 'url: https://gitlab.com/acme/api, deployments: true')),
    ).toEqual([expect.stringContaining('spec.repositories[2].deployments: are GitHub’s')]);
  });
});
