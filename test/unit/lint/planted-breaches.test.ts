import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

type Breach = [name: string, file: string, rule: string, text: string];

const uses = (specifier: string, name = 'thing') =>
  `import { ${name} } from '${specifier}';\nexport const used = ${name};\n`;
const doc = '/** Counts. */\n';
const lines = (count: number) => Array.from({ length: count }, (_, i) => `  out.push(${i});`).join('\n');

const IMPORTS = 'eslint(no-restricted-imports)';
const GLOBALS = 'eslint(no-restricted-globals)';
const PROPERTIES = 'eslint(no-restricted-properties)';

/** Every rule that the project holds to, with the smallest file that breaks it. */
const BREACHES: Breach[] = [
  ['domain imports a port', 'src/domain/a-port.ts', IMPORTS, uses('../ports/thing.ts')],
  ['domain imports a port from a folder', 'src/domain/deep/a-port.ts', IMPORTS, uses('../../ports/thing.ts')],
  ['domain imports a message', 'src/domain/a-message.ts', IMPORTS, uses('../messages/thing.ts')],
  ['domain imports a use case', 'src/domain/a-use-case.ts', IMPORTS, uses('../app/thing.ts')],
  ['domain imports an adapter', 'src/domain/an-adapter.ts', IMPORTS, uses('../adapters/git/thing.ts')],
  ['domain imports the settings', 'src/domain/settings.ts', IMPORTS, uses('../config.ts')],
  ['domain imports a function', 'src/domain/a-function.ts', IMPORTS, uses('../../functions/thing.ts')],
  ['domain imports the file system', 'src/domain/files.ts', IMPORTS, uses('node:fs', 'readFileSync')],
  ['domain imports promised files', 'src/domain/more-files.ts', IMPORTS, uses('node:fs/promises', 'readFile')],
  ['domain imports DNS', 'src/domain/dns.ts', IMPORTS, uses('node:dns', 'lookup')],
  ['domain imports an SDK', 'src/domain/sdk.ts', IMPORTS, uses('@aws-sdk/client-s3', 'S3Client')],
  ['domain imports an HTTP client', 'src/domain/http.ts', IMPORTS, uses('undici', 'request')],
  ['domain draws an id', 'src/domain/ids.ts', IMPORTS, uses('node:crypto', 'randomUUID')],
  ['domain reads the clock', 'src/domain/clock.ts', PROPERTIES, 'export const now = Date.now();\n'],
  ['domain rolls dice', 'src/domain/dice.ts', PROPERTIES, 'export const roll = Math.random();\n'],
  ['domain fetches', 'src/domain/fetches.ts', GLOBALS, "export const answer = fetch('https://example.com');\n"],
  ['domain waits', 'src/domain/waits.ts', GLOBALS, 'setTimeout(() => undefined, 1);\nexport const one = 1;\n'],
  ['domain measures', 'src/domain/measures.ts', GLOBALS, 'export const now = performance.now();\n'],
  ['a port imports a use case', 'src/ports/a-use-case.ts', IMPORTS, uses('../app/thing.ts')],
  ['a port imports an adapter', 'src/ports/an-adapter.ts', IMPORTS, uses('../adapters/git/thing.ts')],
  ['a port imports an SDK', 'src/ports/sdk.ts', IMPORTS, uses('@aws-sdk/client-s3', 'S3Client')],
  ['a message imports a port', 'src/messages/a-port.ts', IMPORTS, uses('../ports/thing.ts')],
  ['a message imports a use case', 'src/messages/a-use-case.ts', IMPORTS, uses('../app/thing.ts')],
  ['a use case imports an adapter', 'src/app/an-adapter.ts', IMPORTS, uses('../adapters/git/thing.ts')],
  ['a use case in a folder imports an adapter', 'src/app/plan/a.ts', IMPORTS, uses('../../adapters/git/thing.ts')],
  ['a use case imports an SDK', 'src/app/sdk.ts', IMPORTS, uses('@aws-sdk/client-s3', 'S3Client')],
  ['a use case imports files', 'src/app/files.ts', IMPORTS, uses('node:fs', 'readFileSync')],
  ['a use case imports the settings', 'src/app/settings.ts', IMPORTS, uses('../config.ts')],
  ['a use case reads the clock', 'src/app/clock.ts', PROPERTIES, 'export const now = Date.now();\n'],
  ['an adapter imports a use case', 'src/adapters/git/a-use-case.ts', IMPORTS, uses('../../app/thing.ts')],
  ['an adapter imports another', 'src/adapters/git/another.ts', IMPORTS, uses('../github/thing.ts')],
  ['an adapter imports the settings', 'src/adapters/git/settings.ts', IMPORTS, uses('../../config.ts')],
  ['an adapter imports the local stack', 'src/adapters/git/local.ts', IMPORTS, uses('../../local/thing.ts')],
  ['the page imports an adapter', 'src/ui/an-adapter.ts', IMPORTS, uses('../adapters/git/thing.ts')],
  ['a function imports the local stack', 'functions/local.ts', IMPORTS, uses('../src/local/thing.ts')],
  [
    'a cycle',
    'src/local/cycle-a.ts',
    'import(no-cycle)',
    "import { b } from './cycle-b.ts';\nexport const a = () => b;\n",
  ],
  ['a barrel', 'src/local/barrel.ts', 'oxc(no-barrel-file)', "export * from './cycle-a.ts';\n"],
  ['a default export', 'src/local/default.ts', 'import(no-default-export)', 'export default 1;\n'],
  ['vi.mock', 'test/unit/mock.test.ts', PROPERTIES, "import { vi } from 'vitest';\nvi.mock('./thing.ts');\n"],
  ['vi.doMock', 'test/unit/do-mock.test.ts', PROPERTIES, "import { vi } from 'vitest';\nvi.doMock('./thing.ts');\n"],
  [
    'a focused test',
    'test/unit/focus.test.ts',
    'vitest(no-focused-tests)',
    "import { it } from 'vitest';\nit.only('a', () => undefined);\n",
  ],
  [
    'a floating promise',
    'src/local/floating.ts',
    'typescript(no-floating-promises)',
    'Promise.resolve(1);\nexport const a = 1;\n',
  ],
  [
    'a promise where none is awaited',
    'src/local/misused.ts',
    'typescript(no-misused-promises)',
    '[1].forEach(async () => Promise.resolve());\nexport const a = 1;\n',
  ],
  ['process.env', 'src/local/env.ts', 'node(no-process-env)', "export const home = process.env['HOME'];\n"],
  [
    'process.env in a function',
    'functions/env.ts',
    'node(no-process-env)',
    "export const home = process.env['HOME'];\n",
  ],
  ['any', 'src/local/any.ts', 'typescript(no-explicit-any)', 'export const a: any = 1;\n'],
  ['a non-null assertion', 'src/local/bang.ts', 'typescript(no-non-null-assertion)', 'export const a = [1][0]!;\n'],
  [
    'a type imported as a value',
    'src/local/types.ts',
    'typescript(consistent-type-imports)',
    "import { Stats } from 'node:fs';\nexport type A = Stats;\n",
  ],
  ['a namespace', 'src/local/space.ts', 'typescript(no-namespace)', 'export namespace A {\n  export const a = 1;\n}\n'],
  [
    'an import without its ending',
    'src/local/ending.ts',
    'import(extensions)',
    "import { a } from './cycle-a';\nexport const b = a;\n",
  ],
  ['a file not in kebab-case', 'src/local/camelCase.ts', 'unicorn(filename-case)', 'export const a = 1;\n'],
  [
    'a function of 41 lines',
    'src/local/long.ts',
    'eslint(max-lines-per-function)',
    `${doc}export const long = (out: number[]) => {\n${lines(39)}\n};\n`,
  ],
  ['a module of 251 lines', 'src/local/large.ts', 'eslint(max-lines)', 'export const a = 1;\n'.padEnd(20 + 251, '\n')],
  [
    'a thrown string',
    'src/local/thrown.ts',
    'typescript(only-throw-error)',
    `${doc}export const a = () => {\n  throw 'no';\n};\n`,
  ],
  ['the console', 'src/local/console.ts', 'eslint(no-console)', "console.log('a');\nexport const a = 1;\n"],
  [
    'a note to do it later',
    'src/local/later.ts',
    'eslint(no-warning-comments)',
    '// TODO: later\nexport const a = 1;\n',
  ],
];

