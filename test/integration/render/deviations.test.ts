import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ApplicationSource } from '../../../src/domain/fleet/application.ts';
import { inspect, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';

interface Deviation {
  /** What Argo CD renders and Towline does not. */
  what: string;
  why: string;
  code: string;
  files: MemoryFiles;
  source?: Partial<ApplicationSource>;
}

const CHART = 'apiVersion: v2\nname: app\nversion: 1.0.0\n';
const dependency = (repository: string): string =>
  `${CHART}dependencies: [{ name: web, version: 1.0.0, repository: "${repository}" }]\n`;

/** The whole list (README: Not supported yet). Each is refused before anything is rendered, with file and cure. */
const DEVIATIONS: Deviation[] = [
  {
    what: 'Jsonnet',
    why: 'no well-kept Jsonnet runs in JavaScript, and its imports would need a sandbox of their own',
    code: 'jsonnet-unsupported',
    files: { 'app/main.jsonnet': '{}' },
  },
  {
    what: 'config management plugins',
    why: 'a sidecar that runs commands of the repository has no place in a function without permissions',
    code: 'plugin-unsupported',
    files: { 'app/a.yaml': '' },
    source: { plugin: { name: 'mine' } },
  },
  {
    what: 'dependencies of a repository by its alias',
    why: 'an alias is known to one machine’s `helm repo add` alone',
    code: 'chart-dependencies-missing',
    files: { 'app/Chart.yaml': dependency('alias:mine') },
  },
  {
    what: 'charts inside a kustomization',
    why: 'kustomize would run helm and ask the network, which the sandbox has not',
    code: 'source-unsupported',
    files: { 'app/kustomization.yaml': 'helmCharts: [{ name: web, repo: https://charts.example, version: 1.0.0 }]\n' },
  },
  {
    what: 'files in Git LFS',
    why: 'a forge’s API answers with the pointer, and so does Argo CD unless a repository asks for LFS',
    code: 'lfs-unsupported',
    files: {
      'app/Chart.yaml': CHART,
      'app/values.yaml': `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 1\n`,
    },
  },
];

const FOLDER = new URL('../../../../shared/corpus/render/cases.jsonl', import.meta.url);
const isThere = existsSync(FOLDER);

interface Directory {
  fn: string;
  directory: string;
  whole?: boolean;
  files?: Record<string, string | { base64: string }>;
}

const directories: Directory[] = (isThere ? readFileSync(FOLDER, 'utf8') : '')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Directory)
  .filter(({ fn, whole }) => fn === 'directory' && whole);

describe('what Argo CD renders and Towline does not', () => {
  it.each(DEVIATIONS.map((one) => [one.what, one] as const))('%s: refused, with file and cure', async (_what, one) => {
    const inspection = await inspect(memorySource(one.files), { path: 'app', ...one.source });
    expect(inspection.ok ? 'rendered' : inspection.error.code).toBe(one.code);
    expect(one.why).not.toBe('');
    if (!inspection.ok) expect(inspection.error.message.length).toBeGreaterThan(20);
  });

  // What is wrong with its files is wrong for Argo CD, too.
  const WRONG_THERE_TOO = new Set(['chart-invalid', 'kustomization-invalid', 'source-invalid', 'path-escapes']);

  it.skipIf(!isThere).each(directories.map((one) => [one.directory, one] as const))(
    'nothing else of its own cases: %s',
    async (directory, { files = {} }) => {
      const memory = Object.entries(files).map(([path, file]) => [
        path,
        typeof file === 'string' ? file : { bytes: Buffer.from(file.base64, 'base64') },
      ]);
      const inspection = await inspect(memorySource(Object.fromEntries(memory)), { path: directory });
      const known = new Set([...DEVIATIONS.map(({ code }) => code), ...WRONG_THERE_TOO]);
      expect(inspection.ok || known.has(inspection.error.code)).toBe(true);
    },
  );
});
