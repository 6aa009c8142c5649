import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startAhead } from '../../../src/adapters/render/start-ahead.ts';

const folder = mkdtempSync(join(tmpdir(), 'towline-ahead-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A kubectl that is a shell script, and how often it was started. */
const aheadOf = (script: string, deadlineMilliseconds = 5_000) => {
  const temporary = mkdtempSync(join(folder, 'renders-'));
  const tool = join(temporary, 'tool');
  const starts = join(temporary, 'starts');
  writeFileSync(starts, '');
  writeFileSync(tool, `#!/bin/sh\nPATH=/usr/bin:/bin\necho start >> ${starts}\n${script}\n`);
  chmodSync(tool, 0o755);
  return {
    ahead: startAhead({ kubectl: tool, temporary, deadlineMilliseconds, stdoutBytes: 1_000 }),
    starts: () => readFileSync(starts, 'utf8').split('\n').length - 1,
    folders: () => readdirSync(temporary).filter((name) => name.startsWith('render-')),
  };
};

const files = { 'apps/web/kustomization.yaml': { text: 'resources: []' } };
const request = { tool: 'kustomize', path: 'apps/web' } as const;
/** Waits as kubectl does: for its preferences, before it looks at its folder. */
const WAITS = 'cat "$KUBERC" > /dev/null; cat kustomization-root/kustomization.yaml';

describe('a kubectl started ahead', () => {
  it('renders what comes later, once, and leaves nothing behind', async () => {
    const { ahead, starts, folders } = aheadOf(WAITS);
    expect(await ahead.run(files, request)).toBeUndefined();
    ahead.prepare();
    ahead.prepare();
    expect(await ahead.run(files, request)).toMatchObject({ ended: 'exit', code: 0, stdout: 'resources: []' });
    expect(await ahead.run(files, request)).toBeUndefined();
    expect(starts()).toBe(1);
    expect(folders()).toEqual([]);
  });

  it('is stopped at its deadline once it has been fed', async () => {
    const { ahead } = aheadOf('cat "$KUBERC" > /dev/null; sleep 20', 200);
    ahead.prepare();
    expect(await ahead.run(files, request)).toEqual({ ended: 'timeout' });
  });

  it('fails where it does not wait, so that nothing half-written passes for a render', async () => {
    const { ahead, starts } = aheadOf(
      'cat kustomization-root/kustomization.yaml; code=$?; echo >> ${0%tool}starts; exit $code',
    );
    ahead.prepare();
    // It has looked, and found nothing, before it is fed.
    await expect.poll(starts).toBe(2);
    const outcome = await ahead.run(files, request);
    expect(outcome).toMatchObject({ ended: 'exit' });
    expect(outcome).not.toMatchObject({ code: 0 });
  });
});
