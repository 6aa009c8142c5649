import { describe, expect, it } from 'vitest';
import { redact, toRenderError } from '../../../../src/adapters/render/tool-message.ts';
import { helmBundle } from '../../../contracts/sandbox-suite.ts';

const root = '/var/x/render-AbC123';
const folder = { root, repository: `${root}/r`, home: `${root}/h`, values: `${root}/v` };
const files = [
  'apps/web/Chart.yaml',
  'apps/web/templates/my file.yaml',
  'env/prod.yaml',
  'apps/web/charts/sub/templates/x.yaml',
];
const { render: request } = helmBundle({}, { path: 'apps/web' });
const copies = {
  values: [{ from: 'env/prod.yaml', name: 'values-0.yaml' }],
  parameters: [],
  inline: 'values-inline.yaml',
};
const read = (stderr: string) => toRenderError(stderr, { folder, request, files, copies });

describe('a complaint', () => {
  it('is read in no time, however long a word of it is', () => {
    const start = performance.now();
    expect(read(`Error: ${'a'.repeat(65_536)}`)).toMatchObject({ message: expect.stringContaining('aaa') });
    expect(redact('A1b'.repeat(20_000))).toBe('•••');
    // Quadratic reading takes ten seconds.
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('what a tool says', () => {
  it.each<[string, object]>([
    [
      `Error: parse error at (web/templates/my file.yaml:3): unexpected\n\nUse --debug flag to render out invalid YAML\n`,
      {
        message: 'apps/web/templates/my file.yaml:3: parse error at (web/templates/my file.yaml:3): unexpected',
        file: 'apps/web/templates/my file.yaml',
        line: 3,
      },
    ],
    [
      `Error: failed to parse ${root}/v/values-0.yaml: yaml: line 7: oops`,
      { message: 'failed to parse env/prod.yaml: yaml: line 7: oops', file: 'env/prod.yaml', line: 7 },
    ],
    [
      `Error: failed to parse ${root}/v/values-inline.yaml: oops`,
      { message: "apps/web: failed to parse the Application's inline values: oops" },
    ],
    [`error: ${root}/r/env/prod.yaml and ${root}/r`, { message: 'env/prod.yaml and .', file: 'env/prod.yaml' }],
    [
      'level=WARN msg="x"\nError: template: web/charts/sub/templates/x.yaml:9:2: no',
      { file: 'apps/web/charts/sub/templates/x.yaml', line: 9 },
    ],
    ['', { message: 'apps/web: the tool failed and said nothing' }],
    [`Error: ${'long '.repeat(1_000)}`, { message: expect.stringMatching(/^apps\/web: (long ?){200}$/) }],
  ])('%j becomes %j', (stderr, error) => {
    expect(read(stderr)).toMatchObject({ code: 'render-failed', ...error });
  });

  it('names no file that is not in the bundle', () => {
    expect(read('Error: open /etc/hosts.yaml:3: no')).not.toHaveProperty('file');
  });
});

describe('what looks like a secret', () => {
  it.each([
    ['password: hunter2', 'hunter2'],
    ['"apiKey": "abc def"', 'abc def'],
    ["token='x y'", 'x y'],
    [`ghs_${'x'.repeat(40)}`, 'xxxx'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'MIIE'],
    [`data: ${Buffer.from('Canary 1234567890 canary').toString('base64')}`, 'Q2FuYXJ5'],
  ])('%j is blanked', (text, secret) => {
    expect(redact(text)).toContain('•••');
    expect(redact(text)).not.toContain(secret);
  });

  it.each([
    'apps/web-frontend/templates/deployment-canary-1.yaml:12',
    'no matches for Id Deployment.v1.apps/web.[noNs]',
  ])('%j is none', (text) => {
    expect(redact(text)).toBe(text);
  });
});
