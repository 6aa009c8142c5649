import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createSandbox } from '../../../src/adapters/render/create-sandbox.ts';
import { renderBundle } from '../../../src/app/render-bundle.ts';
import { makeBundle, type RenderResult } from '../../../src/domain/sources/bundle.ts';
import { pack, packResult } from '../../../src/messages/sandbox-payload.ts';
import { localTools } from '../../fakes/local-tools.ts';
import { inspect, memorySource } from '../../fakes/memory-source.ts';
import { type HostileRepository, hostileRepositories } from './repositories.ts';

const CANARY = 'canary-3f9a77';
vi.stubEnv('TOWLINE_CANARY', CANARY);

/** Beside the renders' folders, so that whoever climbs comes by. */
const folder = mkdtempSync(join(tmpdir(), 'towline-hostile-'));
const temporary = join(folder, 'renders');
const file = join(folder, 'canary.yaml');
writeFileSync(file, `apiVersion: v1\nkind: Secret\nmetadata: { name: ${CANARY} }\n`);

const heard: string[] = [];
const sinkhole = createServer((request, response) => {
  heard.push(request.url ?? '');
  response.end('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: remote }\n');
});
await new Promise<void>((resolve) => void sinkhole.listen(0, '127.0.0.1', resolve));
const { port } = sinkhole.address() as AddressInfo;

const DEADLINE = 5_000;
const sandbox = createSandbox({ ...(await localTools()), temporary, deadlineMilliseconds: DEADLINE });

afterAll(() => {
  sinkhole.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  ok: boolean;
  error?: { code: string; message: string };
  objects?: unknown[];
}

/** As plan, render and sandbox do it, what is handed from one to the next included. */
const render = async ({ files, source }: Pick<HostileRepository, 'files' | 'source'>): Promise<Outcome> => {
  const memory = memorySource(files);
  const inspection = await inspect(memory, source);
  if (!inspection.ok) return inspection;
  const bundle = makeBundle(inspection, memory.contents);
  pack(bundle);
  const result: RenderResult = await renderBundle({ sandbox })(bundle);
  packResult(result);
  return result;
};

const NEIGHBOUR = {
  files: {
    'n/kustomization.yaml': 'resources: [x.yaml]',
    'n/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: n }\n',
  },
  source: { path: 'n' },
};

const repositories = hostileRepositories({ file, sinkhole: `http://127.0.0.1:${port}` });

describe('a hostile repository', () => {
  it('is there in every kind', () => {
    expect(repositories.length).toBeGreaterThanOrEqual(60);
    expect(new Set(repositories.map(({ name }) => name)).size).toBe(repositories.length);
  });

  it.each(repositories.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const [outcome, neighbour] = await Promise.all([render(one), render(NEIGHBOUR)]);
    const said = JSON.stringify(outcome);
    if (one.code) expect(outcome.error?.code ?? said.slice(0, 300)).toMatch(one.code);
    else expect(outcome.error ?? outcome.ok).toBe(true);
    // Fit for a commit status: no secret, no path of this machine, and of a sane length.
    expect(said).not.toContain(CANARY);
    expect(said).not.toMatch(/root:x:0|hunter2/);
    if (outcome.error) {
      expect(outcome.error.message).not.toContain(temporary);
      expect(outcome.error.message.length).toBeLessThan(2_000);
    }
    expect(neighbour).toMatchObject({ ok: true, objects: [{ metadata: { name: 'n' } }] });
  });

  it('was not followed anywhere, and left nothing behind', () => {
    expect(heard).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});
