import { describe, expect, it } from 'vitest';
import { createHoldOff } from '../../../../src/app/report/hold-off.ts';
import { permanent, transient } from '../../../../src/domain/errors.ts';

describe('createHoldOff', () => {
  const setUp = () => {
    const time = { now: 0 };
    const calls: string[] = [];
    const holdOff = createHoldOff(() => time.now);
    const call = (key: string, error?: Error) =>
      holdOff(key, () => {
        calls.push(key);
        return error ? Promise.reject(error) : Promise.resolve('done');
      });
    return { time, calls, call };
  };

  it('lets nobody through until the time that was named, for this key alone', async () => {
    const { time, calls, call } = setUp();
    const limited = transient('forge-rate-limited', 'slow down', { retryAfterSeconds: 30 });
    await expect(call('a', limited)).rejects.toBe(limited);
    time.now = 12_000;
    await expect(call('a')).rejects.toMatchObject({
      code: 'forge-rate-limited',
      kind: 'transient',
      retryAfterSeconds: 18,
    });
    expect(await call('b')).toBe('done');
    time.now = 30_000;
    expect(await call('a')).toBe('done');
    expect(calls).toEqual(['a', 'b', 'a']);
  });

  it('asks what is down every 10 seconds; what is refused for good concerns nobody else', async () => {
    const { time, calls, call } = setUp();
    await expect(call('a', permanent('commit-unknown', 'no'))).rejects.toMatchObject({ code: 'commit-unknown' });
    await expect(call('a', transient('forge-unreachable', 'down'))).rejects.toMatchObject({
      code: 'forge-unreachable',
    });
    time.now = 9_999;
    await expect(call('a')).rejects.toMatchObject({ code: 'forge-unreachable' });
    time.now = 10_000;
    expect(await call('a')).toBe('done');
    expect(calls).toHaveLength(3);
  });
});
