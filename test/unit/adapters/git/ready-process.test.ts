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
  await expect.poll(() => started[2]?.signalCode).toBe('SIGKILL');
});

it('starts a new one where the one that waited has died', async () => {
  let starts = 0;
  const ready = createReadyProcess(() => {
    starts += 1;
    return spawn(starts === 2 ? 'true' : 'cat', { stdio: 'pipe' });
  });
  ready.take().stdin.end();
  await expect.poll(() => starts).toBe(2);
  await expect
    .poll(() => {
      const child = ready.take();
      const isNew = child.exitCode === null && child.spawnfile === 'cat';
      child.stdin.end();
      return isNew;
    })
    .toBe(true);
  ready.close();
});
