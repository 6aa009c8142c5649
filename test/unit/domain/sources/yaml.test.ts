import { describe, expect, it } from 'vitest';
import { readYaml } from '../../../../src/domain/sources/yaml-documents.ts';

const valueOf = (text: string): unknown => readYaml(`v: ${text}`).documents[0]?.value;

describe('plain scalars', () => {
  // What `kubectl label --local -o json` makes of them (kubectl 1.35.2).
  it.each([
    ['0644', 420],
    ['0o644', 420],
    ['-0644', -420],
    ['0888', 888],
    ['09', 9],
    ['1_000', 1000],
    ['1__0', 10],
    ['_1', '_1'],
    ['0x1F', 31],
    ['0xZZ', '0xZZ'],
    ['0b101', 5],
    ['-0b11', -3],
    ['+12', 12],
    ['1e3', 1000],
    ['1e', '1e'],
    ['1.', 1],
    ['.5', 0.5],
    ['+.5', 0.5],
    ['00.5', 0.5],
    ['1_0.5', 10.5],
    ['00', 0],
    ['1,000', '1,000'],
    ['22:22', '22:22'],
    ['2001-01-01', '2001-01-01'],
    ['y', true],
    ['yes', true],
    ['On', true],
    ['n', false],
    ['off', false],
    ['yEs', 'yEs'],
    ['~', null],
    ['NULL', null],
    ['', null],
    ['"yes"', 'yes'],
    ['!!str 12', '12'],
    ['!!int "3"', 3],
    ['!!binary aGVsbG8=', 'hello'],
    ['=', '='],
    ['-', null],
  ])('reads %s as kubectl does', (text, value) => {
    const read = text === '-' ? readYaml('v:\n-').documents[0]?.value : valueOf(text);
    expect(read).toEqual({ v: text === '-' ? [null] : value });
  });

  it('makes names of keys that are none', () => {
    expect(readYaml('yes: a\n1: b\n2.5: c').documents[0]?.value).toEqual({ true: 'a', 1: 'b', 2.5: 'c' });
  });

  it.each(['1e400', '.inf', '.nan'])('refuses %s, which JSON cannot say', (text) => {
    expect(readYaml(`a: 1\nb: ${text}`).problem).toMatchObject({ line: 1 });
  });
});

describe('documents', () => {
  it('reads several with the line on which each starts, and passes over empty ones', () => {
    const { documents } = readYaml('a: 1\n---\n# nothing\n---\nnull\n---\n\n# about b\nb: 2\n--- # c\nc: 3\n...\n');
    expect(documents).toEqual([
      { value: { a: 1 }, line: 1 },
      { value: { b: 2 }, line: 9 },
      { value: { c: 3 }, line: 11 },
    ]);
  });

  it('reads carriage returns and directives', () => {
    expect(readYaml('%YAML 1.1\r\n---\r\na: 1\r\n---\r\nb: 2\r\n').documents.map(({ value }) => value)).toEqual([
      { a: 1 },
      { b: 2 },
    ]);
  });

  it('does not take dashes within a text for a separator', () => {
    const value = 'pem: |\n  ---\n  -----BEGIN-----\n';
    expect(readYaml(value).documents).toEqual([{ value: { pem: '---\n-----BEGIN-----\n' }, line: 1 }]);
  });

  it('gives what stands before a fault, and the line of the fault', () => {
    const { documents, problem } = readYaml('a: 1\n---\nb: 1\nc: [1,\nd: 2\n');
    expect(documents).toHaveLength(1);
    expect(problem?.line).toBeGreaterThanOrEqual(4);
  });

  it('refuses a key named twice, or lets the last win', () => {
    expect(readYaml('a: 1\nb: 2\na: 3').problem).toMatchObject({ line: 3 });
    expect(readYaml('a: 1\nb: 2\na: 3', { duplicates: 'last' }).documents[0]?.value).toEqual({ a: 3, b: 2 });
  });

  it('keeps __proto__ a plain field', () => {
    const value = readYaml('__proto__: {polluted: yes}').documents[0]?.value;
    expect(Object.keys(Object(value))).toEqual(['__proto__']);
    expect('polluted' in {}).toBe(false);
  });
});

describe('bombs', () => {
  const aliases = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...'bcdefghi'.split('').map(expand)].join('\n');
  function expand(name: string, index: number): string {
    const before = String.fromCharCode('a'.charCodeAt(0) + index);
    return `${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(',')}]`;
  }

  it.each([
    ['aliases of aliases', aliases, /too many values/],
    ['depth', `a: ${'['.repeat(100_000)}`, /./],
    ['nested mappings', `${'{a: '.repeat(2_000)}1${'}'.repeat(2_000)}`, /./],
    ['documents', '---\n'.repeat(200_000), /more than 10000 documents/],
  ])('refuses a bomb of %s at once', (_name, text, reason) => {
    const start = performance.now();
    const { documents, problem } = readYaml(text);
    expect(problem?.reason).toMatch(reason);
    expect(documents).toEqual([]);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
