import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LINT_USAGE, runLint } from '../../../src/cli/lint.ts';

const ROOT = fileURLToPath(new URL('../../fixtures/cli/lint', import.meta.url));

const run = async (args: string[], cwd = ROOT) => {
  let out = '';
  let err = '';
  const code = await runLint({
    args,
    cwd,
    environment: {},
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
  });
  return { code, out: out.trimEnd().split('\n'), err };
};

/** Lints one file's text. */
const lint = async (text: string, name = 'app.yaml') => {
  const folder = await mkdtemp(join(tmpdir(), 'towline-lint-test-'));
  try {
    await writeFile(join(folder, name), text);
    return await run(['.'], folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

const application = (spec: string): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: web }\nspec:\n${spec}`;

describe('towline lint', () => {
  it('passes over templates of charts, patches, and documents of others', async () => {
    expect(await run(['good'])).toEqual({ code: 0, out: ['0 errors, 0 warnings in 1 document of 2 files'], err: '' });
  });

  it('names file, line and field of every problem, those between documents of a fleet included, and counts', async () => {
    const { code, out, err } = await run(['bad']);
    expect({ code, out, err }).toEqual({
      code: 1,
      err: '',
      out: [
        'bad/again.yaml:10: spec.destination: the fleet has no cluster "nowhere"; it has: here, there',
        'bad/again.yaml:10: spec.project: there is no AppProject "absent"; there are: default',
        'bad/apps.yaml:1: metadata.name: Application argocd/web is also defined at test/fixtures/cli/lint/bad/again.yaml:1, and that one counts: remove one of them',
        'bad/apps.yaml:8: spec.source.targetRevison: this field is not known and does nothing; did you mean targetRevision? (warning)',
        'bad/apps.yaml:17: spec.source.path: must be a string, not 7: write it in quotes',
        'bad/apps.yaml:20: Aplication slip is not served; Towline reads Application, ApplicationSet and AppProject (unsupported)',
        expect.stringMatching(/^bad\/cut\.yaml:4: not valid YAML: /),
        '6 errors, 1 warning in 5 documents of 4 files',
      ],
    });
  });

  it('ends with 0 where there are warnings only', async () => {
    const text = application(
      '  destination: { name: a }\n  source: { repoURL: https://example.com/a, path: a, pth: b }\n',
    );
    const { code, out } = await lint(text);
    expect({ code, count: out.at(-1) }).toEqual({ code: 0, count: '0 errors, 1 warning in 1 document of 1 file' });
  });

  it.each([
    ['app.json', JSON.stringify({ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: {}, spec: {} })],
    ['fleet.yml', 'apiVersion: towline.dev/v1alpha1\nkind: Fleet\nmetadata: { name: Not Right }\n'],
    ['set.yaml', 'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: s }\nspec: {}\n'],
  ])('reads %s', async (name, text) => {
    const { code, out } = await lint(text, name);
    expect(code).toBe(1);
    expect(out[0]).toMatch(new RegExp(`^${name}:\\d+: [\\w.]+: `));
  });

  it.each([
    [[], 'DIR is missing; see --help'],
    [['good', 'bad'], 'unexpected argument bad; see --help'],
    [['absent'], `${ROOT}/absent: cannot be read (ENOENT)`],
    [['bad/apps.yaml'], `${ROOT}/bad/apps.yaml: is not a directory`],
  ])('ends with 2 for %j', async (args, message) => {
    expect(await run(args)).toEqual({ code: 2, out: [''], err: `towline lint: ${message}\n` });
  });

  it('prints its usage', async () => {
    expect((await run(['-h'])).out.join('\n')).toBe(LINT_USAGE.trimEnd());
  });
});
