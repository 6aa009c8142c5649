import { expect, test } from 'vitest';
import { selection } from '../../../../src/domain/sync/selection.ts';

const OBJECTS = ['apps/Deployment/web/api', 'apps/Deployment/other/api', '/Service/web/api', '/Namespace//web'];

/** `[!]group/kind/namespace/name`. */
const selectorOf = (text: string) => {
  const [group = '', kind = '', namespace = '', name = ''] = text.replace(/^!/, '').split('/');
  return { group, kind, name, ...(namespace ? { namespace } : {}), ...(text.startsWith('!') ? { exclude: true } : {}) };
};

test.each([
  ['one by its name', ['apps/Deployment/web/api'], [0]],
  ['without a namespace in any', ['apps/Deployment//api'], [0, 1]],
  ['of no namespace', ['/Namespace//web'], [3]],
  ['any name', ['apps/Deployment/web/*'], [0]],
  ['any kind', ['*/*/web/api'], [0, 2]],
  ['any namespace', ['*/*/*/*'], [0, 1, 2, 3]],
  ['all but one', ['!/Service/web/api'], [0, 1, 3]],
  ['all but a kind', ['!apps/Deployment//*'], [2, 3]],
  ['some of those that are named', ['*/*//api', '!*/Service//*'], [0, 1]],
  ['another group', ['extensions/Deployment/web/api'], []],
] as const)('selects %s', (_what, selectors, expected) => {
  const isSelected = selection(selectors.map(selectorOf));
  const found = OBJECTS.flatMap((text, index) => (isSelected(selectorOf(text)) ? [index] : []));
  expect(found).toEqual(expected);
});
