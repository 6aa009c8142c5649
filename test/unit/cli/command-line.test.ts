import { describe, expect, it } from 'vitest';
import { noCommand, readOptions } from '../../../src/cli/command-line.ts';

const OPTIONS = { server: { type: 'string' }, output: { type: 'string', short: 'o' } } as const;

describe('a command line that is wrong', () => {
  it.each([
    [['--serve', 'x'], "Unknown option '--serve'; did you mean --server? see --help"],
    [['list', '--completely-else'], "Unknown option '--completely-else'; see --help"],
    [['-x'], "Unknown option '-x'; see --help"],
    [['--server'], "Option '--server <value>' argument missing; see --help"],
  ])('%j', (args, expected) => {
    expect(() => readOptions(args, OPTIONS)).toThrow(expected);
  });

  it('names the command that was probably meant', () => {
    expect(noCommand('app', 'lst', ['list', 'get']).message).toBe(
      'there is no command app lst; did you mean app list? see --help',
    );
    expect(noCommand('app', 'explode', ['list']).message).toBe('there is no command app explode; see --help');
    expect(noCommand('app', '', ['list'])).toMatchObject({
      kind: 'rejected',
      message: 'COMMAND is missing; see --help',
    });
  });
});
