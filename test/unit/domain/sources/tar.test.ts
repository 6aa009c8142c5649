import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTar } from '../../../../src/domain/sources/tar.ts';
import { type TarEntry, tar } from '../../../fakes/tar.ts';

const read = (entries: TarEntry[]) => {
  const found = readTar(tar(entries));
  return 'files' in found ? found.files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]) : found;
};

describe('a tar archive', () => {
  it('holds its regular files, whatever their length', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2_000 }), { minLength: 1, maxLength: 20 }), (texts) => {
        const files = texts.map((content, index): [string, string] => [`c/${index}.yaml`, content]);
        expect(read(files.map(([name, content]) => ({ name, content })))).toEqual(files);
      }),
      { numRuns: 50 },
    );
  });

  it('holds no links and no directories', () => {
    const entries: TarEntry[] = [
      { name: 'c/', directory: true },
      { name: 'c/l', link: '/etc/passwd' },
      { name: 'c/h', link: '/etc/passwd', hard: true },
      { name: 'c/x', content: 'x' },
    ];
    expect(read(entries)).toEqual([['c/x', 'x']]);
  });

  it('says what is wrong with it', () => {
    expect(readTar(Buffer.alloc(5_000, 7))).toEqual({ reason: 'it is no tar archive' });
    expect(readTar(Buffer.alloc(0))).toEqual({ reason: 'it is no tar archive' });
    expect(read([{ name: 'c/x', content: 'x', size: 1_000_000 }])).toEqual({ reason: 'it is cut off' });
    const many = Array.from({ length: 20_001 }, (_, index) => ({ name: `c/${index}` }));
    expect(read(many)).toEqual({ reason: 'it holds more than 20000 entries' });
  });

  it('ends for whatever bytes there are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_096 }), (bytes) => {
        expect(readTar(bytes)).toBeDefined();
      }),
      { numRuns: 200 },
    );
  });
});
