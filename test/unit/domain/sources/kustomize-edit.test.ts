import { describe, expect, it } from 'vitest';
import type { KustomizeOptions } from '../../../../src/domain/fleet/application.ts';
import { changesNothing, editKustomization } from '../../../../src/domain/sources/kustomize-edit.ts';

type Row = [string, Record<string, unknown>, KustomizeOptions, Record<string, unknown>];

describe('options set in a kustomization', () => {
  // Expectations: what `kustomize edit` of 5.8 does with the same arguments.
  it.each<Row>([
    [
      'prefix, suffix, namespace',
      { namePrefix: 'a-' },
      { namePrefix: 'b-', nameSuffix: '-c', namespace: 'n' },
      { namePrefix: 'b-', nameSuffix: '-c', namespace: 'n' },
    ],
    ['a tag', {}, { images: ['nginx:1.2'] }, { images: [{ name: 'nginx', newTag: '1.2' }] }],
    ['a digest', {}, { images: ['nginx@sha256:aa'] }, { images: [{ name: 'nginx', digest: 'sha256:aa' }] }],
    [
      'a tag and a digest',
      {},
      { images: ['nginx:1@sha256:aa'] },
      { images: [{ name: 'nginx', newTag: '1', digest: 'sha256:aa' }] },
    ],
    [
      'another name',
      {},
      { images: ['nginx=r.io:5000/x/nginx:2'] },
      { images: [{ name: 'nginx', newName: 'r.io:5000/x/nginx', newTag: '2' }] },
    ],
    [
      'a tag with build metadata',
      {},
      { images: ['nginx:1-alpine+b'] },
      { images: [{ name: 'nginx', newTag: '1-alpine+b' }] },
    ],
    ['a tag that a variable left empty', {}, { images: ['nginx:'] }, { images: [{ name: 'nginx' }] }],
    ['a port and a tag', {}, { images: ['r.io:5000/nginx:6'] }, { images: [{ name: 'r.io:5000/nginx', newTag: '6' }] }],
    [
      'a digest behind an empty tag',
      {},
      { images: ['nginx:@sha256:a:b'] },
      { images: [{ name: 'nginx', digest: 'sha256:a:b' }] },
    ],
    [
      'values in quotes',
      {},
      { commonLabels: { a: '"b"' }, commonAnnotations: { c: '"d', e: "'f'", g: '""' } },
      { commonLabels: { a: 'b' }, commonAnnotations: { c: '"d', e: "'f'", g: '' } },
    ],
    [
      'another name without tag',
      {},
      { images: ['nginx=mirror/nginx'] },
      { images: [{ name: 'nginx', newName: 'mirror/nginx' }] },
    ],
    [
      'images over images, by name',
      {
        images: [
          { name: 'z', newTag: '1' },
          { name: 'a', newName: 'b', newTag: '1' },
        ],
      },
      { images: ['a:2'] },
      {
        images: [
          { name: 'a', newTag: '2' },
          { name: 'z', newTag: '1' },
        ],
      },
    ],
    [
      'an asterisk keeps',
      { images: [{ name: 'a', newName: 'b', newTag: '1' }] },
      { images: ['a=*:2'] },
      { images: [{ name: 'a', newName: 'b', newTag: '2' }] },
    ],
    [
      'replicas',
      {
        replicas: [
          { name: 'a', count: 1 },
          { name: 'b', count: 1 },
        ],
      },
      { replicas: [{ name: 'a', count: '3' }] },
      {
        replicas: [
          { name: 'b', count: 1 },
          { name: 'a', count: 3 },
        ],
      },
    ],
    ['labels', { commonLabels: { a: '1' } }, { commonLabels: { b: '2' } }, { commonLabels: { a: '1', b: '2' } }],
    [
      'forced labels',
      { commonLabels: { a: '1' } },
      { commonLabels: { a: '2' }, forceCommonLabels: true },
      { commonLabels: { a: '2' } },
    ],
    [
      'labels without selectors',
      { labels: [{ pairs: { a: '1' }, includeSelectors: true }] },
      { commonLabels: { b: '2' }, labelWithoutSelector: true },
      {
        labels: [
          { pairs: { a: '1' }, includeSelectors: true },
          { pairs: { b: '2' }, includeSelectors: false, includeTemplates: false },
        ],
      },
    ],
    [
      'labels in templates, into the entry of the same kind',
      { labels: [{ pairs: { a: '1' }, includeTemplates: true }] },
      { commonLabels: { b: '2' }, labelWithoutSelector: true, labelIncludeTemplates: true },
      { labels: [{ pairs: { a: '1', b: '2' }, includeTemplates: true }] },
    ],
    [
      'annotations',
      { commonAnnotations: { a: '1' } },
      { commonAnnotations: { b: '2' } },
      { commonAnnotations: { a: '1', b: '2' } },
    ],
    [
      'patches',
      { patches: [{ path: 'x' }] },
      { patches: [{ patch: 'y' }] },
      { patches: [{ path: 'x' }, { patch: 'y' }] },
    ],
    ['components', { components: ['a'] }, { components: ['a', 'b'] }, { components: ['a', 'b'] }],
  ])('%s', (_name, fields, options, expected) => {
    const before = structuredClone(fields);
    expect(editKustomization(fields, options)).toEqual(expected);
    expect(fields).toEqual(before);
    expect(changesNothing(options)).toBe(false);
  });

  it.each<[string, Record<string, unknown>, KustomizeOptions, RegExp]>([
    [
      'a label twice',
      { commonLabels: { a: '1' } },
      { commonLabels: { a: '2' } },
      /label a is already .* forceCommonLabels/,
    ],
    [
      'an annotation twice',
      { commonAnnotations: { a: '1' } },
      { commonAnnotations: { a: '2' } },
      /forceCommonAnnotations/,
    ],
    ['an image without version', {}, { images: ['nginx'] }, /nginx is neither/],
    ['a count that is none', {}, { replicas: [{ name: 'a', count: 'many' }] }, /count of a is many/],
    [
      'templates without labelWithoutSelector',
      {},
      { commonLabels: { a: '1' }, labelIncludeTemplates: true },
      /labelWithoutSelector/,
    ],
  ])('refuses %s', (_name, fields, options, message) => {
    expect(() => editKustomization(fields, options)).toThrow(message);
  });

  it('leaves the file as it is in Git where no option changes it', () => {
    expect(changesNothing({ images: [], commonLabels: {}, version: 'v5', forceCommonLabels: true })).toBe(true);
  });
});
