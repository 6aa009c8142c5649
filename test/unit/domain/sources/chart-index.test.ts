import { describe, expect, it } from 'vitest';
import { isExactVersion, pickVersion, readIndex } from '../../../../src/domain/sources/chart-index.ts';

const DIGEST = 'a'.repeat(64);
const INDEX = `apiVersion: v1
entries:
  web-ui:
  - version: 9.9.9
    urls: [web-ui-9.9.9.tgz]
  web:
  - description: |
      entries:
        web:
    digest: ${DIGEST}
    urls:
    - https://a.example/web-1.2.0.tgz
    version: 1.2.0
  - digest: sha256:${DIGEST.toUpperCase()}
    urls: [web-1.1.0.tgz]
    version: "1.1.0"
  - version: 1.0.0
    urls: []
  "quoted":
    - version: 1
      urls: [q.tgz]
generated: "2026-01-01T00:00:00Z"
`;

describe("a Helm repository's index", () => {
  it('gives the versions of one chart, without reading those of others', () => {
    expect(readIndex(`${INDEX.replace('web-ui-9.9.9.tgz', '[[')}`, 'web')).toEqual([
      { version: '1.2.0', digest: DIGEST, url: 'https://a.example/web-1.2.0.tgz' },
      { version: '1.1.0', digest: DIGEST, url: 'web-1.1.0.tgz' },
    ]);
    expect(readIndex(INDEX, 'quoted')).toEqual([{ version: '1', url: 'q.tgz' }]);
    expect(readIndex(INDEX, 'we')).toEqual([]);
    expect(readIndex(INDEX, 'version')).toEqual([]);
  });

  it('may be JSON, or laid out in another way', () => {
    const entries = { web: [{ version: '1.0.0', urls: ['x.tgz'] }] };
    expect(readIndex(JSON.stringify({ entries }), 'web')).toEqual([{ version: '1.0.0', url: 'x.tgz' }]);
    expect(readIndex('{}', 'web')).toEqual([]);
  });

  it('says where it cannot be read', () => {
    expect(readIndex('entries:\n  web:\n  - {\n', 'web')).toEqual({
      reason: expect.stringMatching(/^line \d of chart web/),
    });
  });

  it('reads one chart of thousands quickly', () => {
    const other = (index: number) => `  c${index}:\n${'  - version: 1.0.0\n    urls: [x.tgz]\n'.repeat(50)}`;
    const large = `entries:\n${Array.from({ length: 3_000 }, (_, index) => other(index)).join('')}  web:\n  - version: 1.0.0\n    urls: [x.tgz]\n`;
    const start = performance.now();
    expect(readIndex(large, 'web')).toHaveLength(1);
    // 10 ms on a quiet machine; 5 s where the whole is parsed.
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('the version of a chart', () => {
  it.each<[string, string | undefined]>([
    ['1.2.3', '1.2.3'],
    ['v1.2.3', '1.2.3'],
    ['2.0.0', 'v2.0.0'],
    ['1.2', '1.2.4'],
    ['^1', '1.10.0'],
    ['', 'v2.0.0'],
    ['3.x', undefined],
    ['main', undefined],
  ])('%j is %s', (wanted, version) => {
    expect(pickVersion(['1.2.3', '1.2.4', '1.10.0', 'v2.0.0', 'junk', '3.0.0-rc.1'], wanted)).toBe(version);
  });

  it.each([
    ['1.2.3', true],
    ['v1.2.3-rc.1+b', true],
    ['1.2', false],
    ['1.2.x', false],
    ['>=1.2.3', false],
    ['', false],
  ])('%j is exact: %s', (wanted, exact) => {
    expect(isExactVersion(wanted)).toBe(exact);
  });
});
