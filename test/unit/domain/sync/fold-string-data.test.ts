import { describe, expect, it } from 'vitest';
import { foldStringData } from '../../../../src/domain/sync/fold-string-data.ts';

const secret = (fields: Record<string, unknown>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'login' },
  ...fields,
});

describe('foldStringData', () => {
  it('encodes texts as the API server does, over data of the same key', () => {
    const folded = foldStringData(secret({ data: { a: 'b2xk', kept: 'eA==' }, stringData: { a: 'néw', empty: '' } }));
    expect(folded).toEqual(secret({ data: { a: Buffer.from('néw').toString('base64'), kept: 'eA==', empty: '' } }));
  });

  it.each([
    ['a Secret without it', secret({ data: { a: 'eA==' } })],
    ['values that are no texts', secret({ stringData: { port: 80 } })],
    [
      'another kind',
      { ...secret({ stringData: { a: 'b' } }), kind: 'SealedSecret', apiVersion: 'bitnami.com/v1alpha1' },
    ],
    ['a Secret of another group', { ...secret({ stringData: { a: 'b' } }), apiVersion: 'example.com/v1' }],
  ])('leaves %s as it is', (_name, object) => {
    expect(foldStringData(object)).toBe(object);
  });
});
