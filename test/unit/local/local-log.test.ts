import { expect, it } from 'vitest';
import { readableLine } from '../../../src/local/local-log.ts';

it.each([
  ['done', {}, 'done'],
  [
    'poll failed',
    { repository: 'https://a', reason: 'no answer', failures: 1 },
    'poll failed: no answer (repository: https://a, failures: 1)',
  ],
  ['odd', { list: ['a'], missing: undefined, details: {} }, 'odd (list: ["a"])'],
])('%s as people read it', (message, fields, expected) => {
  expect(readableLine(message, fields)).toBe(expected);
});
