// The conventions that no linter knows: names that say nothing, exports without a docstring, undeclared dependencies,
// re-exports, and the clock in pure code. Prints one line per breach: file:line: convention: what to do.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2] ?? '.';
const FOLDERS = ['src', 'functions', 'test', 'bench', 'scripts'];
const EMPTY_NAMES = /(^|-)(utils?|helpers?|managers?|services?)$/;
/** Kubernetes' own words: field managers of server-side apply, the kind Service. */
const KUBERNETES_NAMES = new Set([
  'managers',
  'field-managers',
  'trusted-managers',
  'known-managers',
  'migrated-managers',
]);
const breaches = [];

const walk = (folder) =>
  readdirSync(join(root, folder)).flatMap((name) => {
    if (name === 'node_modules' || name === 'fixtures') return [];
    const path = `${folder}/${name}`;
    return statSync(join(root, path)).isDirectory() ? [path, ...walk(path)] : [path];
  });

const exists = (folder) => statSync(join(root, folder), { throwIfNoEntry: false }) !== undefined;
const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const checkName = (path) => {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/(\.[a-z]+)+$/, '');
  if (EMPTY_NAMES.test(name) && !KUBERNETES_NAMES.has(name)) {
    breaches.push(`${path}:1: empty-name: say what it does; utils, helpers, manager and service say nothing`);
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && !path.startsWith('test/cluster/control-plane/')) {
    breaches.push(`${path}:1: kebab-case: name files and folders in kebab-case`);
  }
};

const EXPORTED_FUNCTION =
  /^export (?:async )?function\*? (\w+)|^export const ([a-z]\w*)(?:: [^=]+)? =\s*(?:async )?[(<]/;
const EXPORTED_CURRIED = /^export const ([a-z]\w*) =$/;

const checkDocstrings = (path, lines) => {
  lines.forEach((line, index) => {
    const [, declared, arrow] = EXPORTED_FUNCTION.exec(line) ?? [];
    const name = declared ?? arrow ?? EXPORTED_CURRIED.exec(line)?.[1];
    if (name !== undefined && !lines[index - 1]?.trimEnd().endsWith('*/')) {
      breaches.push(`${path}:${index + 1}: docstring: say what ${name} takes and returns, and its errors`);
    }
  });
};

/** Code that ships may use `dependencies` only; the local stack runs where development dependencies are installed. */
const mayUse = (path) =>
  /^(functions|src\/(?!local|cli))/.test(path) ? dependencies : { ...dependencies, ...devDependencies };

const checkImports = (path, lines) => {
  lines.forEach((line, index) => {
    const from = /^(?:import|export|\}).* from '([^'.][^']*)';$|^import '([^'.][^']*)';$/.exec(line);
    const specifier = from?.[1] ?? from?.[2];
    if (specifier === undefined || specifier.startsWith('node:')) return;
    const owner = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const types = `@types/${owner.replace(/^@/, '').replace('/', '__')}`;
    const known = mayUse(path);
    if (owner in known || (line.startsWith('import type') && (types in devDependencies || owner in devDependencies)))
      return;
    breaches.push(`${path}:${index + 1}: undeclared-dependency: ${owner} is not in package.json's dependencies`);
  });
};

const checkBarrel = (path, text) => {
  for (const { index } of text.matchAll(/^export \{[^}]*\} from '/gm)) {
    const line = text.slice(0, index).split('\n').length;
    breaches.push(`${path}:${line}: barrel: have it imported from where it is defined`);
  }
};

const checkClock = (path, lines) => {
  if (!/^src\/(domain|app)\//.test(path)) return;
  lines.forEach((line, index) => {
    if (/\bnew Date\(\)|\bDate\(\)/.test(line)) {
      breaches.push(`${path}:${index + 1}: clock: take the time as an argument`);
    }
  });
};

for (const path of FOLDERS.filter(exists).flatMap(walk)) {
  checkName(path);
  if (!/\.(ts|mjs)$/.test(path) || path.endsWith('.d.ts')) continue;
  const text = readFileSync(join(root, path), 'utf8');
  const lines = text.split('\n');
  checkBarrel(path, text);
  checkImports(path, lines);
  checkClock(path, lines);
  if (/^(src|functions)\//.test(path)) checkDocstrings(path, lines);
}
for (const breach of breaches) console.log(breach);
process.exitCode = breaches.length === 0 ? 0 : 1;
