import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { createReadyProcess } from '../../../../src/adapters/git/ready-process.ts';

it('starts the next process after the first use, hands each out once, and leaves none behind', async () => {
  const started: ReturnType<typeof spawn>[] = [];
  const ready = createReadyProcess(() => {
    const child = spawn('cat', { stdio: 'pipe' });
    started.push(child);
    return child;
  });
  const first = ready.take();
  expect(started).toEqual([first]);
  await expect.poll(() => started.length).toBe(2);
  const second = ready.take();
  expect(second).toBe(started[1]);
  second.stdin.end('hello');
  expect(String((await once(second.stdout, 'data'))[0])).toBe('hello');
  first.stdin.end();
  await expect.poll(() => started.length).toBe(3);
  ready.close();
  await expect.poll(() => started[2]?.signalCode ?? started[2]?.exitCode).not.toBeNull();
});

it('starts a new one where the one that waited has died', async () => {
  const started: ReturnType<typeof spawn>[] = [];
  const ready = createReadyProcess(() => {
    const child = spawn(started.length === 1 ? 'true' : 'cat', { stdio: 'pipe' });
    started.push(child);
    return child;
  });
  ready.take().stdin.end();
  await expect.poll(() => started[1]?.exitCode).toBe(0);
  const child = ready.take();
  expect(child).toBe(started[2]);
  child.stdin.end();
  ready.close();
});
