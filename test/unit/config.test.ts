import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.ts';

describe('the settings', () => {
  it('have defaults for everything and are frozen', () => {
    const config = parseConfig({});
    expect(config).toMatchObject({ pollSeconds: 300, tablePrefix: 'towline-', logLevel: 'INFO' });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('name every variable that is wrong, in one error', () => {
    const wrong = { TOWLINE_POLL_SECONDS: 'soon', TOWLINE_QUEUE_SYNCS: 'nowhere' };
    expect(() => parseConfig(wrong)).toThrow(
      /TOWLINE_QUEUE_SYNCS.*TOWLINE_POLL_SECONDS|TOWLINE_POLL_SECONDS.*TOWLINE_QUEUE_SYNCS/,
    );
  });
});
