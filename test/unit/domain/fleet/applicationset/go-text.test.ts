import { expect, it } from 'vitest';
import { flatten } from '../../../../../src/domain/fleet/applicationset/go-text.ts';

it('flattens mappings and lists by dots; what is empty leaves no param, as in Argo CD', () => {
  expect(flatten({ a: { b: [{ c: 1 }, 't', true], none: {} }, list: [], nothing: null, text: '' })).toEqual({
    'a.b.0.c': 1,
    'a.b.1': 't',
    'a.b.2': true,
    nothing: null,
    text: '',
  });
});
