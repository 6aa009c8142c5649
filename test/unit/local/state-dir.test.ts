import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockStateDir } from '../../../src/local/state-dir.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'towline-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const lock = () => join(dir, 'lock');

describe('the lock of a state directory', () => {
  it('is taken, taken again by the same process, and given back', async () => {
    const first = await lockStateDir(dir);
    const again = await lockStateDir(dir);
    expect(readFileSync(lock(), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    await again.release();
    await first.release();
    expect(() => readFileSync(lock())).toThrow('ENOENT');
  });

  it('is not given back by who does not hold it any more', async () => {
    const first = await lockStateDir(dir);
    writeFileSync(lock(), '1 somebody');
    await first.release();
    expect(readFileSync(lock(), 'utf8')).toBe('1 somebody');
  });

  it.each([
    ['a process that is dead', '4194999 17'],
    ['another process of the same number', `${process.ppid} 1`],
    ['an older version, dead', '4194999'],
    ['nobody', 'nonsense'],
  ])('is taken over from %s', async (_who, holder) => {
    writeFileSync(lock(), holder);
    await lockStateDir(dir);
    expect(readFileSync(lock(), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  });

  it('is refused while its holder lives', async () => {
    writeFileSync(lock(), String(process.ppid));
    await expect(lockStateDir(dir)).rejects.toThrow(
      `${dir} is in use by process ${process.ppid}: end it, or give another --state DIR`,
    );
  });
});
