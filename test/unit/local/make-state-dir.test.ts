import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toolsDir } from '../../../src/cli/tools-dir.ts';
import { makeStateDir } from '../../../src/local/make-state-dir.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towline-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('folders of Towline itself', () => {
  it('are left out by Git where they are made', () => {
    makeStateDir(join(folder, 'a', '.towline'));
    expect(readFileSync(join(folder, 'a', '.towline', '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('stay as they are where they are there', () => {
    makeStateDir(folder);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('where offline commands unpack tools', () => {
  it.each<[string, (home: string) => Record<string, string>, string]>([
    ['in the cache folder', (home) => ({ XDG_CACHE_HOME: join(home, 'cache'), HOME: home }), 'cache/towline'],
    ["in the home's cache folder", (home) => ({ HOME: home }), '.cache/towline'],
    ['in the current directory where there is no home', () => ({}), 'here/.towline'],
    [
      'in the current directory where the home takes nothing',
      (home) => ({ HOME: join(home, 'file') }),
      'here/.towline',
    ],
  ])('%s', (_name, environment, expected) => {
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'here'));
    expect(toolsDir({ cwd: join(folder, 'here'), environment: environment(folder) })).toBe(join(folder, expected));
  });
});
