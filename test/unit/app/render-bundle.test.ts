import { describe, expect, it } from 'vitest';
import { renderBundle } from '../../../src/app/render-bundle.ts';
import type { Bundle, RenderResult, ToolBundle } from '../../../src/domain/sources/bundle.ts';
import { makeBundle } from '../../../src/domain/sources/bundle.ts';

const rendered: RenderResult = { ok: true, objects: [{ apiVersion: 'v1', kind: 'Pod', metadata: {} }] };

const setUp = () => {
  const asked: ToolBundle[] = [];
  const sandbox = { render: (bundle: ToolBundle) => Promise.resolve((asked.push(bundle), rendered)) };
  return { asked, run: renderBundle({ sandbox }) };
};

describe('rendering a bundle', () => {
  it('reads plain manifests where it is', async () => {
    const { asked, run } = setUp();
    const files = { 'a/x.yaml': { text: 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n' } };
    const bundle: Bundle = { files, render: { tool: 'directory', path: 'a', manifests: ['a/x.yaml'] } };
    expect(await run(bundle)).toEqual({
      ok: true,
      objects: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }],
    });
    expect(asked).toEqual([]);
  });

  it('leaves what executes to the sandbox', async () => {
    const { asked, run } = setUp();
    const bundle: Bundle = { files: {}, render: { tool: 'kustomize', path: 'a' } };
    expect(await run(bundle)).toBe(rendered);
    expect(asked).toEqual([bundle]);
  });
});

describe('making a bundle', () => {
  const render = { tool: 'kustomize', path: '' } as const;
  const bytes = (values: number[]) => new Uint8Array(values);

  it('keeps text text, other bytes base64, and lets generated files win', () => {
    const contents = new Map([
      ['1', Buffer.from('ü')],
      ['2', bytes([0xff, 0x00])],
      ['3', Buffer.from('\uFEFFx')],
    ]);
    const files = [
      { path: 'a', digest: '1' },
      { path: 'b', digest: '2' },
      { path: 'c', digest: '3' },
      { path: 'd', digest: 'unread, as it is generated' },
    ];
    expect(makeBundle({ files, generated: { d: 'made' }, render }, contents).files).toEqual({
      a: { text: 'ü' },
      b: { base64: '/wA=' },
      c: { text: '\uFEFFx' },
      d: { text: 'made' },
    });
  });

  it('says which file was not read', () => {
    expect(() => makeBundle({ files: [{ path: 'a/x', digest: '9' }], generated: {}, render }, new Map())).toThrow(
      /a\/x/,
    );
  });
});