/** Breaches of what no linter knows, found by scripts/check-conventions.mjs. */
const CONVENTIONS: Breach[] = [
  ['utils', 'src/local/string-utils.ts', 'empty-name', 'export const a = 1;\n'],
  ['helpers', 'src/local/helpers/thing.ts', 'empty-name', 'export const a = 1;\n'],
  ['manager', 'src/local/queue-manager.ts', 'empty-name', 'export const a = 1;\n'],
  ['service', 'src/app/sync-service.ts', 'empty-name', 'export const a = 1;\n'],
  ['a folder not in kebab-case', 'src/local/someFolder/thing.ts', 'kebab-case', 'export const a = 1;\n'],
  ['an exported function without a docstring', 'src/local/silent.ts', 'docstring', 'export const a = () => 1;\n'],
  [
    'an exported curried function without one',
    'src/local/curried.ts',
    'docstring',
    'export const a =\n  (b: number) =>\n  (c: number) =>\n    b + c;\n',
  ],
  ['an undeclared dependency', 'src/adapters/git/foreign.ts', 'undeclared-dependency', uses('left-pad')],
  ['a development dependency in what ships', 'src/adapters/git/dev.ts', 'undeclared-dependency', uses('fast-check')],
  ['a barrel of names', 'src/local/names.ts', 'barrel', "export { a } from './cycle-a.ts';\n"],
  ['new Date() in domain', 'src/domain/date.ts', 'clock', 'export const now = new Date();\n'],
];

