import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderBundle } from '../../../src/app/render-bundle.ts';
import type { ApplicationSource } from '../../../src/domain/fleet/application.ts';
import { makeBundle, type RenderResult } from '../../../src/domain/sources/bundle.ts';
import { inspect, type MemoryFiles, memorySource } from '../../fakes/memory-source.ts';

/** Argo CD's own render cases, where they lie beside the checkout (see their README for source and licence). */
const FOLDER = new URL('../../../../shared/corpus/render/', import.meta.url);
const isThere = existsSync(new URL('cases.jsonl', FOLDER));

interface RenderCase {
  id: string;
  fn: 'render' | 'directory';
  directory: string;
  path: string;
  whole?: boolean;
  files?: Record<string, string | { base64: string }>;
  request?: { applicationSource: ApplicationSource };
  expect?: { count?: number; error?: string };
}

const read = (name: string): string => (isThere ? readFileSync(new URL(name, FOLDER), 'utf8') : '');
const cases = read('cases.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as RenderCase);
const directories = JSON.parse(read('directories.json') || '{}') as Record<string, NonNullable<RenderCase['files']>>;

const toMemory = (files: NonNullable<RenderCase['files']>): MemoryFiles =>
  Object.fromEntries(
    Object.entries(files).map(([path, file]) => [
      path,
      typeof file === 'string' ? file : { bytes: Buffer.from(file.base64, 'base64') },
    ]),
  );

const noTools = { render: () => Promise.reject(new Error('a Directory source needs no sandbox')) };

const render = async (
  files: MemoryFiles,
  source: Partial<ApplicationSource>,
): Promise<RenderResult | { ok: false; error: { message: string } }> => {
  const memory = memorySource(files);
  const inspection = await inspect(memory, source);
  return inspection.ok ? renderBundle({ sandbox: noTools })(makeBundle(inspection, memory.contents)) : inspection;
};

describe.skipIf(!isThere)("Argo CD's render cases", () => {
  it.each(cases.filter(({ fn }) => fn === 'render').map((one) => [one.id, one] as const))('%s', async (_id, one) => {
    const source = { ...one.request?.applicationSource, path: one.path };
    const result = await render(toMemory(directories[one.directory] ?? {}), source);
    if (one.expect?.error !== undefined) expect(result.ok).toBe(false);
    else expect(result).toMatchObject({ ok: true });
    if (result.ok && one.expect?.count !== undefined) expect(result.objects).toHaveLength(one.expect.count);
  });

  it.each(cases.filter(({ fn, whole }) => fn === 'directory' && whole).map((one) => [one.directory, one] as const))(
    'inspects %s to an end',
    async (directory, one) => {
      const inspection = await inspect(memorySource(toMemory(one.files ?? {})), { path: directory });
      expect(inspection.inputs.length).toBeGreaterThan(0);
    },
  );

  // What the Go tests of these directories say about them.
  it.each<[string, object]>([
    ['concatenated', { ok: true, objects: { length: 3 } }],
    ['several-files', { ok: true }],
    ['irrelevant-yaml', { ok: true, objects: { length: 1 } }],
    ['non-manifest-file', { ok: true, objects: { length: 0 } }],
    ['json-list', { ok: false, error: { message: expect.stringMatching(/several JSON objects/) } }],
    ['invalid-helm', { ok: false }],
    ['helm-with-dependencies-alias', { ok: false, error: { message: expect.stringMatching(/helm v1\.0\.0/) } }],
  ])('judges %s as Argo CD does', async (directory, expected) => {
    const files = cases.find((one) => one.fn === 'directory' && one.directory === directory)?.files;
    if (!files) return;
    expect(await render(toMemory(files), { path: directory })).toMatchObject(expected);
  });
});