/** What the breaches import, and files that keep every rule: nothing may be said of them. */
const SOUND: Record<string, string> = {
  ...Object.fromEntries(
    ['src/ports', 'src/messages', 'src/app', 'src/adapters/git', 'src/adapters/github', 'src/local', 'src/domain'].map(
      (folder) => [`${folder}/thing.ts`, 'export const thing = 1;\n'],
    ),
  ),
  'functions/thing.ts': uses('../src/app/thing.ts'),
  'src/config.ts': "export const thing = process.env['HOME'];\n",
  'src/local/cycle-b.ts': "import { a } from './cycle-a.ts';\nexport const b = () => a;\n",
  'src/domain/sound.ts': `${uses('./thing.ts')}\n${doc}export const hash = (text: string) => text.length;\n`,
  'src/ports/sound.ts': uses('../domain/thing.ts'),
  'src/app/sound.ts': `import { thing } from '../domain/thing.ts';\nimport { thing as port } from '../ports/thing.ts';\nexport const used = [thing, port];\n`,
  'src/adapters/git/sound.ts': `import { S3Client } from '@aws-sdk/client-s3';\nimport { thing } from '../../ports/thing.ts';\nexport const used = [thing, S3Client];\n`,
  'src/local/sound.ts':
    `import { thing } from '../../functions/thing.ts';\n${doc}export const long = (out: number[]) => {\n${lines(38)}\n};\nexport const used = thing;\n`.replace(
      '{ thing }',
      '{ used as thing }',
    ),
  'src/local/field-managers.ts': 'export const a = 1;\n',
};

const run = (command: string, args: string[], cwd: string): Promise<string> =>
  new Promise((resolve) => {
    execFile(command, args, { cwd, maxBuffer: 1 << 26 }, (_error, stdout) => resolve(stdout));
  });

interface Diagnostic {
  code: string;
  filename: string;
}

let folder: string;
let lint: string[];
let conventions: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'towline-breaches-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) cpSync(join(ROOT, file), join(folder, file));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const planted = [...BREACHES, ...CONVENTIONS].map(([, file, , text]) => [file, text] as const);
  for (const [file, text] of [...planted, ...Object.entries(SOUND)]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const oxlint = join(ROOT, 'node_modules/.bin/oxlint');
  const script = join(ROOT, 'scripts/check-conventions.mjs');
  const [diagnostics, breaches] = await Promise.all([
    run(oxlint, ['--type-aware', '--format=json'], folder),
    run(process.execPath, [script, folder], folder),
  ]);
  const parsed = JSON.parse(diagnostics) as { diagnostics: Diagnostic[] };
  lint = parsed.diagnostics.map(({ filename, code }) => `${filename} ${code}`);
  conventions = breaches.split('\n').map((line) => line.replace(/:\d+: /, ' ').replace(/:.*/, ''));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('lint refuses', () => {
  it.each(BREACHES)('%s', (_name, file, rule) => {
    expect(lint.filter((found) => found.startsWith(`${file} `))).toContain(`${file} ${rule}`);
  });
});

describe('the conventions refuse', () => {
  it.each(CONVENTIONS)('%s', (_name, file, rule) => {
    const at = [file, dirname(file)];
    expect(conventions.filter((found) => at.some((path) => found === `${path} ${rule}`))).toHaveLength(1);
  });
});

it.each(Object.keys(SOUND).filter((file) => !file.includes('cycle')))('nothing is said of %s', (file) => {
  expect([...lint, ...conventions].filter((found) => found.startsWith(`${file} `))).toEqual([]);
});
